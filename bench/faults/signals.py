"""Processes are killed without a word, or held where they are."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import psutil


def kill(processes: list[psutil.Process]) -> None:
    """Give nobody a chance to say a word."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


@contextmanager
def stopped(processes: list[psutil.Process]) -> Iterator[None]:
    """Hold processes where they are within the block."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in processes:
            with suppress(psutil.NoSuchProcess):
                process.send_signal(signal.SIGCONT)
