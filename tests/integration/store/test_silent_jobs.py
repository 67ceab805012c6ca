"""Runs that fall silent and jobs that nobody launched, on a real Postgres with ages made up."""

import asyncio
import json
from datetime import datetime
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.errors import ErrorCode
from scorewire.jobs.job import JobStatus
from scorewire.jobs.messages import ErrorDetail
from scorewire.jobs.options import Options
from scorewire.jobs.source import LinkSource
from scorewire.jobs.stages import Stage
from scorewire.store.engine import connect, fetch, open_engine
from scorewire.store.events import (
    append_completed,
    append_failed,
    append_progress,
    events_after,
    fail_unlaunched,
)
from scorewire.store.jobs import claim, create_job, existing_job, open_attempt, set_flow_run
from scorewire.store.silence import (
    database_time,
    end_silent_jobs,
    forgotten_jobs,
    show_life,
)

SILENCE_S = 45.0
REFUSED = ErrorDetail(
    message="The transcription service cannot be reached; retry in a moment.",
    retryable=True,
    stage=None,
    code=ErrorCode.SERVICE_UNAVAILABLE,
)


async def age(engine: AsyncEngine, job_id: UUID, column: str, seconds: float) -> None:
    """Put a moment of the job so many seconds into the past."""
    statement = text(
        f"UPDATE jobs SET {column} = clock_timestamp() - make_interval(secs => :s) "  # noqa: S608 - a column that the tests name
        "WHERE id = :id RETURNING id"
    )
    assert len(await fetch(engine, statement.bindparams(s=seconds, id=job_id))) == 1


async def seen_at(engine: AsyncEngine, job_id: UUID) -> datetime | None:
    """When the job's run last showed life."""
    statement = text("SELECT seen_at FROM jobs WHERE id = :id").bindparams(id=job_id)
    (row,) = await fetch(engine, statement)
    found: datetime | None = row["seen_at"]
    return found


async def end_silent(engine: AsyncEngine) -> list[UUID]:
    """End the jobs that are silent at this moment."""
    now = await database_time(engine)
    return list(await end_silent_jobs(engine, now=now, silence_s=SILENCE_S))


async def working(engine: AsyncEngine, *, silent_s: float) -> tuple[UUID, UUID]:
    """A job in separation whose run was last seen so long ago; the job and its run."""
    source = LinkSource(url="https://youtu.be/dQw4w9WgXcQ")
    job_id, run = (await create_job(engine, source=source, options=Options())).job_id, uuid4()
    await claim(engine, job_id, run)
    told = {"progress": 20, "stage": Stage.SEPARATION, "message": "Separating"}
    assert await append_progress(engine, job_id, flow_run_id=run, **told)
    await age(engine, job_id, "seen_at", silent_s)
    return job_id, run


async def test_a_silent_job_ends_with_one_error(engine: AsyncEngine, migrated_url: str) -> None:
    """[J6] [J5] `worker_lost`, retryable, in the stage it was in; told at once, and only once."""
    job_id, run = await working(engine, silent_s=SILENCE_S + 1)
    heard: asyncio.Queue[str] = asyncio.Queue()
    outsider = await connect(migrated_url)
    await outsider.add_listener("job_events", lambda *told: heard.put_nowait(told[-1]))
    assert await end_silent(engine) == [job_id]
    assert await end_silent(engine) == []
    told = json.loads(await asyncio.wait_for(heard.get(), 10))
    await outsider.close()
    events = await events_after(engine, job_id, 0)
    assert [event.type for event in events] == ["progress", "error"]
    assert json.loads(events[-1].frame) == told
    error = told["error"]
    assert (error["code"], error["retryable"]) == ("worker_lost", True)
    assert error["stage"] == "separation"
    job = await existing_job(engine, job_id)
    assert (job.status, job.last_event_id) == (JobStatus.FAILED, 2)
    assert heard.empty()
    assert await show_life(engine, job_id, run) is None


