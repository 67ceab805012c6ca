"""The command `scorewire`.

Commands are named here and imported only when they run, so `scorewire --help` answers at once.
"""

import sys
import traceback
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import cyclopts

from scorewire.cli.running import StoppedError
from scorewire.cli.terminal import say
from scorewire.errors import ScorewireError

_STOPPED_BY_A_PERSON = 130  # as shells report a program that ended by SIGINT

app = cyclopts.App(
    name="scorewire",
    help="Turns a recording into sheet music.",
    version=lambda: version("scorewire"),
)
app.command(
    "scorewire.cli.up:up",
    name="up",
    help="Start the whole stack on this machine: Postgres, Prefect, worker, API and page.",
)
app.command(
    "scorewire.cli.transcribe:transcribe",
    name="transcribe",
    help="Transcribe a recording to MusicXML and MIDI.",
)
app.command(
    "scorewire.cli.convert:convert",
    name="convert",
    help="Transcribe within this process, without any service: for scripts and evaluation.",
)
app.command(
    "scorewire.cli.doctor:doctor",
    name="doctor",
    help="Check this machine, and say what to do about what is missing.",
)
app.command("scorewire.cli.version:version", name="version", help="Print the version.")


def main() -> None:
    """Run the command line; a problem becomes one sentence and an exit code."""
    try:
        app()
    except ScorewireError as error:
        say(f"scorewire: {error.message}")
        sys.exit(1)
    except (StoppedError, KeyboardInterrupt):
        say("Stopped.")
        sys.exit(_STOPPED_BY_A_PERSON)
    except Exception as error:  # noqa: BLE001 - the boundary: a person gets a sentence, a file the rest
        say(f"scorewire: {_unexpected(error)}")
        sys.exit(1)


def _unexpected(error: Exception) -> str:
    report = _crash_report(error)
    where = f"the details are in {report}" if report else "its details could not be saved"
    return f"An unexpected error ({type(error).__name__}: {error}); {where}."


def _crash_report(error: Exception) -> Path | None:
    import tempfile  # noqa: PLC0415 - needed only when something broke

    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="scorewire-error-", suffix=".log", delete=False
        ) as file:
            file.write(f"{datetime.now(UTC).isoformat()} {' '.join(sys.argv)}\n")
            traceback.print_exception(error, file=file)
    except OSError:
        return None
    return Path(file.name)
