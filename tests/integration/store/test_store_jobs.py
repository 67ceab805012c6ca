"""Jobs on a real Postgres: what is kept, who may claim, what a retry opens."""

import asyncio
from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.errors import (
    ConflictError,
    ErrorCode,
    NotFoundError,
    ServiceUnavailableError,
)
from scorewire.jobs.job import JobStatus
from scorewire.jobs.messages import ErrorDetail, Progress
from scorewire.jobs.options import Options, Stem
from scorewire.jobs.source import UploadSource
from scorewire.jobs.stages import Stage
from scorewire.store.engine import open_engine, ping
from scorewire.store.events import append_completed, append_failed, append_progress, events_after
from scorewire.store.jobs import (
    claim,
    create_job,
    get_job,
    get_request,
    get_result,
    open_attempt,
    set_flow_run,
    set_title,
    unfinished_jobs,
)

LOST = ErrorDetail(
    message="The worker was lost.", retryable=True, stage=None, code=ErrorCode.WORKER_LOST
)


async def test_what_was_asked_for_is_kept(engine: AsyncEngine) -> None:
    """Source, options and title come back as they went in."""
    source = UploadSource(blob_key="uploads/a/b.wav", sha256="0" * 64, filename="b.wav")
    options = Options(instruments=(Stem.PIANO,), start_s=2.5)
    job_id = uuid4()
    job = await create_job(engine, source=source, options=options, title="Étude", job_id=job_id)
    request = await get_request(engine, job.job_id)
    assert (request.source, request.options, request.title) == (source, options, "Étude")
    assert job.job_id == job_id


async def test_any_file_name_can_be_kept(engine: AsyncEngine) -> None:
    """A NUL, which Postgres cannot store, is left out of a file's name and of the title."""
    source = UploadSource(blob_key="uploads/a/b.wav", sha256="0" * 64, filename="b\x00.wav")
    job = await create_job(engine, source=source, options=Options(), title="b\x00")
    request = await get_request(engine, job.job_id)
    assert isinstance(request.source, UploadSource)
    assert (request.source.filename, request.title) == ("b.wav", "b")


async def test_a_new_job_is_queued(engine: AsyncEngine, job_id: UUID) -> None:
    """[J1] It starts queued, at 0, in its first attempt, without a stage."""
    job = await get_job(engine, job_id)
    assert job is not None
    assert (job.status, job.progress, job.stage, job.attempt, job.last_event_id) == (
        JobStatus.QUEUED,
        0,
        None,
        1,
        0,
    )
    assert await get_result(engine, job_id) is None


async def test_unknown_jobs(engine: AsyncEngine) -> None:
    """An id that names no job is None, or not found where something was asked of it."""
    assert await get_job(engine, uuid4()) is None
    assert await get_result(engine, uuid4()) is None
    assert await claim(engine, uuid4(), uuid4()) is None
    with pytest.raises(NotFoundError):
        await get_request(engine, uuid4())
    with pytest.raises(NotFoundError):
        await open_attempt(engine, uuid4())


async def test_retry_opens_the_next_attempt(engine: AsyncEngine, job_id: UUID) -> None:
    """[J3] A retry is an event: queued again, attempt 2, progress back at 0."""
    await claim(engine, job_id, uuid4())
    await append_progress(engine, job_id, progress=40, stage=Stage.SEPARATION, message="half")
    await append_failed(engine, job_id, error=LOST)
    opened = await open_attempt(engine, job_id)
    assert isinstance(opened, Progress)
    assert (opened.id, opened.attempt, opened.progress, opened.stage) == (3, 2, 0, None)
    assert opened.message == "Queued for attempt 2"
    job = await get_job(engine, job_id)
    assert job is not None
    assert (job.status, job.attempt, job.progress, job.stage) == (JobStatus.QUEUED, 2, 0, None)
    assert (job.error, job.failed_at, job.started_at) == (None, None, None)
    (waiting,) = await unfinished_jobs(engine)
    assert waiting.flow_run_id is None


async def test_only_a_failed_job_is_retried(engine: AsyncEngine, job_id: UUID) -> None:
    """[J3] Queued, processing and completed jobs answer with a conflict; of many, one opens."""
    with pytest.raises(ConflictError, match="queued"):
        await open_attempt(engine, job_id)
    await append_failed(engine, job_id, error=LOST)
    outcomes = await asyncio.gather(
        *(open_attempt(engine, job_id) for _ in range(5)), return_exceptions=True
    )
    assert sum(isinstance(outcome, ConflictError) for outcome in outcomes) == 4
    await append_completed(engine, job_id, result={"musicxml": "key"})
    with pytest.raises(ConflictError, match="completed"):
        await open_attempt(engine, job_id)


async def test_claim_takes_a_free_job_once(engine: AsyncEngine, job_id: UUID) -> None:
    """Two runs cannot both have a job; the owner may start over (recovery)."""
    owner, other = uuid4(), uuid4()
    assert await claim(engine, job_id, owner) == 1
    assert await claim(engine, job_id, other) is None
    assert await claim(engine, job_id, owner) == 1
    await append_progress(engine, job_id, progress=5, stage=Stage.DOWNLOAD, message="on it")
    assert await claim(engine, job_id, other) is None
    assert await claim(engine, job_id, owner) == 1
    (unfinished,) = await unfinished_jobs(engine)
    assert (unfinished.job_id, unfinished.flow_run_id) == (job_id, owner)
    assert unfinished.attempt == 1


async def test_claim_of_a_failed_job_opens_an_attempt(engine: AsyncEngine, job_id: UUID) -> None:
    """[J3] A retry pressed in Prefect's UI is an event, and the run owns the new attempt."""
    run = uuid4()
    await claim(engine, job_id, run)
    await append_failed(engine, job_id, error=LOST, flow_run_id=run)
    assert await claim(engine, job_id, run) == 2
    events = await events_after(engine, job_id, 0)
    assert [event.type for event in events] == ["error", "progress"]
    assert await append_completed(engine, job_id, result={"musicxml": "key"}, flow_run_id=run)
    assert await claim(engine, job_id, run) is None
    assert await unfinished_jobs(engine) == []


async def test_a_run_that_was_given_up_does_not_reopen_its_job(
    engine: AsyncEngine, job_id: UUID
) -> None:
    """[J4] A run that starts after its job was failed for it is refused: nobody asked again."""
    await append_failed(engine, job_id, error=LOST)
    assert await claim(engine, job_id, uuid4()) is None
    job = await get_job(engine, job_id)
    assert job is not None
    assert (job.status, job.attempt, job.last_event_id) == (JobStatus.FAILED, 1, 1)


async def test_launched_run_does_not_replace_an_owner(engine: AsyncEngine, job_id: UUID) -> None:
    """The note of who was launched comes second when the run itself was faster."""
    fast, noted = uuid4(), uuid4()
    await claim(engine, job_id, fast)
    await set_flow_run(engine, job_id, noted)
    (unfinished,) = await unfinished_jobs(engine)
    assert unfinished.flow_run_id == fast


async def test_a_given_title_stays(engine: AsyncEngine, job_id: UUID) -> None:
    """A title found later names a nameless job only."""
    await set_title(engine, job_id, "Found")
    await set_title(engine, job_id, "Found later")
    job = await get_job(engine, job_id)
    assert job is not None
    assert job.title == "Found"


async def test_no_database_is_told_in_one_sentence() -> None:
    """A database out of reach is a retryable error, not a driver's."""
    engine = open_engine("postgresql://nobody@127.0.0.1:1/nothing")
    with pytest.raises(ServiceUnavailableError, match="try again"):
        await ping(engine)
    await engine.dispose()
