"""Jobs whose process died, ended by the web services while everything around them fails."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from scorewire.errors import ServiceUnavailableError
from scorewire.http.upkeep import ending_silent_jobs, repeating
from scorewire.jobs.job import JobStatus
from scorewire.jobs.options import Options
from scorewire.jobs.source import LinkSource
from scorewire.jobs.stages import Stage
from scorewire.metrics import Metrics
from scorewire.stack.postgres import EmbeddedPostgres
from scorewire.store.engine import open_engine
from scorewire.store.events import append_progress, events_after
from scorewire.store.jobs import claim, create_job, existing_job
from scorewire.store.migrate import migrate
from scorewire.store.silence import show_life

SILENCE_S = 2.0
LOOK_S = SILENCE_S / 5


@pytest.fixture
async def own_postgres(open_folder: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A server that a test may kill."""
    server = EmbeddedPostgres(open_folder / f"postgres-{uuid4().hex}")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def own_url(own_postgres: EmbeddedPostgres) -> str:
    """A database with Scorewire's tables on the server that a test may kill."""
    await own_postgres.create_databases("own")
    await asyncio.to_thread(migrate, own_postgres.url("own"))
    return own_postgres.url("own")


async def working(engine: AsyncEngine) -> tuple[UUID, UUID]:
    """A job in separation, and its run."""
    source = LinkSource(url="https://youtu.be/dQw4w9WgXcQ")
    job_id, run = (await create_job(engine, source=source, options=Options())).job_id, uuid4()
    await claim(engine, job_id, run)
    told = {"progress": 20, "stage": Stage.SEPARATION, "message": "Separating"}
    assert await append_progress(engine, job_id, flow_run_id=run, **told)
    return job_id, run


async def living(engine: AsyncEngine, job_id: UUID, run: UUID) -> None:
    """Show life as a flow's process does, whatever becomes of the database."""
    while True:
        await asyncio.sleep(LOOK_S / 2)
        try:
            await show_life(engine, job_id, run, every_s=LOOK_S / 2)
        except ServiceUnavailableError:
            continue


async def end_of(engine: AsyncEngine, job_id: UUID) -> float:
    """Wait until the job has failed; returns how long that took."""
    began_s = asyncio.get_running_loop().time()
    async with asyncio.timeout(30):
        while True:
            if (await existing_job(engine, job_id)).status is JobStatus.FAILED:
                return asyncio.get_running_loop().time() - began_s
            await asyncio.sleep(0.02)


async def test_a_silent_run_loses_its_job_and_a_living_one_does_not(
    engine: AsyncEngine, migrated_url: str
) -> None:
    """[J6] With three services at it, in a silence and a fifth of it, and with one error."""
    dead, _ = await working(engine)
    alive, run = await working(engine)
    life = asyncio.create_task(living(engine, alive, run))
    async with AsyncExitStack() as services:
        for _ in range(3):
            own = open_engine(migrated_url, pool_size=1)
            services.push_async_callback(own.dispose)
            await services.enter_async_context(ending_silent_jobs(own, SILENCE_S, Metrics("test")))
        took_s = await end_of(engine, dead)
        assert SILENCE_S - 1 < took_s < SILENCE_S + LOOK_S + 1
        await asyncio.sleep(SILENCE_S)  # the time in which the living one would have been lost
    life.cancel()
    events = await events_after(engine, dead, 0)
    assert [event.type for event in events] == ["progress", "error"]
    assert json.loads(events[-1].frame)["error"]["code"] == "worker_lost"
    assert (await existing_job(engine, alive)).status is JobStatus.PROCESSING


async def test_an_outage_of_postgres_gives_nobody_up(
    own_postgres: EmbeddedPostgres, own_url: str
) -> None:
    """[J6] Away for longer than a silence: living runs keep their jobs, dead ones still end."""
    engine = open_engine(own_url)
    alive, run = await working(engine)
    dead, _ = await working(engine)
    life = asyncio.create_task(living(engine, alive, run))
    async with ending_silent_jobs(engine, SILENCE_S, Metrics("test")):
        await asyncio.sleep(LOOK_S)
        with capture_logs() as told:
            assert own_postgres.child.pid is not None
            os.kill(own_postgres.child.pid, signal.SIGKILL)
            await own_postgres.wait()
            await asyncio.sleep(SILENCE_S * 1.5)
            await own_postgres.start()
        # Every run was silent for longer than it may be, and nobody is given up for that.
        assert (await existing_job(engine, dead)).status is JobStatus.PROCESSING
        assert await end_of(engine, dead) > SILENCE_S - LOOK_S
        await asyncio.sleep(SILENCE_S)  # the time in which the living one would have been lost
    life.cancel()
    assert (await existing_job(engine, alive)).status is JobStatus.PROCESSING
    await engine.dispose()
    assert {line["event"] for line in told} == {"chore put off"}


async def test_a_chore_that_fails_is_done_again() -> None:
    """[J6] Neither an outage nor a fault of ours is the end of it; both are logged."""
    failures: list[Exception] = [ServiceUnavailableError("away"), ValueError("a bug")]
    done = asyncio.Event()

    async def chore() -> None:
        if failures:
            raise failures.pop(0)
        done.set()

    with capture_logs() as told:
        async with repeating(chore, every_s=0.01):
            await asyncio.wait_for(done.wait(), 10)
    assert [line["log_level"] for line in told] == ["warning", "error"]
