"""From Postgres to the hub: notifications as they come, rows for whoever missed some."""

import asyncio
import time
from collections.abc import Callable, Sequence
from functools import partial
from uuid import UUID

import structlog

from bridge.deliveries import Deliveries
from bridge.ended import EndedAttempts
from bridge.event import Event
from bridge.hub import Hub
from bridge.session import PAGE
from scorewire.errors import ServiceUnavailableError
from scorewire.jobs.messages import TERMINAL_TYPES
from scorewire.metrics import Metrics
from scorewire.store.engine import Engine
from scorewire.store.events import events_after
from scorewire.store.listener import DELETED, Listener, Notified, Reconnected

MAX_BACKOFF_S = 2.0
MAX_READS = 4
"""Rows are read by so many watchers at once; a reconnect of thousands must not exhaust the pool."""

log = structlog.get_logger(__name__)


class Pump:
    """Feeds a hub from one listener.

    Watchers that fell behind together (every reconnect) share one read. A read is shared until it
    starts: one that is under way may be older than what its asker missed.

    Args:
        engine: the store's database.
        listener: hears of events.
        hub: knows who watches.
        metrics: what is counted up, once for an event and not for each watcher.
        deliveries: traces some of them.
    """

    def __init__(
        self,
        engine: Engine,
        listener: Listener,
        hub: Hub,
        metrics: Metrics,
        deliveries: Deliveries,
    ) -> None:
        self._engine = engine
        self._listener = listener
        self._hub = hub
        self._deliveries = deliveries
        self._lagged = metrics.delivery_lag_s.observe
        self._ended = EndedAttempts(engine, metrics)
        self._to_start: dict[tuple[UUID, int], asyncio.Task[Sequence[Event]]] = {}
        self._reads: set[asyncio.Task[Sequence[Event]]] = set()
        self._reading = asyncio.Semaphore(MAX_READS)

    def listening(self) -> bool:
        """Say whether events arrive at this moment."""
        return self._listener.connected

    async def run(self) -> None:
        """Pass events on until cancelled."""
        # The loop is asked for once: `get_running_loop` is a system call each time.
        clock = asyncio.get_running_loop().time
        measuring = asyncio.create_task(self._ended.run())
        try:
            await self._listener.run(partial(self._hear, clock))
        finally:
            measuring.cancel()
            await asyncio.gather(measuring, return_exceptions=True)

    async def read_page(self, job_id: UUID, after: int) -> Sequence[Event]:
        """Read a page of a job's events after an id; waits for as long as the database is away."""
        key = (job_id, after)
        read = self._to_start.get(key)
        if read is None:
            read = self._to_start[key] = asyncio.create_task(self._read(*key))
            self._reads.add(read)
            read.add_done_callback(self._reads.discard)
        # One watcher that leaves must not take the read away from the others.
        return await asyncio.shield(read)

    def _hear(self, clock: Callable[[], float], heard: Notified | Reconnected) -> None:
        if isinstance(heard, Reconnected):
            self._hub.missed()
        elif heard.type == DELETED:
            self._hub.deleted(heard.job_id)
        else:
            if self._hub.watched(heard.job_id):
                event = None if heard.frame is None else Event(heard.id, heard.type, heard.frame)
                self._hub.announce(heard.job_id, heard.id, event, clock())
                if heard.timestamp is not None:
                    self._lagged(time.time() - heard.timestamp.timestamp())
                    self._deliveries.note(heard)
            if heard.type in TERMINAL_TYPES:
                self._ended.hear(heard.job_id, heard.id)

    async def _read(self, job_id: UUID, after: int) -> Sequence[Event]:
        backoff_s = 0.1
        while True:
            try:
                async with self._reading:
                    self._no_longer_shared((job_id, after))
                    rows = await events_after(self._engine, job_id, after, limit=PAGE)
                    return [Event(row.id, row.type, row.frame) for row in rows]
            except ServiceUnavailableError as error:
                log.warning("rows not read", job_id=str(job_id), error=repr(error))
            await asyncio.sleep(backoff_s)
            backoff_s = min(backoff_s * 2, MAX_BACKOFF_S)

    def _no_longer_shared(self, key: tuple[UUID, int]) -> None:
        if self._to_start.get(key) is asyncio.current_task():
            del self._to_start[key]

    async def aclose(self) -> None:
        """End the reads that are under way."""
        for read in self._reads:
            read.cancel()
        await asyncio.gather(*self._reads, return_exceptions=True)
