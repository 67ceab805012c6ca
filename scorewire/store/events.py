"""Append events to a job's history, and read it.

A refused event (the job has ended, another run owns it, there is no such job) is no error: the
functions return False and nothing was written.
"""

from collections.abc import Sequence
from functools import cache
from uuid import UUID

import msgspec
from sqlalchemy import (
    Executable,
    Integer,
    Text,
    Update,
    Uuid,
    bindparam,
    case,
    cast,
    func,
    or_,
    select,
)
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.jobs.messages import ErrorDetail
from scorewire.jobs.stages import Stage
from scorewire.store.appending import (
    change_running,
    completed_event,
    failed_event,
    progress_event,
    readable,
)
from scorewire.store.engine import PATIENCE_S, fetch
from scorewire.store.tables import EventRow, JobRow

MAX_RUNNING_PROGRESS = 99
"""100 belongs to the completed event alone."""


class StoredEvent(msgspec.Struct, frozen=True):
    """One event of a job, with the text of its frame as it goes to every watcher."""

    id: int
    type: str
    frame: str


async def append_progress(  # noqa: PLR0913 - the fields of an event, each given by name
    engine: AsyncEngine,
    job_id: UUID,
    *,
    progress: int,
    stage: Stage | None,
    message: str,
    flow_run_id: UUID | None = None,
    patience_s: float = PATIENCE_S,
) -> bool:
    """Say how far a job is; within an attempt its progress never falls ([J3]).

    The first event with a stage makes a queued job `processing`.

    Raises:
        ServiceUnavailableError: Postgres stays out of reach for `patience_s`.
    """
    told = {
        "of_job": job_id,
        "by_run": flow_run_id,
        "to_progress": min(max(progress, 0), MAX_RUNNING_PROGRESS),
        "in_stage": None if stage is None else stage.value,
        "with_message": readable(message),
    }
    return bool(await fetch(engine, _progress_statement(), told, patience_s=patience_s))


@cache
def _progress_statement() -> Executable:
    """Make the statement of every progress event; to build and compile one takes a millisecond."""
    stage, run = bindparam("in_stage", type_=Text), bindparam("by_run", type_=Uuid)
    change = (
        change_running(bindparam("of_job", type_=Uuid), None)
        .where(or_(run.is_(None), JobRow.flow_run_id == run))
        .values(
            progress=func.greatest(JobRow.progress, bindparam("to_progress", type_=Integer)),
            message=bindparam("with_message", type_=Text),
            status=case((stage.is_not(None), "processing"), else_=JobRow.status),
            stage=func.coalesce(stage, JobRow.stage),
            started_at=case(
                (stage.is_(None), JobRow.started_at),
                else_=func.coalesce(JobRow.started_at, func.clock_timestamp()),
            ),
        )
    )
    return progress_event(change)


async def append_completed(
    engine: AsyncEngine,
    job_id: UUID,
    *,
    result: dict[str, str],
    flow_run_id: UUID | None = None,
) -> bool:
    """End an attempt with a score; `result` names the blobs that hold it.

    Raises:
        ServiceUnavailableError: Postgres stays out of reach.
    """
    change = change_running(job_id, flow_run_id).values(
        status="completed",
        progress=100,
        message="Completed",
        result=result,
        started_at=func.coalesce(JobRow.started_at, func.statement_timestamp()),
        completed_at=func.clock_timestamp(),
    )
    return await _accepted(engine, completed_event(change))


async def append_failed(
    engine: AsyncEngine,
    job_id: UUID,
    *,
    error: ErrorDetail,
    flow_run_id: UUID | None = None,
) -> bool:
    """End an attempt without a score.

    Raises:
        ServiceUnavailableError: Postgres stays out of reach.
    """
    change = _failing(change_running(job_id, flow_run_id), error)
    return await _accepted(engine, failed_event(change))


async def fail_unlaunched(engine: AsyncEngine, job_id: UUID, *, error: ErrorDetail) -> bool:
    """End the attempt of a job that no run was launched for, as far as anyone noted.

    Raises:
        ServiceUnavailableError: Postgres stays out of reach.
    """
    change = change_running(job_id, None).where(JobRow.flow_run_id.is_(None))
    return await _accepted(engine, failed_event(_failing(change, error)))


async def events_after(
    engine: AsyncEngine, job_id: UUID, after: int, *, limit: int | None = None
) -> Sequence[StoredEvent]:
    """Return a job's events with an id above `after`, in order; at most `limit` of them."""
    statement = (
        select(EventRow.seq.label("id"), EventRow.type, cast(EventRow.body, Text).label("frame"))
        .where(EventRow.job_id == job_id, EventRow.seq > after)
        .order_by(EventRow.seq)
        .limit(limit)
    )
    return [StoredEvent(**row) for row in await fetch(engine, statement)]


def _failing(change: Update, error: ErrorDetail) -> Update:
    told = msgspec.structs.replace(error, message=readable(error.message))
    return change.values(
        status="failed",
        message=told.message,
        error=msgspec.to_builtins(told),
        failed_at=func.clock_timestamp(),
    )


async def _accepted(
    engine: AsyncEngine, statement: Executable, patience_s: float = PATIENCE_S
) -> bool:
    return bool(await fetch(engine, statement, patience_s=patience_s))
