"""How workers hear of a run that waits for them, on a real Postgres."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.store.jobs import LAUNCHED, claim, set_flow_run
from scorewire.store.subscription import Subscription

UP = "(up)"


@asynccontextmanager
async def told(url: str) -> AsyncIterator["asyncio.Queue[str]"]:
    """What a worker that listens is told within the block."""
    heard: asyncio.Queue[str] = asyncio.Queue()
    subscription = Subscription(url, LAUNCHED)
    task = asyncio.create_task(subscription.run(lambda: heard.put_nowait(UP), heard.put_nowait))
    try:
        assert await asyncio.wait_for(heard.get(), 10) == UP
        yield heard
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_workers_are_told_of_a_run_as_it_is_noted(
    engine: AsyncEngine, job_id: UUID, migrated_url: str
) -> None:
    """One statement notes the run and tells of it, by its id."""
    run_id = uuid4()
    async with told(migrated_url) as heard:
        await set_flow_run(engine, job_id, run_id)
        assert await asyncio.wait_for(heard.get(), 10) == str(run_id)


async def test_workers_are_not_told_of_a_run_that_is_under_way(
    engine: AsyncEngine, job_id: UUID, migrated_url: str
) -> None:
    """A run that claimed its job before it was noted needs nobody to look for it."""
    run_id = uuid4()
    async with told(migrated_url) as heard:
        await claim(engine, job_id, run_id)
        await set_flow_run(engine, job_id, run_id)
        async with engine.connect() as connection:
            await connection.exec_driver_sql(f"NOTIFY {LAUNCHED}, 'last'")
        assert await asyncio.wait_for(heard.get(), 10) == "last"
