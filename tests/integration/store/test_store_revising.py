"""Revisions and estimates, on a real Postgres."""

import asyncio
from uuid import UUID, uuid4

import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.errors import ConflictError, ErrorCode, NotFoundError
from scorewire.jobs.job import JobStatus
from scorewire.jobs.messages import ErrorDetail
from scorewire.jobs.options import Options, SeparationMode
from scorewire.jobs.source import LinkSource
from scorewire.jobs.stages import Stage
from scorewire.store.ending import cancel_job
from scorewire.store.engine import fetch
from scorewire.store.estimating import estimate_job
from scorewire.store.events import append_completed, append_failed, append_progress, events_after
from scorewire.store.jobs import (
    claim,
    create_job,
    existing_job,
    get_request,
    get_result,
    open_attempt,
)
from scorewire.store.migrate import alembic_config, migrate
from scorewire.store.revising import open_revision, rename_job

LINK = LinkSource(url="https://youtu.be/dQw4w9WgXcQ")
OLD, NEW = {"musicxml": "scores/old"}, {"musicxml": "scores/new"}
LOST = ErrorDetail(message="lost", retryable=True, stage=None, code=ErrorCode.WORKER_LOST)


@pytest.fixture
async def finished(engine: AsyncEngine, job_id: UUID) -> UUID:
    """A completed job."""
    await append_progress(engine, job_id, progress=95, stage=Stage.MUSICXML, message="almost")
    await append_completed(engine, job_id, result=OLD)
    return job_id


async def test_a_revision_is_the_next_attempt(engine: AsyncEngine, finished: UUID) -> None:
    """[J3] Queued again from 0, with its event; a new run may claim it, and ends it once."""
    await open_revision(engine, finished, notation={"key": "D minor"}, title="Other")
    job = await existing_job(engine, finished)
    assert (job.status, job.attempt, job.progress, job.stage) == (JobStatus.QUEUED, 2, 0, None)
    assert (job.completed_at, job.started_at, job.duration_seconds) == (None, None, None)
    assert job.title == "Other"
    assert '"Queued for attempt 2"' in (await events_after(engine, finished, 2))[0].frame
    run = uuid4()
    assert await claim(engine, finished, run) == 2
    assert await append_completed(engine, finished, result=NEW, flow_run_id=run)
    assert await get_result(engine, finished) == NEW
    assert not await append_failed(engine, finished, error=LOST)


async def test_the_score_is_there_all_along(engine: AsyncEngine, finished: UUID) -> None:
    """[J3] While a revision is queued or at work, after it failed, was cancelled or retried."""

    async def shown() -> tuple[JobStatus, object, bool]:
        job = await existing_job(engine, finished)
        return job.status, await get_result(engine, finished), job.result_url is not None

    await open_revision(engine, finished, notation={})
    assert await shown() == (JobStatus.QUEUED, OLD, True)
    await append_progress(engine, finished, progress=95, stage=Stage.MUSICXML, message="almost")
    assert await shown() == (JobStatus.PROCESSING, OLD, True)
    await append_failed(engine, finished, error=LOST)
    assert await shown() == (JobStatus.FAILED, OLD, True)
    await open_attempt(engine, finished)
    await cancel_job(engine, finished)
    assert await shown() == (JobStatus.FAILED, OLD, True)
    await open_revision(engine, finished, notation={})
    await append_completed(engine, finished, result=NEW)
    assert await shown() == (JobStatus.COMPLETED, NEW, True)


