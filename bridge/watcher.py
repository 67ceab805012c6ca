"""Drives one session: reads rows for it when it asks, and keeps its time.

A channel (WebSocket, Server-Sent Events) adds how its bytes leave, in `flush`.
"""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar
from uuid import UUID

from bridge.event import Event
from bridge.session import Session
from scorewire.jobs.closing import CloseCode

ReadPage = Callable[[UUID, int], Awaitable[Sequence[Event]]]
"""Returns a page of a job's events after an id, in order; may take as long as Postgres is away."""


class Watcher(ABC):
    """One watcher of one job, on the event loop that made it.

    Args:
        job_id: the job.
        session: what is owed to the client.
        read_page: reads rows.
    """

    channel: ClassVar[str]
    """What carries it, as figures name it."""

    __slots__ = (
        "_loop", "_read_page", "_reading", "_release", "_session", "_timer", "_timer_due_s",
        "job_id",
    )  # fmt: skip

    def __init__(self, job_id: UUID, session: Session, read_page: ReadPage) -> None:
        self.job_id = job_id
        self._session = session
        self._read_page = read_page
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.Handle | None = None
        self._timer_due_s = 0.0  # uvloop's handle of a timer that is due at once does not say
        self._reading: asyncio.Task[None] | None = None
        self._release: Callable[[], None] | None = None

    def start(self) -> None:
        """Begin to send; the watcher is registered with the hub by now."""
        self._advance()

    def on_gone(self, release: Callable[[], None]) -> None:
        """Have this called, once, when the connection has ended."""
        self._release = release

    def gone(self) -> None:
        """Give up everything that would still run; called more than once, it does so once."""
        self._session.closed = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._reading is not None:
            self._reading.cancel()
            self._reading = None
        if self._release is not None:
            release, self._release = self._release, None
            release()

    def going_away(self) -> None:
        """Send the client to where the service goes on; this process stops."""
        self.end(CloseCode.GOING_AWAY, "the server is going away")

    def received(self, message: bytes | None) -> None:
        """Take what the client sent."""
        self._session.received(message, self._loop.time())
        if self._session.closing:
            self.flush()

    def blocked(self) -> None:
        """Wait until the client takes more."""
        self._session.blocked(self._loop.time())
        self._arm()

    def unblocked(self) -> None:
        """Go on."""
        self._session.unblocked()
        self._advance()

    def announce(self, event_id: int, event: Event | None, now_s: float) -> None:
        """Take a live event, or the news that there is one."""
        self._session.announce(event_id, event, now_s)
        self._advance()

    def missed(self) -> None:
        """Learn that events may have been missed."""
        self._session.missed()
        self._advance()

    def end(self, code: CloseCode, reason: str) -> None:
        """Close the connection from our side."""
        self._session.close(code, reason)
        self._advance()

    @abstractmethod
    def flush(self) -> None:
        """Send what the session has to send, as far as the client takes it."""

    def _advance(self) -> None:
        """Bring everything up to date after something changed."""
        self.flush()
        self._catch_up()

    def _catch_up(self) -> None:
        """Read what the session lacks, and be back in time."""
        after = self._session.begin_read()
        if after is not None:
            self._reading = self._loop.create_task(self._read(after))
        self._arm()

    async def _read(self, after: int) -> None:
        page = await self._read_page(self.job_id, after)
        self._reading = None
        self._session.end_read(page, self._loop.time())
        self._advance()

    def _arm(self) -> None:
        """Be called at the session's next tick; a timer that is early enough is left alone."""
        if self._session.closed:
            return
        due_s = self._session.next_tick_s()
        if self._timer is not None:
            if self._timer_due_s <= due_s:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(due_s, self._tick)
        self._timer_due_s = due_s

    def _tick(self) -> None:
        self._timer = None
        self._session.tick(self._loop.time())
        self._advance()
