"""From Postgres to the hub: notifications as they come, rows for whoever missed some."""

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from uuid import UUID

import structlog

from bridge.hub import Hub
from scorewire.errors import ServiceUnavailableError
from scorewire.store.engine import Engine
from scorewire.store.events import StoredEvent, events_after
from scorewire.store.listener import Listener, Reconnected

MAX_BACKOFF_S = 2.0
MAX_READS = 4
"""Rows are read by so many watchers at once; a reconnect of thousands must not exhaust the pool."""

log = structlog.get_logger(__name__)


class Pump:
    """Feeds a hub from one listener.

    Watchers that fell behind together (every reconnect) share one read. A read is shared until it
    starts: one that is under way may be older than what its asker missed.
    """

    def __init__(self, engine: Engine, listener: Listener, hub: Hub) -> None:
        self._engine = engine
        self._listener = listener
        self._hub = hub
        self._to_start: dict[tuple[UUID, int, int], asyncio.Task[Sequence[StoredEvent]]] = {}
        self._reads: set[asyncio.Task[Sequence[StoredEvent]]] = set()
        self._reading = asyncio.Semaphore(MAX_READS)

    async def run(self) -> None:
        """Pass events on until cancelled."""
        async with aclosing(self._listener.notifications()) as notifications:
            async for heard in notifications:
                if isinstance(heard, Reconnected):
                    self._hub.missed()
                    continue
                event = None
                if heard.frame is not None:
                    event = StoredEvent(heard.id, heard.type, heard.frame)
                self._hub.offer(heard.job_id, heard.id, event)

    async def read_page(self, job_id: UUID, after: int, limit: int) -> Sequence[StoredEvent]:
        """Read a job's events after an id; waits for as long as the database is away."""
        key = (job_id, after, limit)
        read = self._to_start.get(key)
        if read is None:
            read = self._to_start[key] = asyncio.create_task(self._read(*key))
            self._reads.add(read)
            read.add_done_callback(self._reads.discard)
        # One watcher that leaves must not take the read away from the others.
        return await asyncio.shield(read)

    async def _read(self, job_id: UUID, after: int, limit: int) -> Sequence[StoredEvent]:
        backoff_s = 0.1
        while True:
            try:
                async with self._reading:
                    self._no_longer_shared((job_id, after, limit))
                    return await events_after(self._engine, job_id, after, limit=limit)
            except ServiceUnavailableError as error:
                log.warning("rows not read", job_id=str(job_id), error=repr(error))
            await asyncio.sleep(backoff_s)
            backoff_s = min(backoff_s * 2, MAX_BACKOFF_S)

    def _no_longer_shared(self, key: tuple[UUID, int, int]) -> None:
        if self._to_start.get(key) is asyncio.current_task():
            del self._to_start[key]

    async def aclose(self) -> None:
        """End the reads that are under way."""
        for read in self._reads:
            read.cancel()
        await asyncio.gather(*self._reads, return_exceptions=True)
