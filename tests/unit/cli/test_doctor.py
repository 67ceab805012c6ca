"""`scorewire doctor`, on the machine that runs the tests."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scorewire.cli.checks import Finding


def doctor(data_dir: Path, *arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    return subprocess.run(
        [sys.executable, "-m", "scorewire.cli", "doctor", *arguments],
        env={"PATH": "/usr/bin:/bin", "SCOREWIRE_DATA_DIR": str(data_dir), **settings},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def checks(done: subprocess.CompletedProcess[str]) -> dict[str, dict[str, str]]:
    """The findings by part."""
    return {check["part"]: check for check in json.loads(done.stdout)["checks"]}


def test_a_machine_that_runs_the_tests_is_usable(tmp_path: Path) -> None:
    """All that is needed is there, and says its version; nothing is written."""
    done = doctor(tmp_path, "--json", SCOREWIRE_DEMUCS_FOLDER=str(tmp_path))
    assert done.returncode == 0, done.stdout
    found = checks(done)
    assert "pg_trgm" in found["Postgres"]["detail"]
    assert found["Prefect"]["detail"][0].isdigit()
    assert found["Stack"]["detail"] == "not running"
    assert found["Demucs"]["status"] == "missing"
    assert "SCOREWIRE_DEMUCS_FOLDER" in found["Demucs"]["remedy"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "darwin", reason="a Mac has the device that is asked for")
def test_something_needed_that_is_missing_fails(tmp_path: Path) -> None:
    """A device that is not there, and a database that does not answer, come with exit code 1."""
    settings = {
        "SCOREWIRE_DEVICE": "mps",
        "SCOREWIRE_DATABASE_URL": "postgresql://me:hunter2@127.0.0.1:1/scores",
        "SCOREWIRE_DEMUCS_FOLDER": str(tmp_path),
    }
    done = doctor(tmp_path, **settings)
    assert done.returncode == 1
    assert done.stdout.count("missing ") >= 3
    assert "hunter2" not in done.stdout
    assert "Something needed is missing" in done.stdout


def test_a_cluster_of_another_version_is_found(tmp_path: Path) -> None:
    """Data that no installed Postgres can serve is told before `up` runs into it."""
    (tmp_path / "postgres" / "data").mkdir(parents=True)
    (tmp_path / "postgres" / "data" / "PG_VERSION").write_text("9\n")
    done = doctor(tmp_path, "--json", SCOREWIRE_DEMUCS_FOLDER=str(tmp_path))
    assert done.returncode == 1
    assert "made by Postgres 9" in checks(done)["Postgres"]["detail"]


def test_only_what_is_needed_blocks() -> None:
    """A missing nicety does not make a machine unusable."""
    assert Finding("Postgres", "missing", "").blocks
    assert not Finding("Node", "missing", "", needed=False).blocks
    assert not Finding("Python", "note", "").blocks
