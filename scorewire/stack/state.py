"""`stack.json`: how other commands find a running stack, and one stack per data folder."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

import msgspec
import psutil

from scorewire.errors import StackFailedError


class StackState(msgspec.Struct, frozen=True, kw_only=True):
    """A running stack, as `stack.json` describes it."""

    pid: int
    api_url: str
    prefect_ui_url: str


def read_state(data_dir: Path) -> StackState | None:
    """The stack that runs on this data folder; None where there is none.

    A file that a killed stack left behind counts as none.
    """
    try:
        state = msgspec.json.decode(_path(data_dir).read_bytes(), type=StackState)
    except (OSError, msgspec.MsgspecError):
        return None
    return state if psutil.pid_exists(state.pid) else None


def write_state(data_dir: Path, state: StackState) -> None:
    """Publish the stack; readers see all of it or nothing."""
    path = _path(data_dir)
    partial = path.with_suffix(".new")
    partial.write_bytes(msgspec.json.format(msgspec.json.encode(state)) + b"\n")
    partial.rename(path)


def remove_state(data_dir: Path) -> None:
    """Withdraw the stack."""
    with suppress(FileNotFoundError):
        _path(data_dir).unlink()


class DataDirLock:
    """Held by the one stack of a data folder; the kernel frees it when its process dies."""

    def __init__(self, data_dir: Path) -> None:
        """Take the lock.

        Raises:
            StackFailedError: another stack runs on this folder, or it cannot be written to.
        """
        try:
            # Others may pass through, as the user that Postgres runs as must, but see nothing.
            data_dir.mkdir(mode=0o711, parents=True, exist_ok=True)
            self._file = os.open(data_dir / "stack.lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            msg = (
                f"The data folder {data_dir} cannot be used ({error.strerror}): set "
                "SCOREWIRE_DATA_DIR to a folder of yours."
            )
            raise StackFailedError(msg) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(self._file)
            running = read_state(data_dir)
            where = f": see {running.api_url}" if running else " and is starting or stopping"
            msg = f"Scorewire already runs on {data_dir}{where}."
            raise StackFailedError(msg) from error

    def release(self) -> None:
        """Give the folder back."""
        os.close(self._file)


def _path(data_dir: Path) -> Path:
    return data_dir / "stack.json"
