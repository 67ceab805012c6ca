"""How Swagger UI is fetched."""

import json
from pathlib import Path

import pytest

import scorewire.stack.swagger_ui as module
from scorewire.errors import StackFailedError
from scorewire.stack.swagger_ui import VERSION, find, install

MANIFEST = Path(module.__file__).parent


def test_the_lock_pins_the_version_with_checksums() -> None:
    """What is fetched is one version, and every archive has a checksum."""
    lock = json.loads((MANIFEST / "package-lock.json").read_text())
    packages = {name: body for name, body in lock["packages"].items() if name}
    assert packages["node_modules/swagger-ui-dist"]["version"] == VERSION
    assert all(body["integrity"].startswith("sha512-") for body in packages.values())


def test_a_fetch_without_a_network_is_told_and_leaves_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Where npm's registry does not answer, the sentence says so, and no half of it stays."""
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:1")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "cache"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(StackFailedError, match="check the network"):
        install(tmp_path / "place" / "swagger-ui")
    assert list((tmp_path / "place").iterdir()) == []


def test_what_is_not_installed_is_not_found(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A folder that lacks the files is no installation."""
    half = tmp_path / "half" / "node_modules" / "swagger-ui-dist"
    half.mkdir(parents=True)
    monkeypatch.setattr(module, "install_folders", lambda: (tmp_path / "none", tmp_path / "half"))
    assert find() is None
    (half / "swagger-ui-bundle.js").touch()
    assert find() == half
