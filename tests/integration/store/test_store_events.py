"""Events on a real Postgres: order, guards, and the words that reach the wire."""

import asyncio
from itertools import pairwise
from uuid import UUID, uuid4

import msgspec
import pytest
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.errors import ErrorCode
from scorewire.jobs.job import JobStatus
from scorewire.jobs.messages import Completed, ErrorDetail, EventMessage, Failed, Progress
from scorewire.jobs.stages import Stage
from scorewire.store.engine import connect
from scorewire.store.events import (
    append_completed,
    append_failed,
    append_progress,
    events_after,
)
from scorewire.store.jobs import claim, get_job, get_result, open_attempt

ERROR = ErrorDetail(
    message="The GPU ran out of memory; try a shorter section.",
    retryable=True,
    stage=Stage.SEPARATION,
    code=ErrorCode.OUT_OF_MEMORY,
)
RESULT = {"musicxml": "results/x/score.musicxml"}


async def _messages(engine: AsyncEngine, job_id: UUID) -> list[EventMessage]:
    return [
        msgspec.json.decode(event.frame, type=EventMessage)
        for event in await events_after(engine, job_id, 0)
    ]


async def test_progress_tells_where_the_job_stands(engine: AsyncEngine, job_id: UUID) -> None:
    """[J2] [M1] [M2] The event carries what the job row says, in the wire's shape."""
    assert await append_progress(
        engine, job_id, progress=12, stage=Stage.SEPARATION, message="Separated 1 of 9 segments"
    )
    job = await get_job(engine, job_id)
    assert job is not None
    assert (job.status, job.progress, job.stage) == (
        JobStatus.PROCESSING,
        12,
        Stage.SEPARATION,
    )
    assert job.started_at is not None
    (event,) = await events_after(engine, job_id, 0)
    body = msgspec.json.decode(event.frame)
    assert body.pop("timestamp").endswith("Z")
    assert body == {
        "type": "progress",
        "job_id": str(job_id),
        "id": 1,
        "attempt": 1,
        "progress": 12,
        "stage": "separation",
        "message": "Separated 1 of 9 segments",
    }


async def test_fifty_writers_leave_no_gap(engine: AsyncEngine, job_id: UUID) -> None:
    """[J2] [J3] Concurrent writers get 1, 2, 3 …, with progress and time never falling."""
    writers = [
        append_progress(
            engine, job_id, progress=number, stage=Stage.SEPARATION, message=f"writer {number}"
        )
        for number in range(50)
    ]
    assert all(await asyncio.gather(*writers))
    events = await _messages(engine, job_id)
    assert [event.id for event in events] == list(range(1, 51))
    for earlier, later in pairwise(events):
        assert isinstance(earlier, Progress)
        assert isinstance(later, Progress)
        assert earlier.progress <= later.progress
        assert earlier.timestamp <= later.timestamp


async def test_an_event_is_one_statement(engine: AsyncEngine, job_id: UUID) -> None:
    """[J2] Row, event and notification travel in one statement, without BEGIN and COMMIT."""
    statements: list[str] = []
    sqlalchemy_event.listen(
        engine.sync_engine,
        "before_cursor_execute",
        lambda *told: statements.append(told[2]),
    )
    await append_progress(engine, job_id, progress=1, stage=Stage.DOWNLOAD, message="one")
    assert len(statements) == 1
    assert "pg_notify" in statements[0]


async def test_progress_never_falls_within_an_attempt(engine: AsyncEngine, job_id: UUID) -> None:
    """[J3] [J4] A stage that starts over says so, but the bar stays."""
    for progress, message in [(40, "half"), (10, "retry 2 of 4")]:
        await append_progress(
            engine, job_id, progress=progress, stage=Stage.SEPARATION, message=message
        )
    told = [
        (event.progress, event.message)
        for event in await _messages(engine, job_id)
        if isinstance(event, Progress)
    ]
    assert told == [(40, "half"), (40, "retry 2 of 4")]


