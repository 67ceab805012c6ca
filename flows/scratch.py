"""Files that a stage works on: gone with it, and gone as well when its process was killed."""

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import UUID

from flows.journal import current_journal


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder for the length of the block."""
    with tempfile.TemporaryDirectory(prefix=_prefix(current_journal().flow_run_id)) as name:
        yield Path(name)


def discard_scratch(flow_run_id: UUID) -> None:
    """Remove what a killed run left behind on this machine."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_prefix(flow_run_id)}*"):
        shutil.rmtree(folder, ignore_errors=True)


def discard_old_scratch(older_than_s: float) -> int:
    """Remove what no run on this machine can be working on any more; returns how many folders.

    For what `discard_scratch` was never asked for: its machine died with the run, say.
    """
    oldest = time.time() - older_than_s
    removed = 0
    for folder in Path(tempfile.gettempdir()).glob("scorewire-*-*"):
        with suppress(FileNotFoundError):  # its own run was quicker
            if _is_of_a_run(folder.name) and _touched_at(folder) < oldest:
                shutil.rmtree(folder)
                removed += 1
    return removed


def _touched_at(folder: Path) -> float:
    return max(path.stat().st_mtime for path in (folder, *folder.rglob("*")))


def _is_of_a_run(name: str) -> bool:
    try:
        UUID(name.removeprefix("scorewire-").rpartition("-")[0])
    except ValueError:
        return False
    return True


def _prefix(flow_run_id: UUID) -> str:
    return f"scorewire-{flow_run_id}-"
