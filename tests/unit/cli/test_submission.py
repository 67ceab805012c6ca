"""Names of result files, and reading the settings."""

from pathlib import Path

import pytest

from scorewire.cli.composition import read_settings, stack_config
from scorewire.cli.submission import file_name
from scorewire.errors import SetupError
from scorewire.settings import Settings


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Gymnopédie No. 1", "Gymnopédie No. 1"),
        ("AC/DC: Thunder\\struck?", "AC DC Thunder struck"),
        ("../../etc/passwd", "etc passwd"),
        (".hidden", "hidden"),
        ("tab\tand\nline", "tab and line"),
        ("///", "score"),
        ("x" * 500, "x" * 150),
        ("譜" * 500, "譜" * 50),
    ],
)
def test_a_title_becomes_a_file_name(title: str, expected: str) -> None:
    """No title leads out of the folder, hides the file, or is refused by a file system."""
    assert file_name(title) == expected


def test_faults_in_settings_name_their_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """All variables at fault are named, without what they hold."""
    monkeypatch.setenv("SCOREWIRE_PORT", "hunter2")
    monkeypatch.setenv("SCOREWIRE_DEVICE", "abacus")
    with pytest.raises(SetupError, match=r"SCOREWIRE_PORT: .*; SCOREWIRE_DEVICE: ") as told:
        read_settings()
    assert "hunter2" not in told.value.message


def test_relative_folders_are_made_absolute(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The services run elsewhere, so they get the caller's folders in full."""
    monkeypatch.setenv("SCOREWIRE_DEMUCS_FOLDER", "models")
    monkeypatch.setenv("SCOREWIRE_DATA_DIR", "~/data")
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.chdir(tmp_path)
    config = stack_config(Settings(), private=True)
    assert config.environment["SCOREWIRE_DEMUCS_FOLDER"] == str(tmp_path / "models")
    assert config.environment["SCOREWIRE_DATA_DIR"] == "/home/me/data"
    assert str(config.data_dir) == "/home/me/data"
    assert (config.port, config.prefect_port) == (0, 0)
