"""The listener on a real Postgres: hears everything, and says when it may have missed something."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.jobs.messages import Progress
from scorewire.jobs.stages import Stage
from scorewire.store.appending import MAX_MESSAGE_CHARS, MAX_PAYLOAD_BYTES
from scorewire.store.engine import fetch
from scorewire.store.events import append_progress, events_after
from scorewire.store.listener import Listener, Notified, Reconnected

KILL_LISTENER = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND query ILIKE 'LISTEN%'"
)


@pytest.fixture
async def listener(migrated_url: str) -> Listener:
    """A listener on the test's database."""
    return Listener(migrated_url, keepalive_s=0.2)


@asynccontextmanager
async def _hearing(listener: Listener) -> AsyncIterator["asyncio.Queue[Notified | Reconnected]"]:
    heard: asyncio.Queue[Notified | Reconnected] = asyncio.Queue()
    task = asyncio.create_task(listener.run(heard.put_nowait))
    try:
        assert await asyncio.wait_for(heard.get(), 10) == Reconnected()
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _tell(engine: AsyncEngine, job_id: UUID, message: str) -> None:
    await append_progress(engine, job_id, progress=1, stage=Stage.DOWNLOAD, message=message)


async def test_what_is_stored_is_heard(
    engine: AsyncEngine, job_id: UUID, listener: Listener
) -> None:
    """[J2] The notification carries the very text that is stored."""
    async with _hearing(listener) as heard:
        await _tell(engine, job_id, "Grüße, 世界")
        (stored,) = await events_after(engine, job_id, 0)
        notified = await asyncio.wait_for(heard.get(), 10)
        message = msgspec.json.decode(stored.frame, type=Progress)
        assert notified == Notified(
            job_id, stored.id, stored.type, stored.frame, message.timestamp, 1, message.stage
        )


async def test_notifications_come_in_order(
    engine: AsyncEngine, job_id: UUID, listener: Listener
) -> None:
    """[J2] Concurrent writers of one job are heard in the order of their numbers."""
    async with _hearing(listener) as heard:
        await asyncio.gather(*(_tell(engine, job_id, str(number)) for number in range(30)))
        ids = []
        for _ in range(30):
            notified = await asyncio.wait_for(heard.get(), 10)
            assert isinstance(notified, Notified)
            ids.append(notified.id)
        assert ids == list(range(1, 31))


async def test_a_long_event_is_announced_without_its_text(
    engine: AsyncEngine, job_id: UUID, listener: Listener
) -> None:
    """[J2] What exceeds Postgres's payload is stored whole, cut to a sane length, and announced."""
    async with _hearing(listener) as heard:
        await _tell(engine, job_id, "𝄞" * 5_000)
        notified = await asyncio.wait_for(heard.get(), 10)
        assert notified == Notified(job_id, 1, "progress", None)
    (stored,) = await events_after(engine, job_id, 0)
    assert len(stored.frame.encode()) > MAX_PAYLOAD_BYTES
    assert stored.frame.count("𝄞") == MAX_MESSAGE_CHARS - 1


async def test_a_cut_connection_is_replaced(
    engine: AsyncEngine, job_id: UUID, listener: Listener
) -> None:
    """[W6] After a cut the listener says that it may have missed something, then hears again."""
    async with _hearing(listener) as heard:
        assert listener.connected
        assert len(await fetch(engine, text(KILL_LISTENER))) == 1
        assert await asyncio.wait_for(heard.get(), 10) == Reconnected()
        await _tell(engine, job_id, "after")
        notified = await asyncio.wait_for(heard.get(), 10)
        assert isinstance(notified, Notified)
    assert not listener.connected


class _Wire:
    """A TCP relay in front of Postgres that can go dead without closing."""

    def __init__(self, host: str, port: int) -> None:
        self._target = (host, port)
        self._tasks: set[asyncio.Task[None]] = set()
        self.dead = False

    async def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        upstream_reader, upstream_writer = await asyncio.open_connection(*self._target)
        for source, sink in ((reader, upstream_writer), (upstream_reader, writer)):
            task = asyncio.create_task(self._relay(source, sink))
            self._tasks.add(task)

    async def _relay(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65_536):
            if not self.dead:
                sink.write(data)
        sink.close()

    async def aclose(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def test_a_silently_dead_connection_is_noticed(migrated_url: str) -> None:
    """[W6] A connection that is open but dead (a dropped NAT entry) is found and replaced."""
    head, _, tail = migrated_url.rpartition("@")
    address, _, database = tail.partition("/")
    host, _, port = address.partition(":")
    wire = _Wire(host, int(port))
    server = await asyncio.start_server(wire.accept, "127.0.0.1", 0)
    relay_port = server.sockets[0].getsockname()[1]
    listener = Listener(f"{head}@127.0.0.1:{relay_port}/{database}", keepalive_s=0.2)
    async with _hearing(listener) as heard:
        wire.dead = True
        # Connecting anew cannot succeed while the wire is dead, so this is its end.
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(heard.get(), 1)
        assert not listener.connected
        wire.dead = False
        assert await asyncio.wait_for(heard.get(), 20) == Reconnected()
    server.close()
    await wire.aclose()
