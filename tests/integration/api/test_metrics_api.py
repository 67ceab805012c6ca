"""`/metrics` on a real API and a real Postgres: what it tells, and whom."""

import asyncio
import time
from uuid import UUID

import httpx
import pytest
from figures import figures, reaches
from serving import Serve
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.jobs.options import Options
from scorewire.jobs.source import LinkSource
from scorewire.jobs.stages import Stage
from scorewire.store.events import append_completed, append_progress
from scorewire.store.jobs import create_job, open_attempt

TOKEN = "figures for the one who watches"  # noqa: S105 - nobody's token
LONG_S = 15.0


async def queued(engine: AsyncEngine) -> UUID:
    """A job that waits."""
    source = LinkSource(url="https://youtu.be/dQw4w9WgXcQ")
    return (await create_job(engine, source=source, options=Options())).job_id


async def test_jobs_are_counted_by_status_and_stage(
    client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    """Those that wait, with the age of the oldest, and those at work in their stage."""
    await queued(engine)
    await asyncio.sleep(0.2)
    await queued(engine)
    busy = await queued(engine)
    await append_progress(engine, busy, progress=20, stage=Stage.SEPARATION, message="At work")
    told = await figures(client)
    assert told.value("scorewire_jobs", status="queued", stage="") == 2
    assert told.value("scorewire_jobs", status="processing", stage="separation") == 1
    assert 0.2 < told.value("scorewire_queue_age_seconds") < LONG_S
    assert told.value("scorewire_database_up") == 1


async def test_a_job_that_is_tried_again_waits_since_then(
    client: httpx.AsyncClient, engine: AsyncEngine, job_id: UUID
) -> None:
    """The age of the queue is not that of a job which failed long before its retry."""
    submitted_s = time.monotonic()
    await asyncio.sleep(0.5)
    await open_attempt(engine, job_id)
    told = await figures(client)
    assert 0 < told.value("scorewire_queue_age_seconds") < time.monotonic() - submitted_s - 0.5


async def test_an_attempt_is_measured_when_it_ends(
    client: httpx.AsyncClient, engine: AsyncEngine
) -> None:
    """Stages until the next begins, once; a stage whose result was kept has no duration."""
    await reaches(client, 1, "scorewire_listener_connected")
    job_id = await queued(engine)
    for progress, stage in [
        (0, Stage.DOWNLOAD),
        (10, Stage.DOWNLOAD),
        (55, Stage.SEPARATION),  # kept: its first word is that it is done
        (55, Stage.TRANSCRIPTION),
        (90, Stage.MUSICXML),
    ]:
        await append_progress(engine, job_id, progress=progress, stage=stage, message="A step")
        await asyncio.sleep(0.3)
    await append_completed(engine, job_id, result={"musicxml": "results/x/score"})
    told = await reaches(client, 1, "scorewire_attempt_duration_seconds_count")
    name = "scorewire_stage_duration_seconds"
    counts = {stage: told.value(f"{name}_count", stage=stage) for stage in Stage}
    assert counts == {"download": 1, "separation": 0, "transcription": 1, "musicxml": 1}
    assert told.value(f"{name}_sum", stage="download") > 0.6
    assert 0.3 < told.value(f"{name}_sum", stage="transcription") < LONG_S
    assert told.value("scorewire_attempts_total", outcome="completed", code="") == 1


async def test_requests_are_counted_by_route(client: httpx.AsyncClient, job_id: UUID) -> None:
    """The label is the route, whatever ids and unknown paths are asked for."""
    await client.get(f"/api/v1/jobs/{job_id}")
    await client.get(f"/nothing/{job_id}")
    told = await figures(client)
    paths = told.labels("scorewire_http_requests_total", "path")
    assert "/api/v1/jobs/{job_id}" in paths
    values = {value for sample in told.samples for value in sample.labels.values()}
    assert not [value for value in values if str(job_id) in value]


async def test_refusals_are_counted(serve: Serve) -> None:
    """By the limit that refused."""
    client = await serve(submissions_per_minute=1)
    body = {"youtube_url": "https://youtu.be/dQw4w9WgXcQ"}
    for _ in range(3):
        await client.post("/api/v1/transcribe", json=body)
    told = await figures(client)
    assert told.value("scorewire_over_limit_total", limit="submission_rate") == 2


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"Authorization": "Bearer another"}, 401),
        ({"Authorization": "Basic abc"}, 401),
        ({"Authorization": f"Bearer {TOKEN}"}, 200),
        ({"Authorization": f"bearer {TOKEN}", "X-Forwarded-For": "203.0.113.7"}, 200),
    ],
)
async def test_with_a_token_whoever_shows_it_may_read(
    serve: Serve, headers: dict[str, str], status: int
) -> None:
    """Nothing but the token counts, not even being on the same machine."""
    client = await serve(metrics_token=TOKEN)
    assert (await client.get("/metrics", headers=headers)).status_code == status


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded"])
async def test_without_a_token_a_proxys_clients_may_not(
    client: httpx.AsyncClient, header: str
) -> None:
    """They come from loopback, and yet from anywhere; so may no foreign page."""
    assert (await client.get("/metrics")).status_code == 200
    assert (await client.get("/metrics", headers={header: "for=203.0.113.7"})).status_code == 401
    assert (await client.get("/metrics", headers={"Origin": "https://e.test"})).status_code == 403


async def test_strangers_behind_a_trusted_proxy_may_not(serve: Serve) -> None:
    """The address that a trusted proxy tells is the one that counts."""
    client = await serve(trusted_proxies=("127.0.0.1",))
    answer = await client.get("/metrics", headers={"X-Forwarded-For": "203.0.113.7"})
    assert answer.status_code == 401
