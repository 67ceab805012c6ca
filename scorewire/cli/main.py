"""The command `scorewire`.

Commands are named here and imported only when they run, so `scorewire --help` answers at once.
"""

import sys
import traceback
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import cyclopts

from scorewire.cli.running import StoppedError
from scorewire.cli.terminal import say
from scorewire.errors import ScorewireError

if TYPE_CHECKING:
    from rich.text import Text

_STOPPED_BY_A_PERSON = 130  # as shells report a program that ended by SIGINT


def _usage_error(error: cyclopts.CycloptsError) -> "Text":
    """Tell a slip of the command line as every other error is told."""
    from rich.text import Text  # noqa: PLC0415 - needed only when something is wrong

    told = str(error)
    if isinstance(error, cyclopts.UnusedCliTokensError):
        extra = " ".join(error.unused_tokens or ())
        told = f'"{extra}" is too much: give one recording, and quote a name that has spaces.'
    return Text(f"scorewire: {told}")


app = cyclopts.App(
    name="scorewire",
    help="Turns a recording into sheet music.",
    help_epilogue="Settings are environment variables: docs/configuration.md lists them.",
    version=lambda: version("scorewire"),
    error_formatter=_usage_error,
)
app.command(
    "scorewire.cli.up:up",
    name="up",
    help="Start the whole stack on this machine: Postgres, Prefect, worker and API.",
)
app.command(
    "scorewire.cli.transcribe:transcribe",
    name="transcribe",
    help="Transcribe a recording to MusicXML and MIDI.",
)
app.command(
    "scorewire.cli.bulk:bulk",
    name="bulk",
    help="Transcribe many recordings: folders, manifests, playlists, buckets.",
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
app.command(
    "scorewire.cli.token:token",
    name="token",
    help="Make a token for a server that asks for one, with its secret.",
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
    except ModuleNotFoundError as error:
        say(f"scorewire: {error.name} is not installed here; install scorewire[worker], and retry.")
        sys.exit(1)
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
            "w",
            prefix="scorewire-error-",
            suffix=".log",
            delete=False,
            errors="backslashreplace",  # a command line may hold bytes that are no text
        ) as file:
            file.write(f"{datetime.now(UTC).isoformat()} {' '.join(sys.argv)}\n")
            traceback.print_exception(error, file=file)
    except OSError:
        return None
    return Path(file.name)
