"""One run at a time has the device that the models run on.

Several runs go on at once, and two models at once would share the GPU's memory, or all cores of a
machine without one. It is a lock of the operating system, on this machine alone: the kernel takes
it from a process that is killed, at that moment. A lease of Prefect's would be held for a minute.
"""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from scorewire.jobs.report import Report

LOCK_NAME = "device.lock"
POLL_S = 0.1
WAITING = "Waiting for the recordings before this one"


@contextmanager
def holding_device(report: Report) -> Iterator[None]:
    """Have the device for the length of the block; says so where it has to be waited for."""
    lock = FileLock(Path(tempfile.gettempdir()) / LOCK_NAME)
    try:
        lock.acquire(blocking=False)
    except Timeout:
        report(0.0, WAITING)
        lock.acquire(poll_interval=POLL_S)
    try:
        yield
    finally:
        lock.release()
