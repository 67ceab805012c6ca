"""deploy/Dockerfile: what can be known of it where no image can be built."""

import re
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest
from api_image import missing_modules, needed_distributions, write_blocker
from dockerfile_parse import DockerfileParser

from scorewire.settings import inherited_environment
from scorewire.stack.npm import node_command

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "Dockerfile"
SCRIPT = ROOT / "deploy" / "with-secrets.sh"
HEAVY = {"torch", "demucs", "basic-pitch", "onnxruntime", "librosa", "music21", "yt-dlp", "av"}


def instructions() -> list[tuple[str, str, str]]:
    """The Dockerfile's stage, instruction and value, line by line."""
    stage, found = "", []
    for step in DockerfileParser(path=str(DOCKERFILE)).structure:
        if step["instruction"] == "FROM":
            stage = step["value"].split()[-1]
        found.append((stage, step["instruction"], step["value"]))
    return found


def copied(stage: str) -> list[tuple[str, str]]:
    """What a stage copies from the repository, and whereto."""
    pairs = []
    for of, instruction, value in instructions():
        words = [word for word in value.split() if not word.startswith("--chmod")]
        if (of, instruction) == (stage, "COPY") and not words[0].startswith("--from"):
            pairs += [(source, words[-1]) for source in words[:-1]]
    return pairs