async def test_only_silent_runs_are_given_up(engine: AsyncEngine, job_id: UUID) -> None:
    """[J6] Not a run that was seen, a job that waits for its run, nor one that has ended."""
    await working(engine, silent_s=SILENCE_S - 5)
    await set_flow_run(engine, job_id, uuid4())
    await age(engine, job_id, "created_at", 3600)
    completed, _ = await working(engine, silent_s=3600)
    await append_completed(engine, completed, result={})
    failed, _ = await working(engine, silent_s=3600)
    await append_failed(engine, failed, error=REFUSED)
    assert await end_silent(engine) == []
    assert (await existing_job(engine, failed)).last_event_id == 2


async def test_a_run_that_dies_before_its_first_stage_is_given_up(
    engine: AsyncEngine, job_id: UUID
) -> None:
    """[J6] A job that was claimed and is still `queued` ends as well; its stage is none."""
    await claim(engine, job_id, uuid4())
    assert await end_silent(engine) == []
    await age(engine, job_id, "seen_at", SILENCE_S + 1)
    assert await end_silent(engine) == [job_id]
    error = (await existing_job(engine, job_id)).error
    assert error is not None
    assert (error.code, error.stage) == (ErrorCode.WORKER_LOST, None)


async def test_silence_is_measured_up_to_a_given_moment(engine: AsyncEngine) -> None:
    """[J6] A statement that a sleeping machine held up counts none of the time that it slept."""
    job_id, _ = await working(engine, silent_s=0)
    asked_at = await database_time(engine)
    await age(engine, job_id, "seen_at", -1)  # written by its run, a moment after the question
    assert await end_silent_jobs(engine, now=asked_at, silence_s=SILENCE_S) == []


async def test_a_clock_that_was_set_back_hides_no_death(engine: AsyncEngine) -> None:
    """[J6] A sign of life from a distant future is none, and a living run replaces it."""
    dead, _ = await working(engine, silent_s=-3600)
    alive, run = await working(engine, silent_s=-3600)
    await show_life(engine, alive, run)
    assert await end_silent(engine) == [dead]


async def test_a_sign_of_life_is_written_now_and_then(engine: AsyncEngine) -> None:
    """[J6] Not with each look; it is no event, and another run's look is no sign."""
    job_id, run = await working(engine, silent_s=2)
    before = await seen_at(engine, job_id)
    assert await show_life(engine, job_id, run) is JobStatus.PROCESSING
    assert await seen_at(engine, job_id) == before
    await age(engine, job_id, "seen_at", 6)
    stale = await seen_at(engine, job_id)
    assert await show_life(engine, job_id, uuid4()) is None
    assert await seen_at(engine, job_id) == stale
    assert await show_life(engine, job_id, run) is JobStatus.PROCESSING
    assert await seen_at(engine, job_id) > before
    assert (await existing_job(engine, job_id)).last_event_id == 1


async def test_a_sign_of_life_is_no_notification(engine: AsyncEngine, migrated_url: str) -> None:
    """[J6] Nobody is woken by it: the next thing heard is the next event."""
    job_id, run = await working(engine, silent_s=6)
    heard: asyncio.Queue[str] = asyncio.Queue()
    outsider = await connect(migrated_url)
    await outsider.add_listener("job_events", lambda *told: heard.put_nowait(told[-1]))
    await show_life(engine, job_id, run)
    await append_failed(engine, job_id, error=REFUSED)
    assert json.loads(await asyncio.wait_for(heard.get(), 10))["type"] == "error"
    await outsider.close()


async def test_an_ended_job_is_seen_as_it_ended(engine: AsyncEngine) -> None:
    """[J3] Its own run learns of the end, and leaves no mark on a job that is done."""
    job_id, run = await working(engine, silent_s=60)
    await append_completed(engine, job_id, result={}, flow_run_id=run)
    stale = await seen_at(engine, job_id)
    assert await show_life(engine, job_id, run) is JobStatus.COMPLETED
    assert await seen_at(engine, job_id) == stale