async def test_of_revisions_that_race_one_opens(engine: AsyncEngine, finished: UUID) -> None:
    """[J3] The others are told, and change nothing."""
    outcomes = await asyncio.gather(
        *(open_revision(engine, finished, notation={"tempo_bpm": 60 + n}) for n in range(5)),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 4
    tempo = (await get_request(engine, finished)).options.notation.tempo_bpm
    assert tempo == 60 + outcomes.index(None)
    assert (await existing_job(engine, finished)).attempt == 2


async def test_other_options_stay(engine: AsyncEngine) -> None:
    """[R2] A revision changes its fields of the notation, and nothing else that was asked for."""
    asked = Options(start_s=2.5, separation=SeparationMode.NONE, recording="solo")
    job = await create_job(engine, source=LINK, options=asked, title="Étude")
    await append_completed(engine, job.job_id, result=OLD)
    await open_revision(engine, job.job_id, notation={"instrument_names": ["Celesta"]})
    request = await get_request(engine, job.job_id)
    assert request.options.notation.instrument_names == ("Celesta",)
    assert (request.options.start_s, request.options.recording) == (2.5, "solo")
    assert request.title == "Étude"


async def test_what_cannot_be_revised(engine: AsyncEngine, job_id: UUID) -> None:
    """[J3] [A3] Without a score, at work, or another's: refused, with no event."""
    with pytest.raises(ConflictError, match="queued"):
        await open_revision(engine, job_id, notation={})
    await append_failed(engine, job_id, error=LOST)
    with pytest.raises(ConflictError, match="failed"):
        await open_revision(engine, job_id, notation={})
    for call in (
        open_revision(engine, job_id, notation={}, visible_to="bob"),
        rename_job(engine, job_id, "hers", visible_to="bob"),
        rename_job(engine, uuid4(), "nobody's"),
        estimate_job(engine, job_id, visible_to="bob"),
    ):
        with pytest.raises(NotFoundError):
            await call
    assert len(await events_after(engine, job_id, 0)) == 1


async def test_a_downgrade_drops_scores_of_open_revisions(
    engine: AsyncEngine, finished: UUID, migrated_url: str
) -> None:
    """The tables of before take all rows; completed jobs keep their score."""
    other = (await create_job(engine, source=LINK, options=Options())).job_id
    await append_completed(engine, other, result=NEW)
    await open_revision(engine, finished, notation={})
    await asyncio.to_thread(command.downgrade, alembic_config(migrated_url), "0004")
    assert await get_result(engine, finished) is None
    await asyncio.to_thread(migrate, migrated_url)
    assert await get_result(engine, other) == NEW


async def _past(
    engine: AsyncEngine, took_s: float, half_s: float, options: Options | None = None
) -> UUID:
    """A completed job that was at 50 % after `half_s`, and done after `took_s`."""
    job_id = (await create_job(engine, source=LINK, options=options or Options())).job_id
    await append_progress(engine, job_id, progress=1, stage=Stage.DOWNLOAD, message="begun")
    await append_progress(engine, job_id, progress=50, stage=Stage.SEPARATION, message="half")
    await append_completed(engine, job_id, result=OLD)
    for seq, seconds in ((1, 0.0), (2, half_s), (3, took_s)):
        await _set_back(engine, job_id, seq, 1000 - seconds)
    await _rows(
        engine,
        "UPDATE jobs SET started_at = now() - make_interval(secs => 1000), "
        "completed_at = now() - make_interval(secs => :rest) WHERE id = :id RETURNING id",
        rest=1000 - took_s,
        id=job_id,
    )
    return job_id


async def _set_back(engine: AsyncEngine, job_id: UUID, seq: int, seconds: float) -> None:
    await _rows(
        engine,
        "UPDATE job_events SET created_at = now() - make_interval(secs => :seconds) "
        "WHERE job_id = :id AND seq = :seq RETURNING seq",
        seconds=seconds,
        id=job_id,
        seq=seq,
    )


async def _rows(engine: AsyncEngine, statement: str, **values: object) -> None:
    assert await fetch(engine, text(statement).bindparams(**values))


async def test_an_estimate_by_jobs_of_the_same_kind(engine: AsyncEngine, job_id: UUID) -> None:
    """[R2] By the share of time that others needed up to here, and by this job's own pace."""
    unknown = await estimate_job(engine, job_id)
    assert (unknown.remaining_s, unknown.elapsed_s) == (None, None)
    for took_s in (80, 100, 120):
        await _past(engine, took_s, took_s * 0.6)
    await _past(engine, 7, 1, Options(recording="solo"))  # of another kind
    assert (await estimate_job(engine, job_id)).remaining_s == pytest.approx(100, abs=1)
    await append_progress(engine, job_id, progress=1, stage=Stage.DOWNLOAD, message="begun")
    await append_progress(engine, job_id, progress=50, stage=Stage.SEPARATION, message="half")
    await _rows(
        engine,
        "UPDATE jobs SET started_at = now() - make_interval(secs => 30) "
        "WHERE id = :id RETURNING id",
        id=job_id,
    )
    told = await estimate_job(engine, job_id)
    assert told.elapsed_s == pytest.approx(30, abs=2)
    assert told.remaining_s == pytest.approx(20, abs=3)
    await append_completed(engine, job_id, result=OLD)
    ended = await estimate_job(engine, job_id)
    assert ended.remaining_s is None
    assert ended.elapsed_s == pytest.approx(30, abs=5)


async def test_a_revision_is_of_its_own_kind(engine: AsyncEngine, finished: UUID) -> None:
    """[R2] Attempts that find results of stages say nothing of those that do not."""
    await _past(engine, 100, 50)
    await open_revision(engine, finished, notation={})
    assert (await estimate_job(engine, finished)).remaining_s is None
