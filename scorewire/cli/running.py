"""Runs a command's coroutine so that every way of stopping it lets it clean up."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import TypeVar

from scorewire.cli.terminal import say

T = TypeVar("T")


class StoppedError(Exception):
    """A person or the system asked the command to stop, and it has cleaned up."""


def run(main: Coroutine[None, None, T]) -> T:
    """Run the coroutine; Ctrl-C, SIGTERM and a closed terminal cancel it, once.

    Further signals change nothing, since some wrappers hand one Ctrl-C on twice; the clean-up has
    time limits of its own.

    Raises:
        StoppedError: it was stopped.
    """
    stopping = False

    async def guarded() -> T:
        task = asyncio.current_task()
        loop = asyncio.get_running_loop()

        def stop() -> None:
            nonlocal stopping
            if task is not None and not stopping:
                stopping = True
                task.cancel()
                say("Stopping ...")

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, stop)
        return await main

    try:
        return asyncio.run(guarded())
    except asyncio.CancelledError as stop:
        raise StoppedError from stop