async def test_completed_tells_the_result(engine: AsyncEngine, job_id: UUID) -> None:
    """[M1] [J3] `completed` is 100 %, names the score and how long the attempt took."""
    await append_progress(engine, job_id, progress=0, stage=Stage.DOWNLOAD, message="Downloading")
    assert await append_completed(engine, job_id, result=RESULT)
    completed = (await _messages(engine, job_id))[-1]
    job = await get_job(engine, job_id)
    assert job is not None
    assert isinstance(completed, Completed)
    assert completed.progress == job.progress == 100
    assert completed.result_url == job.result_url == f"/api/v1/scores/{job_id}"
    assert completed.timestamp == job.completed_at
    assert completed.duration_seconds == job.duration_seconds
    assert await get_result(engine, job_id) == RESULT


async def test_a_job_ends_once(engine: AsyncEngine, job_id: UUID) -> None:
    """[J3] Of many who end a job at once one is heard, and nothing is accepted afterwards."""
    await append_progress(engine, job_id, progress=0, stage=Stage.DOWNLOAD, message="Downloading")
    ends = [append_failed(engine, job_id, error=ERROR) for _ in range(5)]
    ends += [append_completed(engine, job_id, result=RESULT) for _ in range(5)]
    assert sum(await asyncio.gather(*ends)) == 1
    assert not await append_progress(
        engine, job_id, progress=99, stage=Stage.MUSICXML, message="late"
    )
    terminal = [event for event in await _messages(engine, job_id) if event.id > 1]
    assert len(terminal) == 1


async def test_error_is_told_in_full(engine: AsyncEngine, job_id: UUID) -> None:
    """[M1] [J5] The job and its event carry the same error."""
    await append_failed(engine, job_id, error=ERROR)
    job = await get_job(engine, job_id)
    (newest,) = await events_after(engine, job_id, 0)
    assert job is not None
    failed = msgspec.json.decode(newest.frame, type=EventMessage)
    assert isinstance(failed, Failed)
    assert job.status is JobStatus.FAILED
    assert job.error == failed.error == ERROR
    assert job.failed_at == failed.timestamp


async def test_a_stale_run_is_not_heard(engine: AsyncEngine, job_id: UUID) -> None:
    """[J3] A run that lost its job to another can neither report nor end it."""
    stale, owner = uuid4(), uuid4()
    await claim(engine, job_id, stale)
    await append_failed(engine, job_id, error=ERROR, flow_run_id=stale)
    await open_attempt(engine, job_id)
    await claim(engine, job_id, owner)
    refused = [
        await append_progress(
            engine, job_id, progress=5, stage=Stage.DOWNLOAD, message="stale", flow_run_id=stale
        ),
        await append_completed(engine, job_id, result=RESULT, flow_run_id=stale),
        await append_failed(engine, job_id, error=ERROR, flow_run_id=stale),
    ]
    assert refused == [False, False, False]
    assert await append_completed(engine, job_id, result=RESULT, flow_run_id=owner)


async def test_no_such_job_is_refused(engine: AsyncEngine) -> None:
    """An event of a job that does not exist is refused, not an error."""
    assert not await append_completed(engine, uuid4(), result=RESULT)
    assert await events_after(engine, uuid4(), 0) == []


@pytest.mark.parametrize("message", ["nul \x00 inside", "lone \ud800 surrogate"])
async def test_any_text_can_be_told(engine: AsyncEngine, job_id: UUID, message: str) -> None:
    """A message with characters that Postgres cannot store does not stop the job."""
    assert await append_progress(engine, job_id, progress=1, stage=Stage.DOWNLOAD, message=message)


async def test_reading_resumes_and_pages(engine: AsyncEngine, job_id: UUID) -> None:
    """[W1] `events_after` returns exactly the rest, in order, and no more than asked for."""
    for number in range(6):
        await append_progress(
            engine, job_id, progress=number, stage=Stage.DOWNLOAD, message=str(number)
        )
    assert [event.id for event in await events_after(engine, job_id, 3)] == [4, 5, 6]
    assert [event.id for event in await events_after(engine, job_id, 1, limit=2)] == [2, 3]


async def test_events_survive_a_lost_connection(
    engine: AsyncEngine, job_id: UUID, migrated_url: str
) -> None:
    """[W6] A pooled connection that Postgres dropped costs no event."""
    await append_progress(engine, job_id, progress=1, stage=Stage.DOWNLOAD, message="before")
    outsider = await connect(migrated_url)
    await outsider.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await outsider.close()
    assert await append_progress(engine, job_id, progress=2, stage=Stage.DOWNLOAD, message="after")
    assert [event.id for event in await events_after(engine, job_id, 0)] == [1, 2]
