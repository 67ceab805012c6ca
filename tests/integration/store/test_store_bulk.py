"""The jobs of a bulk run, on a real Postgres."""

import asyncio
import json
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.jobs.job import JobStatus
from scorewire.jobs.options import Options
from scorewire.jobs.source import UploadSource
from scorewire.jobs.stages import Stage
from scorewire.store.bulk import (
    StandingJob,
    bulk_key,
    create_taken_job,
    end_jobs_of,
    show_life_of_all,
    someone_needs_the_device,
    standing_job,
    take_failed_job,
)
from scorewire.store.ending import CANCELLED, cancel_job
from scorewire.store.events import append_completed, append_progress, events_after
from scorewire.store.jobs import get_job
from scorewire.store.silence import LOST, forgotten_jobs

RUN = uuid4()
KEY = bulk_key("content", Options())


async def taken(engine: AsyncEngine, key: str = KEY, run: UUID = RUN) -> UUID | None:
    """A new job that a run works on; None where there is one with this key."""
    job_id = uuid4()
    source = UploadSource(blob_key=f"uploads/{job_id}/a.flac", sha256="content", filename="a.flac")
    created = await create_taken_job(
        engine,
        job_id=job_id,
        key=key,
        source=source,
        options=Options(),
        owner=None,
        title="A",
        flow_run_id=run,
    )
    return job_id if created else None


async def standing(engine: AsyncEngine) -> StandingJob:
    """The job of the key, which is there."""
    job = await standing_job(engine, KEY, owner=None)
    assert job is not None
    return job


async def test_a_key_has_one_job_whoever_asks_at_once(engine: AsyncEngine):
    """Of ten that come with one recording, one makes its job; another owner has another."""
    made = await asyncio.gather(*(taken(engine) for _ in range(10)))
    (job_id,) = filter(None, made)
    job = await standing(engine)
    assert (job.job_id, job.status, job.flow_run_id) == (job_id, JobStatus.QUEUED, RUN)
    assert await standing_job(engine, KEY, owner="ada") is None


async def test_a_job_of_a_run_is_not_taken_for_forgotten(engine: AsyncEngine):
    """It is queued, but nobody needs to launch it."""
    await taken(engine)
    assert await forgotten_jobs(engine, waited_s=0) == []


async def test_a_run_that_ends_takes_its_unfinished_jobs_along(engine: AsyncEngine):
    """[J5] Each has one `error` with the stage that it was in; others' jobs are not touched."""
    done, busy, other = [await taken(engine, key) for key in ("bulk:1", "bulk:2", "bulk:3")]
    await append_completed(engine, done, result={"musicxml": "a"}, flow_run_id=RUN)
    await append_progress(
        engine, busy, progress=60, stage=Stage.TRANSCRIPTION, message="…", flow_run_id=RUN
    )
    theirs = await taken(engine, "bulk:4", uuid4())
    assert set(await end_jobs_of(engine, RUN, LOST)) == {busy, other}
    assert await end_jobs_of(engine, RUN, LOST) == []
    last = json.loads((await events_after(engine, busy, 0))[-1].frame)
    assert (last["type"], last["error"]["stage"]) == ("error", "transcription")
    assert (last["error"]["code"], last["error"]["retryable"]) == ("worker_lost", True)
    statuses = [(await get_job(engine, job)).status.value for job in (done, busy, other, theirs)]
    assert statuses == ["completed", "failed", "failed", "queued"]


@pytest.mark.parametrize("how", [LOST, CANCELLED], ids=["killed", "stopped"])
async def test_what_ended_with_its_run_is_told_from_what_failed(engine: AsyncEngine, how):
    """So the next run takes it up without being asked to, whatever ended the run."""
    await taken(engine)
    await end_jobs_of(engine, RUN, how)
    assert (await standing(engine)).interrupted


async def test_what_its_user_cancelled_stays_cancelled(engine: AsyncEngine):
    """[J4] A person's word about one job outlasts the run."""
    job_id = await taken(engine)
    await cancel_job(engine, job_id)
    assert not (await standing(engine)).interrupted


async def test_a_failed_job_is_taken_once(engine: AsyncEngine):
    """[J3] Of two runs that want it at once, one opens the next attempt."""
    job_id = await taken(engine)
    await end_jobs_of(engine, RUN, LOST)
    runs = [uuid4(), uuid4()]
    won = await asyncio.gather(*(take_failed_job(engine, job_id, run) for run in runs))
    assert sorted(won) == [False, True]
    job = await standing(engine)
    assert job.flow_run_id == runs[won.index(True)]
    assert (await get_job(engine, job_id)).attempt == 2


async def test_a_sign_of_life_counts_for_all_jobs_of_the_run(engine: AsyncEngine):
    """One statement; what has ended is left as it is."""
    ours = [await taken(engine, f"bulk:{number}") for number in range(3)]
    theirs = await taken(engine, "bulk:x", uuid4())
    async with engine.connect() as connection:
        await connection.execute(text("UPDATE jobs SET seen_at = now() - interval '1 minute'"))
    await show_life_of_all(engine, RUN)
    async with engine.connect() as connection:
        fresh = "SELECT id FROM jobs WHERE seen_at > now() - interval '10 seconds'"
        found = {row.id for row in await connection.execute(text(fresh))}
    assert found == set(ours)
    assert theirs not in found


async def test_the_device_is_needed_by_those_who_wait(engine: AsyncEngine, job_id: UUID):
    """By a job of a person's until its notes are found; never by one of a bulk run."""
    await taken(engine)
    assert await someone_needs_the_device(engine)
    for stage in (Stage.DOWNLOAD, Stage.SEPARATION, Stage.TRANSCRIPTION):
        await append_progress(engine, job_id, progress=0, stage=stage, message="…")
        assert await someone_needs_the_device(engine)
    await append_progress(engine, job_id, progress=90, stage=Stage.MUSICXML, message="…")
    assert not await someone_needs_the_device(engine)
