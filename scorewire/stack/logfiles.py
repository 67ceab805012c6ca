"""The parts' log files: a fresh one for each start, the last one kept, none growing for ever."""

import asyncio
import shutil
from pathlib import Path

_CHECK_INTERVAL_S = 30.0
_LONGEST_BYTES = 20_000_000


def rotate_logs(folder: Path) -> None:
    """Put the logs of the last start aside as `<name>.log.1`."""
    folder.mkdir(parents=True, exist_ok=True)
    for log in folder.glob("*.log"):
        log.replace(log.with_suffix(".log.1"))


async def keep_logs_short(folder: Path) -> None:
    """Put a log that grew long aside, again and again, until cancelled."""
    while True:
        await asyncio.sleep(_CHECK_INTERVAL_S)
        shorten_logs(folder, _LONGEST_BYTES)


def shorten_logs(folder: Path, longest_bytes: int) -> None:
    """Copy each log that is longer aside and empty it.

    Its writer keeps the file open for appending, so it goes on at the start; the lines that it
    writes during the copy may be lost.
    """
    for log in folder.glob("*.log"):
        if log.stat().st_size > longest_bytes:
            shutil.copyfile(log, log.with_suffix(".log.1"))
            with log.open("r+b") as file:
                file.truncate()
