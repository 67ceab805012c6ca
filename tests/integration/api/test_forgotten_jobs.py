"""Jobs that were stored and never launched: an API that starts finds them, and each that runs."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest
from conformance.standin_prefect import StandInPrefect
from prefect.settings import PREFECT_API_URL, temporary_settings
from serving import Serve, serving
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.jobs.options import Options
from scorewire.jobs.source import LinkSource
from scorewire.store.engine import fetch
from scorewire.store.jobs import create_job, set_flow_run, unfinished_jobs


@pytest.fixture
async def forgotten_id(engine: AsyncEngine) -> UUID:
    """A job whose API died a minute ago, before it launched the run."""
    source = LinkSource(url="https://youtu.be/dQw4w9WgXcQ")
    job_id = (await create_job(engine, source=source, options=Options())).job_id
    aged = "UPDATE jobs SET created_at = created_at - interval '61 s' RETURNING id"
    await fetch(engine, text(aged))
    return job_id


@pytest.fixture
async def begun() -> AsyncIterator[list[UUID]]:
    """The jobs whose run was created at a Prefect that can be reached."""
    jobs: list[UUID] = []
    prefect = StandInPrefect(lambda job_id, _run: jobs.append(job_id), lambda _run: None)
    async with serving(prefect.app()) as address:
        with temporary_settings({PREFECT_API_URL: f"http://{address}/api"}):
            yield jobs


async def until(client: httpx.AsyncClient, job_id: UUID, status: str) -> dict:
    """Poll the job until it has a status."""
    async with asyncio.timeout(60):
        while True:
            job: dict = (await client.get(f"/api/v1/jobs/{job_id}")).raise_for_status().json()
            if job["status"] == status:
                return job
            await asyncio.sleep(0.05)


async def test_a_forgotten_job_that_prefect_refuses_fails(
    forgotten_id: UUID, engine: AsyncEngine, serve: Serve
) -> None:
    """[J6] It does not wait for ever: an `error`, retryable; what was launched is left alone."""
    source = LinkSource(url="https://youtu.be/dQw4w9WgXcQ")
    waiting = (await create_job(engine, source=source, options=Options())).job_id
    await set_flow_run(engine, waiting, uuid4())
    client = await serve()
    error = (await until(client, forgotten_id, "failed"))["error"]
    assert (error["code"], error["retryable"]) == ("service_unavailable", True)
    assert (await client.get(f"/api/v1/jobs/{waiting}")).json()["status"] == "queued"


async def test_a_forgotten_job_is_launched_once(
    forgotten_id: UUID, engine: AsyncEngine, serve: Serve, begun: list[UUID]
) -> None:
    """[J6] Two processes find it at once; Prefect gets one run, which the job knows."""
    await asyncio.gather(serve(), serve())
    noted: list[UUID | None] = [None]
    async with asyncio.timeout(60):
        while noted == [None]:
            await asyncio.sleep(0.05)
            noted = [job.flow_run_id for job in await unfinished_jobs(engine)]
    assert begun == [forgotten_id]
