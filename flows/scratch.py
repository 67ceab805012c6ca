"""Files that a stage works on: gone with it, and gone as well when its process was killed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import UUID

from flows.journal import current_journal
from flows.runtime import runtime


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """An empty folder for the length of the block."""
    root = _root()
    root.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f"{current_journal().flow_run_id}.", dir=root) as name:
        yield Path(name)


def discard_scratch(flow_run_id: UUID) -> None:
    """Remove what a killed run left behind."""
    for folder in _root().glob(f"{flow_run_id}.*"):
        shutil.rmtree(folder, ignore_errors=True)


def _root() -> Path:
    return runtime().settings.data_dir / "scratch"
