"""What a person does to end a job: cancel it, delete it."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Text, cast, delete, func, literal, select
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.errors import CancelledJobError, ConflictError
from scorewire.jobs.job import Job
from scorewire.store.appending import CHANNEL, change_running, failed_event, taken_from_its_run
from scorewire.store.engine import fetch
from scorewire.store.jobs import existing_job
from scorewire.store.tables import JobRow

CANCELLED = CancelledJobError("The job was cancelled; start it again with a retry.")
"""What everyone who watches a cancelled job is told ([J5])."""


class Cancelled(msgspec.Struct, frozen=True):
    """A job that was just cancelled, and the run that owned it, if one did."""

    job: Job
    flow_run_id: UUID | None


async def cancel_job(
    engine: AsyncEngine, job_id: UUID, *, visible_to: str | None = None
) -> Cancelled:
    """End a job that has not ended, with its one `error` event, and take it from its run.

    Raises:
        NotFoundError: there is no such job, or it is someone else's ([A3]).
        ConflictError: the job has ended.
        ServiceUnavailableError: Postgres cannot be reached.
    """
    await existing_job(engine, job_id, visible_to=visible_to)
    change = taken_from_its_run(change_running(job_id, None), CANCELLED)
    # All parts of a statement see the rows as they were before it: this is the run of until now.
    owner = select(JobRow.flow_run_id).where(JobRow.id == job_id).scalar_subquery()
    statement = failed_event(change).add_columns(owner.label("flow_run_id"))
    rows = await fetch(engine, statement)
    job = await existing_job(engine, job_id, visible_to=visible_to)
    for row in rows:
        return Cancelled(job, row["flow_run_id"])
    message = f"Only a job that has not ended can be cancelled; this one is {job.status.value}."
    raise ConflictError(message)


async def delete_job(engine: AsyncEngine, job_id: UUID) -> bool:
    """Remove a job with its events, and tell those who watch it.

    Returns:
        Whether there was such a job.

    Raises:
        ServiceUnavailableError: Postgres cannot be reached.
    """
    gone = delete(JobRow).where(JobRow.id == job_id).returning(JobRow.id).cte("gone")
    announcement: Any = func.jsonb_build_object(
        literal("job_id", Text), gone.c.id, literal("id", Text), 0,
        literal("type", Text), literal("deleted", Text),
    )  # fmt: skip
    statement = select(gone.c.id, func.pg_notify(CHANNEL, cast(announcement, Text)))
    return bool(await fetch(engine, statement))
