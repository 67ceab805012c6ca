"""The command line's surface: quick help, plain errors, exit codes."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {
    "prefect", "torch", "music21", "litestar", "sqlalchemy", "numpy", "asyncpg", "httpx",
    "pydantic_settings", "rich.progress",
}  # fmt: skip


def scorewire(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "scorewire.cli", *arguments],
        env={"PATH": "/usr/bin:/bin", "HOME": "/nonexistent", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["version"]])
def test_simple_questions_import_nothing_heavy(arguments: list[str]) -> None:
    """Help and version answer without loading a service, a model or the settings."""
    code = (
        "import sys\n"
        "from scorewire.cli.main import main\n"
        f"sys.argv = ['scorewire', *{arguments!r}]\n"
        "try:\n    main()\nexcept SystemExit as end:\n    assert not end.code, end.code\n"
        "sys.stderr.write('\\n'.join(sys.modules))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip()
    assert HEAVY & set(done.stderr.splitlines()) == set()


def test_help_names_every_command() -> None:
    """All commands are listed with what they do."""
    said = scorewire("--help").stdout
    for command in ("up", "transcribe", "convert", "doctor", "token", "version"):
        assert re.search(rf"^│ {command} +\w", said, re.MULTILINE), command


@pytest.mark.parametrize("command", ["up", "transcribe", "convert", "doctor", "token", "version"])
def test_every_command_can_be_loaded(command: str) -> None:
    """Each command's own help works, so the import string behind it is right."""
    done = scorewire(command, "--help")
    assert done.returncode == 0, done.stderr
    assert f"scorewire {command}" in done.stdout


def test_a_missing_file_is_one_sentence_on_standard_error() -> None:
    """The command fails with exit code 1, no traceback, and nothing on standard output."""
    done = scorewire("transcribe", "/no/such/song.wav")
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.strip() == (
        "scorewire: There is no file /no/such/song.wav: give an audio file, or the address of a "
        "video, which begins with https://."
    )


def test_with_json_a_refusal_is_an_object_too() -> None:
    """Standard output holds one JSON object, whatever happens."""
    done = scorewire("transcribe", "/no/such/song.wav", "--json")
    assert done.returncode == 1
    error = json.loads(done.stdout)["error"]
    assert error["code"] == "invalid_request"
    assert error["message"] in done.stderr


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("--tempo", "5", "--tempo must be 20 to 400"),
        ("--key", "H minor", "--key is not a key"),
        ("--title", "two\nlines", "--title must have"),
        ("--end", "0", "--end must lie"),
        ("--start", "soon", "--start is not a time"),
        ("--time-signature", "5/4", "5/4"),
        ("--swing", "--time-signature=6/8", "--swing is not for metres of eighths"),
        ("--instruments", "kazoo", "kazoo"),
    ],
)
def test_an_option_at_fault_is_told_before_anything_starts(
    option: str, value: str, told: str
) -> None:
    """The message names the option; no stack is started for a request that cannot be served."""
    done = scorewire("transcribe", "song.wav", option, value)
    assert done.returncode in {1, 2}
    assert told in done.stderr
    assert "Traceback" not in done.stderr


def test_the_end_of_a_section_follows_its_start() -> None:
    """An empty section is told in the words of the command line."""
    done = scorewire("transcribe", "song.wav", "--start", "1:30", "--end", "60")
    assert done.stderr == "scorewire: --end must be later than --start: correct one of them.\n"


def test_a_name_with_spaces_is_to_be_quoted() -> None:
    """The commonest slip of the shell gets advice of its own."""
    done = scorewire("transcribe", "my", "song.wav")
    assert done.returncode == 2
    assert done.stderr.startswith('scorewire: "song.wav" is too much: ')
    assert "quote" in done.stderr


def test_a_name_that_is_no_text_is_told(tmp_path: Path) -> None:
    """Bytes that are no UTF-8 in a name lead to a sentence, not to a traceback."""
    done = scorewire("transcribe", os.fsdecode(bytes(tmp_path) + b"/\xff.wav"))
    assert done.returncode == 1
    assert "There is no file" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_setting_at_fault_is_told_by_name() -> None:
    """A setting with a value that is not allowed fails in words, not with a traceback."""
    done = scorewire("up", SCOREWIRE_PORT="eighty")
    assert done.returncode == 1
    assert "SCOREWIRE_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_fault_of_ours_leaves_its_traceback_in_a_file(tmp_path: Path) -> None:
    """An unexpected error is one line for the person, and all of it for whoever looks into it."""
    code = (
        "import sys\n"
        "from scorewire.cli import main\n"
        "@main.app.command\ndef broken():\n    raise ZeroDivisionError('a cable came loose')\n"
        "sys.argv = ['scorewire', 'broken']\n"
        "main.main()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={"TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "a cable came loose" in done.stderr
    assert "Traceback" not in done.stderr
    (report,) = tmp_path.glob("scorewire-error-*.log")
    assert str(report) in done.stderr
    assert "Traceback" in report.read_text()
