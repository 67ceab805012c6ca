"""Append events to a job's history, and read it.

A refused event (the job has ended, another run owns it, there is no such job) is no error: the
functions return False and nothing was written.
"""

from collections.abc import Sequence
from uuid import UUID

import msgspec
from sqlalchemy import Executable, Text, cast, func, select
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
    change = change_running(job_id, flow_run_id).values(
        progress=func.greatest(JobRow.progress, min(max(progress, 0), MAX_RUNNING_PROGRESS)),
        message=readable(message),
    )
    if stage is not None:
        change = change.values(
            status="processing",
            stage=stage.value,
            started_at=func.coalesce(JobRow.started_at, func.clock_timestamp()),
        )
    return await _accepted(engine, progress_event(change), patience_s)


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
    told = msgspec.structs.replace(error, message=readable(error.message))
    change = change_running(job_id, flow_run_id).values(
        status="failed",
        message=told.message,
        error=msgspec.to_builtins(told),
        failed_at=func.clock_timestamp(),
    )
    return await _accepted(engine, failed_event(change))


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


async def _accepted(
    engine: AsyncEngine, statement: Executable, patience_s: float = PATIENCE_S
) -> bool:
    return bool(await fetch(engine, statement, patience_s=patience_s))
