"""Files that a stage works on: gone with it, and gone as well when its process was killed."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
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


def _prefix(flow_run_id: UUID) -> str:
    return f"scorewire-{flow_run_id}-"
