"""What past jobs say about how long one will still take."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Float, Integer, cast, exists, func, or_, select
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import aliased

from scorewire.jobs.estimating import Estimate, Past, remaining_s
from scorewire.jobs.job import TERMINAL_STATUSES
from scorewire.store.engine import fetch
from scorewire.store.jobs import existing_job
from scorewire.store.tables import EventRow, JobRow

PAST_JOBS = 20


async def estimate_job(
    engine: AsyncEngine, job_id: UUID, *, visible_to: str | None = None
) -> Estimate:
    """Estimate a job by the newest ones of its kind: whoever's, as durations tell nothing else.

    Of its kind are jobs with the same word on the recording and on separation; a first attempt is
    held against first attempts, as others find results of stages.

    Raises:
        NotFoundError: there is no such job, or it is someone else's ([A3]).
        ServiceUnavailableError: Postgres cannot be reached.
    """
    job = await existing_job(engine, job_id, visible_to=visible_to)
    if job.status in TERMINAL_STATUSES:
        return Estimate(remaining_s=None, elapsed_s=job.duration_seconds)
    past = [Past(**row) for row in await fetch(engine, _past(job_id, job.progress))]
    newest = (
        select(func.max(EventRow.created_at))
        .where(EventRow.job_id == JobRow.id, EventRow.attempt == JobRow.attempt)
        .scalar_subquery()
    )
    now = func.clock_timestamp()
    clocks = select(
        _seconds(now - JobRow.started_at).label("elapsed_s"),
        _seconds(newest - JobRow.started_at).label("reached_s"),
    ).where(JobRow.id == job_id)
    for row in await fetch(engine, clocks):
        elapsed_s = row["elapsed_s"]
        remaining = remaining_s(past, reached_s=row["reached_s"] or 0.0, elapsed_s=elapsed_s or 0.0)
        shown = None if elapsed_s is None else round(elapsed_s, 1)
        return Estimate(remaining_s=remaining, elapsed_s=shown)
    return Estimate(remaining_s=None, elapsed_s=None)  # deleted meanwhile


def _past(job_id: UUID, progress: int) -> Any:  # noqa: ANN401 - SQLAlchemy's own type has four parameters
    other = aliased(JobRow)
    first_there = (
        select(func.min(EventRow.created_at))
        .where(
            EventRow.job_id == other.id,
            EventRow.attempt == other.attempt,
            or_(
                EventRow.type == "completed",
                cast(EventRow.body["progress"].astext, Integer) >= progress,
            ),
        )
        .scalar_subquery()
    )
    return (
        select(
            _seconds(other.completed_at - other.started_at).label("duration_s"),
            func.greatest(_seconds(first_there - other.started_at), 0.0).label("reached_s"),
        )
        .join(JobRow, JobRow.id == job_id)
        .where(
            other.status == "completed",
            # Of one whose events are no longer kept nothing can be learnt.
            exists().where(EventRow.job_id == other.id, EventRow.seq == 1),
            (other.attempt == 1) == (JobRow.attempt == 1),
            *(
                other.options[kind].astext == JobRow.options[kind].astext
                for kind in ("recording", "separation")
            ),
        )
        .order_by(other.created_at.desc())
        .limit(PAST_JOBS)
    )


def _seconds(span: ColumnElement[Any]) -> ColumnElement[float]:
    return cast(func.extract("epoch", span), Float)
