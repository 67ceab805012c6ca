"""Create, read and claim jobs."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import Float, RowMapping, Select, cast, func, or_, select, update
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.errors import ConflictError, NotFoundError
from scorewire.jobs.job import TERMINAL_STATUSES, Job
from scorewire.jobs.messages import EventMessage
from scorewire.jobs.options import Options
from scorewire.jobs.source import Source, UploadSource
from scorewire.store.appending import readable, reopen_failed
from scorewire.store.engine import PATIENCE_S, fetch
from scorewire.store.tables import UNFINISHED, JobRow

LAUNCHED = "runs_launched"
"""The channel on which workers are told of a run that waits for them, by its id."""

_EVENT_DECODER: msgspec.json.Decoder[EventMessage] = msgspec.json.Decoder(EventMessage)


class JobRequest(msgspec.Struct, frozen=True):
    """What a person asked for."""

    source: Source
    options: Options
    title: str | None


class UnfinishedJob(msgspec.Struct, frozen=True):
    """A job that has not ended, and the run that owns it, if one does yet.

    Attributes:
        job_id: the job.
        title: what it is called.
        attempt: its attempt.
        flow_run_id: the run that owns it.
        silent_s: how long ago the run gave its last sign of life; None if it never did.
    """

    job_id: UUID
    title: str | None
    attempt: int
    flow_run_id: UUID | None
    silent_s: float | None


async def create_job(  # noqa: PLR0913 - the fields of a job, each given by name
    engine: AsyncEngine,
    *,
    source: Source,
    options: Options,
    owner: str | None = None,
    title: str | None = None,
    job_id: UUID | None = None,
) -> Job:
    """Store a new queued job; `job_id` is given where files were stored under it before.

    Raises:
        ServiceUnavailableError: Postgres cannot be reached.
    """
    statement = insert_job(
        source=source, options=options, owner=owner, title=title, job_id=job_id or uuid4()
    )
    (row,) = await fetch(engine, statement.returning(JobRow))
    return job_view(row)


def insert_job(
    *, source: Source, options: Options, owner: str | None, title: str | None, job_id: UUID
) -> Insert:
    """Insert a queued job."""
    if isinstance(source, UploadSource):  # its sender chose the name, and any characters in it
        source = msgspec.structs.replace(source, filename=readable(source.filename))
    return insert(JobRow).values(
        id=job_id,
        owner=owner,
        title=None if title is None else readable(title),
        source=msgspec.to_builtins(source),
        options=msgspec.to_builtins(options),
    )


async def get_job(engine: AsyncEngine, job_id: UUID, *, patience_s: float = 0.0) -> Job | None:
    """Return where a job stands, or None if there is no such job.

    Raises:
        ServiceUnavailableError: Postgres cannot be reached, for `patience_s` seconds.
    """
    row = await _row(engine, job_id, patience_s)
    return None if row is None else job_view(row)


async def existing_job(engine: AsyncEngine, job_id: UUID, *, visible_to: str | None = None) -> Job:
    """Return where a job stands, to its owner `visible_to`, or to anyone where that is None.

    Raises:
        NotFoundError: there is no such job, or it is someone else's ([A3]).
        ServiceUnavailableError: Postgres cannot be reached.
    """
    row = await _row(engine, job_id)
    if row is None or (visible_to is not None and row["owner"] != visible_to):
        raise no_such_job()
    return job_view(row)


async def get_request(engine: AsyncEngine, job_id: UUID) -> JobRequest:
    """Return what was asked for.

    Raises:
        NotFoundError: there is no such job.
        ServiceUnavailableError: Postgres stays out of reach.
    """
    row = await _row(engine, job_id, PATIENCE_S)
    if row is None:
        raise no_such_job()
    return msgspec.convert(
        {"source": row["source"], "options": row["options"], "title": row["title"]}, JobRequest
    )


async def get_result(engine: AsyncEngine, job_id: UUID) -> dict[str, str] | None:
    """Return the blob keys of a completed job's files, or None where there are none (yet)."""
    row = await _row(engine, job_id)
    return None if row is None else row["result"]


async def set_title(engine: AsyncEngine, job_id: UUID, title: str) -> None:
    """Name a job that the person who asked for it did not name."""
    await fetch(
        engine,
        update(JobRow)
        .where(JobRow.id == job_id, JobRow.title.is_(None))
        .values(title=readable(title))
        .returning(JobRow.id),
        patience_s=PATIENCE_S,
    )


