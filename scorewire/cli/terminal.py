"""What the commands write: results to standard output, everything else to standard error."""

import sys
from contextlib import suppress


def say(line: str) -> None:
    """Tell the person at the terminal something; never part of a command's result.

    Once the terminal is closed nobody is told, and the command ends in its own order.
    """
    with suppress(OSError):
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def result(text: str) -> None:
    """Write a command's result."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
