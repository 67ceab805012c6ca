"""Runs that fall silent, and jobs that nobody launched: what a process that dies leaves behind.

A run shows life by writing `seen_at`. Whoever finds it silent for too long ends its job; all
moments are the database's own, so that no two clocks need to agree.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.errors import WorkerLostError
from scorewire.jobs.job import Job, JobStatus
from scorewire.store.appending import failed_event, taken_from_its_run
from scorewire.store.engine import fetch
from scorewire.store.jobs import job_view
from scorewire.store.tables import UNFINISHED, EventRow, JobRow

SEEN_EVERY_S = 5.0
"""How old a sign of life may get before the next one is written."""

LOST = WorkerLostError("The process working on this job was lost; try again.")
"""What everyone is told who watches a job whose process died ([J5])."""

LOOKS_WITHIN_A_SILENCE = 5
"""A job ends at the latest one look after its silence was long enough: after 54 s by default."""

_SEEN_AT = JobRow.__table__.c.seen_at


async def show_life(
    engine: AsyncEngine, job_id: UUID, flow_run_id: UUID, *, every_s: float = SEEN_EVERY_S
) -> JobStatus | None:
    """Look at a run's job, and write down that the run lives where that was not done of late.

    Nobody is told, so it costs a row and no event.

    Returns:
        The job's status; None where it is not (or no longer) this run's: cancelled, given up for
        lost, handed on or deleted.

    Raises:
        ServiceUnavailableError: Postgres cannot be reached.
    """
    own = (JobRow.id == job_id, JobRow.flow_run_id == flow_run_id)
    sign = (
        update(JobRow)
        .where(*own, UNFINISHED, seconds_since_seen() > every_s)
        .values(seen_at=func.clock_timestamp())
        .returning(JobRow.id)
        .cte("sign")
    )
    for row in await fetch(engine, select(JobRow.status).where(*own).add_cte(sign)):
        return JobStatus(row["status"])
    return None


async def end_silent_jobs(
    engine: AsyncEngine, *, now: datetime, silence_s: float
) -> Sequence[UUID]:
    """End every job whose run was silent for longer than `silence_s` at the moment `now`.

    Each ends with its one `error` event and is taken from its run, which may be alive and merely
    stopped. Processes that do so at once share the jobs among them; none waits for another.

    Returns:
        The jobs that this call ended.

    Raises:
        ServiceUnavailableError: Postgres cannot be reached.
    """
    silent = (
        select(JobRow.id)
        .where(UNFINISHED, _distance_s(now, _SEEN_AT) > silence_s)
        .with_for_update(skip_locked=True)
        .cte("silent")
    )
    change = (
        update(JobRow)
        .where(JobRow.id.in_(select(silent.c.id)))
        .values(last_seq=JobRow.last_seq + 1)
    )
    rows = await fetch(engine, failed_event(taken_from_its_run(change, LOST)))
    return [row["job_id"] for row in rows]


async def forgotten_jobs(engine: AsyncEngine, *, waited_s: float) -> Sequence[Job]:
    """Return the jobs that wait for longer than `waited_s` without a run, oldest first.

    Raises:
        ServiceUnavailableError: Postgres cannot be reached.
    """
    # What opened a later attempt is the newest event; before its first a job has none.
    reopened_at = (
        select(EventRow.created_at)
        .where(EventRow.job_id == JobRow.id, EventRow.seq == JobRow.last_seq)
        .scalar_subquery()
    )
    queued_at = func.coalesce(reopened_at, JobRow.created_at)
    statement = (
        select(*JobRow.__table__.columns)
        .where(
            JobRow.status == "queued",
            JobRow.flow_run_id.is_(None),
            _distance_s(func.clock_timestamp(), queued_at) > waited_s,
        )
        .order_by(JobRow.created_at)
    )
    return [job_view(row) for row in await fetch(engine, statement)]


async def database_time(engine: AsyncEngine) -> datetime:
    """Read the database's clock.

    Raises:
        ServiceUnavailableError: Postgres cannot be reached.
    """
    (row,) = await fetch(engine, select(func.clock_timestamp().label("now")))
    now: datetime = row["now"]
    return now


class Witness:
    """Whether the silence of others can be believed.

    While the database is away, or the whole machine sleeps, nobody can write; afterwards everyone
    seems silent. So only who has itself reached the database for the length of a silence, without
    a gap, may call it one. A clock that is set forward or back is such a gap as well.

    Args:
        silence_s: how long the others must be silent.
        gap_s: between two looks at the database's clock, this is no gap yet.
    """

    def __init__(self, *, silence_s: float, gap_s: float) -> None:
        self._silence = timedelta(seconds=silence_s)
        self._gap = timedelta(seconds=gap_s)
        self._since: datetime | None = None
        self._last: datetime | None = None

    def believes(self, now: datetime) -> bool:
        """Take note of a look at the database's clock; say whether silences until then count."""
        unbroken = self._last is not None and timedelta(0) <= now - self._last <= self._gap
        if self._since is None or not unbroken:
            self._since = now
        self._last = now
        return now - self._since >= self._silence


def seconds_since_seen() -> ColumnElement[float]:
    """How old the last sign of life of a job's run is."""
    return _distance_s(func.clock_timestamp(), _SEEN_AT)


def _distance_s(
    one: datetime | ColumnElement[datetime], other: ColumnElement[Any]
) -> ColumnElement[float]:
    # A moment in the future was written before the clock was set back: it is no news either.
    return func.abs(func.extract("epoch", one - other))
