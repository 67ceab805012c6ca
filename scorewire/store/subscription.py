"""One LISTEN connection, kept up for as long as it is used.

NOTIFY only saves time: whatever is said while the connection is down is lost. So who subscribes is
told when it is (again) up, and looks for itself then.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import asyncpg
import structlog

from scorewire.store.engine import connect

log = structlog.get_logger(__name__)

KEEPALIVE_S = 10.0
"""How often the connection is tried."""

MAX_BACKOFF_S = 2.0

# The last one is what asyncpg makes of bytes that it cannot read: a server that died in a word.
_BREAKS = (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class Subscription:
    """LISTENs on a channel, and reconnects for as long as it is used.

    Args:
        url: the database.
        channel: what to listen to.
        keepalive_s: how often the connection is tried, and how long an answer may take.
    """

    def __init__(self, url: str, channel: str, *, keepalive_s: float = KEEPALIVE_S) -> None:
        self._url = url
        self._channel = channel
        self._keepalive_s = keepalive_s
        self.connected = False

    async def run(self, up: Callable[[], None], told: Callable[[str], None]) -> None:
        """Pass on what is said, in its order, until cancelled.

        Both are called on the event loop, straight from the connection.

        Args:
            up: something may have been missed: the connection is up, for the first time or again.
            told: takes a notification's payload.
        """
        backoff_s = 0.0
        while True:
            try:
                async with self._connection(told) as ended:
                    backoff_s = 0.0
                    self.connected = True
                    up()
                    await ended
            except _BREAKS as error:
                log.warning("listener connection lost", error=repr(error), retry_in_s=backoff_s)
            finally:
                self.connected = False
            await asyncio.sleep(backoff_s)
            backoff_s = min(max(backoff_s * 2, 0.1), MAX_BACKOFF_S)

    @contextlib.asynccontextmanager
    async def _connection(self, told: Callable[[str], None]) -> AsyncIterator[Awaitable[None]]:
        ended = asyncio.Event()
        connection = await connect(self._url)
        try:
            connection.add_termination_listener(lambda _: ended.set())
            await connection.add_listener(self._channel, lambda *message: told(message[-1]))
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
