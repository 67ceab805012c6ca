"""A long-running part of the stack: readiness by asking it, restart when it dies, giving up."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from scorewire.errors import ScorewireError, StackFailedError
from scorewire.stack.process import ChildProcess, Program, kill, marked

Say = Callable[[str], None]
"""Tells a person what happens, in one line."""

_POLL_INTERVAL_S = 0.1


@dataclass(frozen=True)
class RestartPolicy:
    """When a part that keeps dying is given up.

    Attributes:
        failures: this many deaths ...
        window_s: ... within this time are too many.
        first_delay_s: wait before the first restart; doubled for each further one.
        longest_delay_s: no wait is longer.
    """

    failures: int = 5
    window_s: float = 120.0
    first_delay_s: float = 0.5
    longest_delay_s: float = 10.0

    def delay_s(self, failures: int) -> float:
        """The wait after this many recent deaths (at least 1)."""
        return float(min(self.first_delay_s * 2 ** (failures - 1), self.longest_delay_s))


class Part(Protocol):
    """What the supervisor needs of a part; starting it again after its death must work."""

    @property
    def name(self) -> str:
        """For logs and messages."""

    async def start(self) -> None:
        """Start it, and wait until it serves; raises `ScorewireError` where it does not."""

    async def wait(self) -> int:
        """Wait until it ends; returns its exit status."""

    async def stop(self) -> None:
        """End it and all that it started."""

    def log_tail(self) -> str:
        """The last lines that it logged."""


class Service:
    """A part that is one program.

    Args:
        program: what to run.
        is_ready: asks the running program whether it serves.
        prepare: runs before each start, for example to provision what the program needs.
        ready_timeout_s: how long it may take to serve.
    """

    def __init__(
        self,
        program: Program,
        is_ready: Callable[[], Awaitable[bool]],
        *,
        prepare: Callable[[], Awaitable[None]] | None = None,
        ready_timeout_s: float = 120.0,
    ) -> None:
        self._child = ChildProcess(program)
        self._is_ready = is_ready
        self._prepare = prepare
        self._ready_timeout_s = ready_timeout_s

    @property
    def name(self) -> str:
        """The program's name."""
        return self._child.program.name

    async def start(self) -> None:
        """Start the program and wait until it serves.

        Raises:
            StackFailedError: it ended, or was not ready in time.
        """
        # A program that died may have left children that still use its ports or its GPU.
        kill(marked(self._child.program.marker))
        if self._prepare is not None:
            await self._prepare()
        await self._child.start()
        deadline_s = time.monotonic() + self._ready_timeout_s
        while not await self._is_ready():
            if not self._child.running:
                fault = "ended before it was ready"
                raise self._failure(fault)
            if time.monotonic() > deadline_s:
                await self.stop()
                fault = f"was not ready within {self._ready_timeout_s:g} s"
                raise self._failure(fault)
            await asyncio.sleep(_POLL_INTERVAL_S)

    async def wait(self) -> int:
        """Wait until the program ends; returns its exit status, negative for a signal."""
        return await self._child.wait()

    async def stop(self) -> None:
        """End the program and everything that it started."""
        await self._child.stop()

    def log_tail(self) -> str:
        """The last lines of the program's log."""
        return self._child.log_tail()

    def _failure(self, fault: str) -> StackFailedError:
        path = self._child.program.log_path
        msg = f"{self.name} {fault}; its log {path} ends with:\n{self.log_tail()}"
        return StackFailedError(msg)


async def run_once(program: Program) -> None:
    """Run a program to its end.

    Raises:
        StackFailedError: it failed.
    """
    child = ChildProcess(program)
    await child.start()
    try:
        status = await child.wait()
    finally:
        await child.stop()
    if status != 0:
        msg = f"{program.name} failed; its log {program.log_path} ends with:\n{child.log_tail()}"
        raise StackFailedError(msg)


async def keep_running(part: Part, policy: RestartPolicy, say: Say) -> None:
    """Restart a started part whenever it dies, until cancelled.

    Raises:
        StackFailedError: it died too often.
    """
    deaths: list[float] = []
    reason = f"ended with status {await part.wait()}"
    while True:
        now_s = time.monotonic()
        deaths = [*(at_s for at_s in deaths if now_s - at_s < policy.window_s), now_s]
        if len(deaths) >= policy.failures:
            msg = (
                f"{part.name} failed {len(deaths)} times within {policy.window_s:g} s and was "
                f"given up; its log ends with:\n{part.log_tail()}"
            )
            raise StackFailedError(msg)
        delay_s = policy.delay_s(len(deaths))
        say(f"{part.name} {reason}; starting it again in {delay_s:g} s")
        await asyncio.sleep(delay_s)
        try:
            await part.start()
        except ScorewireError as error:
            reason = error.message.splitlines()[0]
            continue
        say(f"{part.name} is back")
        reason = f"ended with status {await part.wait()}"
