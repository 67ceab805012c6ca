"""A Postgres that is killed in earnest, and comes back: no watcher loses an event."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from watching import Seen, by_event_source, by_websocket, crowd_client, until_the_end

from scorewire.jobs.options import Options
from scorewire.jobs.source import LinkSource
from scorewire.jobs.stages import Stage
from scorewire.stack.postgres import EmbeddedPostgres
from scorewire.store import admin
from scorewire.store.engine import connect
from scorewire.store.events import append_completed, append_progress, events_after
from scorewire.store.jobs import create_job
from scorewire.store.migrate import migrate

Watch = Callable[..., Awaitable[Any]]
Tell = Callable[..., Awaitable[None]]
Complete = Callable[[], Awaitable[None]]

WATCHERS = 5
STEPS = 60


@pytest.fixture
async def postgres(open_folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A server that this test has to itself."""
    server = EmbeddedPostgres(open_folder / f"postgres-{uuid4().hex}")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def migrated_url(database_url: str) -> str:
    """A database of that server, with Scorewire's tables."""
    await asyncio.to_thread(migrate, database_url)
    return database_url


async def kill_a_backend(postgres: EmbeddedPostgres, url: str) -> None:
    """Kill the bridge's listening backend: Postgres then ends all others, and recovers."""
    await admin.wait_until_ready(url, 30)  # it may still recover from the last time
    outsider = await connect(url)
    pid = None
    while pid is None:  # the bridge, too, comes back in its own time
        pid = await outsider.fetchval(
            "SELECT pid FROM pg_stat_activity WHERE query ILIKE 'LISTEN%' "
            "AND datname = current_database()"
        )
    outsider.terminate()
    os.kill(pid, signal.SIGKILL)
    assert postgres.child.running


async def kill_the_server(postgres: EmbeddedPostgres, _url: str) -> None:
    """Kill the server itself, leave it away for a second, start it again."""
    assert postgres.child.pid is not None
    os.kill(postgres.child.pid, signal.SIGKILL)
    await postgres.wait()
    await asyncio.sleep(1)
    await postgres.start()


@pytest.mark.parametrize("kill", [kill_a_backend, kill_the_server])
async def test_a_killed_postgres_loses_nothing(  # noqa: PLR0913, PLR0917 - they are fixtures
    watch: Watch,
    tell: Tell,
    complete: Complete,
    engine: AsyncEngine,
    job_id: UUID,
    postgres: EmbeddedPostgres,
    migrated_url: str,
    kill: Callable[[EmbeddedPostgres, str], Awaitable[None]],
) -> None:
    """[W6] Killed twice amid events, connected watchers miss none and get none twice."""
    watchers = [await watch("?after=0") for _ in range(WATCHERS)]
    reading = [asyncio.create_task(watcher.rest()) for watcher in watchers]

    async def work() -> None:
        for progress in range(1, STEPS + 1):
            await tell(progress)
            await asyncio.sleep(0.02)

    working = asyncio.create_task(work())
    for _ in range(2):
        await asyncio.sleep(0.3)
        await kill(postgres, migrated_url)
    await working
    await complete()
    stored = [event.id for event in await events_after(engine, job_id, 0)]
    assert stored == list(range(1, len(stored) + 1))
    assert len(stored) > STEPS
    for messages, code in await asyncio.gather(*reading):
        assert [message["id"] for message in messages] == stored
        assert (messages[-1]["type"], code) == ("completed", 1000)


async def test_a_killed_postgres_loses_nothing_under_load(
    address: str, engine: AsyncEngine, postgres: EmbeddedPostgres
) -> None:
    """[W6] Killed amid twenty jobs with five watchers each: every one sees its job, to the end."""
    source = LinkSource(url="https://youtu.be/dQw4w9WgXcQ")
    jobs = [(await create_job(engine, source=source, options=Options())).job_id for _ in range(20)]
    everyone = {job_id: [Seen() for _ in range(WATCHERS)] for job_id in jobs}

    async def work(job_id: UUID) -> None:
        for number in range(1, STEPS + 1):
            await append_progress(
                engine, job_id, progress=number, stage=Stage.SEPARATION, message=str(number)
            )
            await asyncio.sleep(0.05)
        await append_completed(engine, job_id, result={"musicxml": "results/x/score"})

    async with crowd_client() as http:
        ways = [by_websocket, partial(by_event_source, http=http)]
        watching = [
            asyncio.create_task(until_the_end(partial(ways[number % 2], address, job_id), seen))
            for job_id, those in everyone.items()
            for number, seen in enumerate(those)
        ]
        working = [asyncio.create_task(work(job_id)) for job_id in jobs]
        async with asyncio.timeout(60):
            await asyncio.gather(*(seen.until(2) for those in everyone.values() for seen in those))
            await kill_the_server(postgres, postgres.url())
            assert not any(work.done() for work in working)
            await asyncio.gather(*working, *watching)
    for job_id, those in everyone.items():
        stored = [event.id for event in await events_after(engine, job_id, 0)]
        assert len(stored) > STEPS  # an append that was cut off may have counted twice
        assert [seen.ids for seen in those] == [stored] * WATCHERS
        assert {len(seen.endings) for seen in those} == {1}, "who was connected stays connected"


async def test_what_is_told_before_the_bridge_is_back_arrives(
    watch: Watch, complete: Complete, postgres: EmbeddedPostgres, migrated_url: str
) -> None:
    """[W6] The end of a job, written the moment Postgres is back, reaches who was connected."""
    watcher = await watch()
    assert (await watcher.next())["id"] == 0
    await kill_the_server(postgres, migrated_url)
    await complete()
    messages, code = await watcher.rest()
    assert ([message["type"] for message in messages], code) == (["completed"], 1000)
