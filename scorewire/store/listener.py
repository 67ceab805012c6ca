"""Hears of new events, on one connection of its own.

NOTIFY only saves time: whatever is said while the connection is down is lost. So the listener
says when it is (again) connected, and who uses it then reads the rows.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import UUID

import asyncpg
import msgspec
import structlog

from scorewire.store.appending import CHANNEL
from scorewire.store.engine import connect

log = structlog.get_logger(__name__)

KEEPALIVE_S = 10.0
"""How often the connection is tried."""

MAX_BACKOFF_S = 2.0

# The last one is what asyncpg makes of bytes that it cannot read: a server that died in a word.
_BREAKS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


DELETED = "deleted"
"""The type of an announcement that a job is no more."""


class Notified(msgspec.Struct, frozen=True):
    """An event was stored; `frame` is its text, or None where it was too long to be sent along."""

    job_id: UUID
    id: int
    type: str
    frame: str | None


class Reconnected(msgspec.Struct, frozen=True):
    """Events may have been missed: the connection is up, for the first time or again."""


class _Announcement(msgspec.Struct):
    job_id: UUID
    id: int
    type: str
    attempt: int | None = None


class Listener:
    """LISTENs on `job_events`, and reconnects for as long as it is used.

    Args:
        url: the database.
        keepalive_s: how often the connection is tried, and how long an answer may take.
    """

    def __init__(self, url: str, *, keepalive_s: float = KEEPALIVE_S) -> None:
        self._url = url
        self._keepalive_s = keepalive_s
        self.connected = False

    async def run(self, hear: Callable[[Notified | Reconnected], None]) -> None:
        """Pass on what is heard, in its order, until cancelled.

        Args:
            hear: called on the event loop, straight from the connection.
        """
        backoff_s = 0.0
        while True:
            try:
                async with self._connection(hear) as ended:
                    backoff_s = 0.0
                    self.connected = True
                    hear(Reconnected())
                    await ended
            except _BREAKS as error:
                log.warning("listener connection lost", error=repr(error), retry_in_s=backoff_s)
            finally:
                self.connected = False
            await asyncio.sleep(backoff_s)
            backoff_s = min(max(backoff_s * 2, 0.1), MAX_BACKOFF_S)

    @contextlib.asynccontextmanager
    async def _connection(
        self, hear: Callable[[Notified | Reconnected], None]
    ) -> AsyncIterator[Awaitable[None]]:
        ended = asyncio.Event()

        def take(_connection: object, _pid: int, _channel: str, payload: str) -> None:
            hear(_decode(payload))

        connection = await connect(self._url)
        try:
            connection.add_termination_listener(lambda _: ended.set())
            await connection.add_listener(CHANNEL, take)
            yield self._until_it_ends(connection, ended)
        finally:
            # A connection that hangs cannot be closed politely.
            connection.terminate()

    async def _until_it_ends(self, connection: asyncpg.Connection, ended: asyncio.Event) -> None:
        """Try the connection now and then.

        Raises:
            OSError: it gives no sign of life.
        """
        while not ended.is_set():
            try:
                await asyncio.wait_for(ended.wait(), self._keepalive_s)
            except TimeoutError:
                await connection.execute("SELECT 1", timeout=self._keepalive_s)


def _decode(payload: str) -> Notified | Reconnected:
    try:
        told = msgspec.json.decode(payload, type=_Announcement)
    except msgspec.MsgspecError:
        # Anyone who may log in may NOTIFY; the rows know what it was about.
        log.warning("unreadable notification", payload=payload[:200])
        return Reconnected()
    # Every event carries its attempt; a bare announcement does not.
    frame = None if told.attempt is None else payload
    return Notified(told.job_id, told.id, told.type, frame)