async def test_a_lost_run_that_wakes_up_is_not_heard(engine: AsyncEngine) -> None:
    """[J3] [J4] It can neither report, end nor reopen the job; a retry gets a fresh silence."""
    job_id, run = await working(engine, silent_s=60)
    await end_silent(engine)
    assert not await append_completed(engine, job_id, result={}, flow_run_id=run)
    assert await claim(engine, job_id, run) is None
    await open_attempt(engine, job_id)
    assert await seen_at(engine, job_id) is None
    assert await end_silent(engine) == []
    other = uuid4()
    assert await claim(engine, job_id, other) == 2
    assert await end_silent(engine) == []
    assert await show_life(engine, job_id, run) is None
    assert await append_completed(engine, job_id, result={}, flow_run_id=other)


async def test_many_who_look_at_once_end_each_job_once(
    engine: AsyncEngine, migrated_url: str
) -> None:
    """[J6] [J3] Eight processes, thirty silent jobs: each gets one error, from one of them."""
    jobs = {(await working(engine, silent_s=60))[0] for _ in range(30)}
    now = await database_time(engine)
    engines = [open_engine(migrated_url, pool_size=1) for _ in range(8)]
    try:
        ended = await asyncio.gather(
            *(end_silent_jobs(each, now=now, silence_s=SILENCE_S) for each in engines)
        )
    finally:
        await asyncio.gather(*(each.dispose() for each in engines))
    assert sorted(job_id for some in ended for job_id in some) == sorted(jobs)
    for job_id in jobs:
        events = await events_after(engine, job_id, 0)
        assert [(event.id, event.type) for event in events] == [(1, "progress"), (2, "error")]


async def test_a_job_that_someone_works_on_is_passed_over(
    engine: AsyncEngine, migrated_url: str
) -> None:
    """[J6] One whose row is locked (its run is writing) holds nobody up, and is not ended."""
    busy, _ = await working(engine, silent_s=60)
    dead, _ = await working(engine, silent_s=60)
    run = await connect(migrated_url)
    async with run.transaction():
        await run.execute("UPDATE jobs SET seen_at = clock_timestamp() WHERE id = $1", busy)
        assert await asyncio.wait_for(end_silent(engine), 10) == [dead]
    await run.close()
    assert await end_silent(engine) == []


@pytest.mark.parametrize("reopened", [False, True])
async def test_a_job_without_a_run_is_forgotten_after_a_while(
    engine: AsyncEngine, job_id: UUID, reopened: bool
) -> None:
    """[J6] From when its attempt was opened, however old the job is; not once it has a run."""
    await age(engine, job_id, "created_at", 61)
    if reopened:
        await append_failed(engine, job_id, error=REFUSED)
        await open_attempt(engine, job_id)
        assert await forgotten_jobs(engine, waited_s=60) == []
        aged = text("UPDATE job_events SET created_at = created_at - interval '61 s' RETURNING seq")
        await fetch(engine, aged)
    (forgotten,) = await forgotten_jobs(engine, waited_s=60)
    assert (forgotten.job_id, forgotten.attempt) == (job_id, 2 if reopened else 1)
    assert await forgotten_jobs(engine, waited_s=120) == []
    await set_flow_run(engine, job_id, uuid4())
    assert await forgotten_jobs(engine, waited_s=60) == []


async def test_a_launch_that_failed_does_not_end_what_another_launched(
    engine: AsyncEngine, job_id: UUID
) -> None:
    """[J4] Of two processes that launch one attempt, the unlucky one leaves it to the other."""
    await set_flow_run(engine, job_id, uuid4())
    assert not await fail_unlaunched(engine, job_id, error=REFUSED)
    assert (await existing_job(engine, job_id)).status is JobStatus.QUEUED