def test_hadolint_finds_nothing() -> None:
    """The linter of Dockerfiles, with all of its rules."""
    done = subprocess.run(
        [Path(sys.executable).parent / "hadolint", DOCKERFILE],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_base_images_are_pinned() -> None:
    """Each has a full version, down to the patch."""
    images = [
        value.partition("=")[2]
        for stage, instruction, value in instructions()
        if instruction == "ARG" and stage == ""
    ]
    assert len(images) == 2
    assert all(re.search(r":\d+\.\d+\.\d+-", image) for image in images)


def test_tools_have_the_versions_of_set_up() -> None:
    """An image is made with what `make setup` is made with."""
    makefile = (ROOT / "Makefile").read_text()
    arguments = dict(
        value.split("=", 1) for _, instruction, value in instructions() if instruction == "ARG"
    )
    assert f"UV_VERSION := {arguments['UV_VERSION']}\n" in makefile
    assert f"TORCH ?= {arguments['TORCH']}\n" in makefile


def test_nothing_runs_as_root() -> None:
    """Both images end with the same unprivileged user, named by number for Kubernetes."""
    assert [v for s, i, v in instructions() if s == "runtime" and i == "USER"] == ["10001:10001"]
    for stage in ("api", "worker"):
        assert [v for s, i, v in instructions() if s == stage and i == "USER"] == []


def test_the_context_holds_what_is_copied_and_no_more() -> None:
    """.dockerignore lets through what some stage copies, and each of it exists."""
    sources = {
        source.rstrip("/")
        for stage in {stage for stage, _, _ in instructions()}
        for source, _ in copied(stage)
    }
    allowed = {
        line[1:]
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    assert [source for source in sources if not (ROOT / source).exists()] == []
    within = {s for s in sources if s.split("/")[0] in {"web", "scorewire"}}
    assert set(sources - within) | {s.split("/")[0] for s in within} == allowed


def test_the_wheel_in_the_image_has_all_of_it(tmp_path: Path) -> None:
    """Built from what the stage copies, it carries the page, the migrations and prefect.yaml."""
    for source, target in (*copied("build"), *copied("build-api")):
        place = tmp_path / target / ("" if source.endswith("/") else source)
        if (ROOT / source).is_dir():
            shutil.copytree(ROOT / source, place, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(ROOT / source, place)
    shutil.copytree(ROOT / "web" / "dist", tmp_path / "web" / "dist")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel"]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True)
    (wheel,) = (tmp_path / "dist").glob("*.whl")
    names = set(ZipFile(wheel).namelist())
    assert {"api/dist/index.html", "migrations/env.py", "flows/prefect.yaml"} <= names
    assert {"bridge/app.py", "scorewire/stack/swagger_ui/package-lock.json"} <= names


def test_the_page_is_built_from_what_is_copied(tmp_path: Path) -> None:
    """The page's stage has all the sources that Vite asks for."""
    shutil.copytree(
        ROOT / "web", tmp_path / "web", ignore=shutil.ignore_patterns("dist", "node_modules")
    )
    (tmp_path / "samples").mkdir()
    shutil.copy(ROOT / "samples" / "petzold-menuet.ogg", tmp_path / "samples")
    (tmp_path / "web" / "node_modules").symlink_to(ROOT / "web" / "node_modules")
    assert [v for s, i, v in instructions() if s == "page" and i == "RUN"][1].startswith(
        "node node_modules/.bin/vite build"
    )
    vite = [node_command(), "node_modules/.bin/vite", "build", "--logLevel", "warn"]
    subprocess.run(vite, cwd=tmp_path / "web", check=True, capture_output=True)
    assert (tmp_path / "web" / "dist" / "index.html").is_file()


def test_the_api_needs_no_models() -> None:
    """What works on recordings belongs to the extra `worker`, and nothing else asks for it."""
    assert needed_distributions("scorewire") & HEAVY == set()
    assert needed_distributions("scorewire", frozenset({"worker"})) >= HEAVY
    assert {"torch", "demucs", "basic_pitch", "onnxruntime"} <= missing_modules()


@pytest.mark.parametrize(
    "module",
    ["api.app", "bridge.app", "api.launcher", "scorewire.store.migrate", "prefect.server.api"],
)
def test_what_the_api_image_runs_imports_without_them(tmp_path: Path, module: str) -> None:
    """API, bridge, migrations and Prefect's server start where those modules are not installed."""
    environment = {
        **inherited_environment(),
        "PYTHONPATH": str(write_blocker(tmp_path)),
        "PREFECT_HOME": str(tmp_path),
    }
    command = [sys.executable, "-c", f"import {module}"]
    subprocess.run(command, env=environment, cwd=tmp_path, check=True, timeout=60)


def test_a_command_that_needs_the_worker_says_so(tmp_path: Path) -> None:
    """Where only the API is installed, `convert` names what is missing and what to install."""
    environment = {**inherited_environment(), "PYTHONPATH": str(write_blocker(tmp_path))}
    command = [sys.executable, "-m", "scorewire.cli", "convert"]
    command += [str(ROOT / "samples" / "petzold-menuet.ogg"), "--musicxml", "score.musicxml"]
    done = subprocess.run(
        command, env=environment, cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "is not installed here; install scorewire[worker]" in done.stderr


def with_secrets(**environment: str) -> subprocess.CompletedProcess[str]:
    """What the entry point says, asked for its environment."""
    return subprocess.run(
        ["sh", SCRIPT, "env"],
        env={"PATH": "/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_secrets_are_read_from_files(tmp_path: Path) -> None:
    """A secret arrives as it is in its file; other names that end in _FILE are left alone."""
    file = tmp_path / "secret"
    file.write_text("it's $HOME `id` %s\n")
    said = with_secrets(PGPASSWORD_FILE=str(file), SSL_CERT_FILE="/etc/ca.pem").stdout.splitlines()
    assert "PGPASSWORD=it's $HOME `id` %s" in said
    assert "SSL_CERT_FILE=/etc/ca.pem" in said
    assert not any(line.startswith("PGPASSWORD_FILE") for line in said)


def test_a_secret_that_cannot_be_read_stops_the_start(tmp_path: Path) -> None:
    """With the name of the variable and of the file."""
    done = with_secrets(SCOREWIRE_JWT_SECRET_FILE=str(tmp_path / "none"))
    assert done.returncode == 78
    assert f"SCOREWIRE_JWT_SECRET_FILE names {tmp_path / 'none'}" in done.stderr