async def open_attempt(
    engine: AsyncEngine, job_id: UUID, *, visible_to: str | None = None
) -> EventMessage:
    """Queue a failed job once more for its owner, and return the event that says so.

    Raises:
        NotFoundError: there is no such job.
        ConflictError: the job has not failed.
    """
    job = await existing_job(engine, job_id, visible_to=visible_to)
    for row in await fetch(engine, reopen_failed(job_id, None)):
        return _EVENT_DECODER.decode(row["frame"])
    job = await existing_job(engine, job_id, visible_to=visible_to)
    message = f"Only a failed job can be retried; this one is {job.status.value}."
    raise ConflictError(message)


async def set_flow_run(engine: AsyncEngine, job_id: UUID, flow_run_id: UUID) -> None:
    """Remember the run that was launched for a job, unless it has ended or another run owns it.

    The same statement tells workers of it on `LAUNCHED`, who would otherwise find it when they look
    the next time.
    """
    await fetch(
        engine,
        update(JobRow)
        .where(
            JobRow.id == job_id,
            JobRow.flow_run_id.is_(None),
            JobRow.status.not_in(sorted(TERMINAL_STATUSES)),
        )
        .values(flow_run_id=flow_run_id)
        .returning(JobRow.id, func.pg_notify(LAUNCHED, str(flow_run_id))),
    )


async def claim(engine: AsyncEngine, job_id: UUID, flow_run_id: UUID) -> int | None:
    """Make a starting run the owner of its job.

    A run may claim a job that has not ended and that no other run owns. The run that failed a job
    and starts again (a retry pressed in Prefect's UI) opens the next attempt, with its event; any
    other run is refused: it was given up before it started, and nobody asked for it again ([J4]).

    Returns:
        The number of the attempt that the run works on; None if it may not work on the job.

    Raises:
        ServiceUnavailableError: Postgres stays out of reach.
    """
    running = (
        update(JobRow)
        .where(
            JobRow.id == job_id,
            JobRow.status.not_in(sorted(TERMINAL_STATUSES)),
            or_(JobRow.flow_run_id.is_(None), JobRow.flow_run_id == flow_run_id),
        )
        .values(flow_run_id=flow_run_id, seen_at=func.clock_timestamp())
        .returning(JobRow.attempt)
    )
    for statement in (running, reopen_failed(job_id, flow_run_id)):
        for row in await fetch(engine, statement, patience_s=PATIENCE_S):
            return int(row["attempt"])
    return None


async def unfinished_jobs(engine: AsyncEngine) -> Sequence[UnfinishedJob]:
    """Return all jobs that have not ended, oldest first.

    Raises:
        ServiceUnavailableError: Postgres stays out of reach.
    """
    statement = (
        select(
            JobRow.id.label("job_id"),
            JobRow.title,
            JobRow.attempt,
            JobRow.flow_run_id,
            cast(
                func.extract("epoch", func.clock_timestamp() - JobRow.__table__.c.seen_at), Float
            ).label("silent_s"),
        )
        .where(UNFINISHED)
        .order_by(JobRow.created_at)
    )
    rows = await fetch(engine, statement, patience_s=PATIENCE_S)
    return [msgspec.convert(dict(row), UnfinishedJob) for row in rows]


async def _row(engine: AsyncEngine, job_id: UUID, patience_s: float = 0.0) -> RowMapping | None:
    statement: Select[Any] = select(*JobRow.__table__.columns).where(JobRow.id == job_id)
    for row in await fetch(engine, statement, patience_s=patience_s):
        return row
    return None


def job_view(row: RowMapping) -> Job:
    """Show a row of `jobs` as everyone sees it."""
    ended_at = row["completed_at"] or row["failed_at"]
    duration_s = None
    if ended_at is not None and row["started_at"] is not None:
        duration_s = round((ended_at - row["started_at"]).total_seconds(), 3)
    view = {
        **{name: row[name] for name in Job.__struct_fields__ if name in row},
        "job_id": row["id"],
        "duration_seconds": duration_s,
        "result_url": f"/api/v1/scores/{row['id']}" if row["result"] is not None else None,
        "last_event_id": row["last_seq"],
    }
    return msgspec.convert(view, Job)


def no_such_job() -> NotFoundError:
    """The error for a job that does not exist, or does not for its caller ([A3])."""
    return NotFoundError("There is no such job; check its id.", field="job_id")
