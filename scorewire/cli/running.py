"""Runs a command's coroutine so that every way of stopping it lets it clean up."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")


class StoppedError(Exception):
    """A person or the system asked the command to stop, and it has cleaned up."""


def run(main: Coroutine[None, None, T]) -> T:
    """Run the coroutine; Ctrl-C, SIGTERM and a closed terminal cancel it.

    A second Ctrl-C ends the process without waiting for its clean-up.

    Raises:
        StoppedError: it was stopped.
    """

    async def guarded() -> T:
        task = asyncio.current_task()
        if task is not None:
            loop = asyncio.get_running_loop()
            for number in (signal.SIGTERM, signal.SIGHUP):
                loop.add_signal_handler(number, task.cancel)
        return await main

    try:
        return asyncio.run(guarded())
    except (KeyboardInterrupt, asyncio.CancelledError) as stop:
        raise StoppedError from stop
