"""The jobs of a bulk run: one for each recording, whichever run works on it, and however often."""

from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.errors import ErrorCode, ScorewireError
from scorewire.jobs.job import JobStatus
from scorewire.jobs.messages import ErrorDetail
from scorewire.jobs.options import Options
from scorewire.jobs.source import Source
from scorewire.store.appending import (
    failed_event,
    failing_where_it_is,
    next_attempt,
    progress_event,
)
from scorewire.store.engine import PATIENCE_S, fetch
from scorewire.store.jobs import insert_job
from scorewire.store.silence import SEEN_EVERY_S, seconds_since_seen
from scorewire.store.tables import UNFINISHED, JobRow

KEY_PREFIX = "bulk:"
"""What the idempotency keys of bulk jobs begin with, by which they are told from all others."""


class StandingJob(msgspec.Struct, frozen=True):
    """The job that a recording has already."""

    job_id: UUID
    status: JobStatus
    source: Source
    error: ErrorDetail | None
    flow_run_id: UUID | None

    @property
    def interrupted(self) -> bool:
        """Whether it failed because its run ended, and not for a reason of its own.

        Whoever cancels a job by itself takes it from its run; who stops the run does not.
        """
        if self.error is None:
            return False
        stopped = self.error.code is ErrorCode.CANCELLED and self.flow_run_id is not None
        return stopped or self.error.code is ErrorCode.WORKER_LOST


def bulk_key(identity: str, options: Options) -> str:
    """Name the job of a recording: its content (SHA-256, or a link) and what is asked of it."""
    content = msgspec.json.encode([identity, options], order="deterministic")
    return f"{KEY_PREFIX}{sha256(content).hexdigest()}"


async def standing_job(engine: AsyncEngine, key: str, *, owner: str | None) -> StandingJob | None:
    """Return the job that this owner has for this key.

    Raises:
        ServiceUnavailableError: Postgres stays out of reach.
    """
    statement = select(
        JobRow.id.label("job_id"), JobRow.status, JobRow.source, JobRow.error, JobRow.flow_run_id
    ).where(func.coalesce(JobRow.owner, "") == (owner or ""), JobRow.idempotency_key == key)
    for row in await fetch(engine, statement, patience_s=PATIENCE_S):
        return msgspec.convert(dict(row), StandingJob)
    return None


async def create_taken_job(  # noqa: PLR0913 - the fields of a job, each given by name
    engine: AsyncEngine,
    *,
    job_id: UUID,
    key: str,
    source: Source,
    options: Options,
    owner: str | None,
    title: str | None,
    flow_run_id: UUID,
) -> bool:
    """Store a new job that a run works on from the first moment.

    Returns:
        Whether it was stored; not where there is a job with this key.

    Raises:
        ServiceUnavailableError: Postgres stays out of reach.
    """
    insertion = (
        insert_job(source=source, options=options, owner=owner, title=title, job_id=job_id)
        .values(idempotency_key=key, flow_run_id=flow_run_id, seen_at=func.clock_timestamp())
        .on_conflict_do_nothing()
        .returning(JobRow.id)
    )
    if await fetch(engine, insertion, patience_s=PATIENCE_S):
        return True
    # The insertion may have been done twice, over a connection that broke.
    ours = select(JobRow.id).where(JobRow.id == job_id)
    return bool(await fetch(engine, ours, patience_s=PATIENCE_S))


async def take_failed_job(engine: AsyncEngine, job_id: UUID, flow_run_id: UUID) -> bool:
    """Open the next attempt of a failed job for a run, unless someone else was quicker.

    Raises:
        ServiceUnavailableError: Postgres stays out of reach.
    """
    change = next_attempt(job_id, flow_run_id).where(JobRow.status == "failed")
    return bool(await fetch(engine, progress_event(change), patience_s=PATIENCE_S))


async def show_life_of_all(engine: AsyncEngine, flow_run_id: UUID) -> None:
    """Write down that a run lives, for all of its jobs at once.

    Raises:
        ServiceUnavailableError: Postgres cannot be reached.
    """
    statement = (
        update(JobRow)
        .where(JobRow.flow_run_id == flow_run_id, UNFINISHED, seconds_since_seen() > SEEN_EVERY_S)
        .values(seen_at=func.clock_timestamp())
        .returning(JobRow.id)
    )
    await fetch(engine, statement)


async def end_jobs_of(engine: AsyncEngine, flow_run_id: UUID, error: ScorewireError) -> list[UUID]:
    """End every job that a run left unfinished, each with its one `error` event.

    Returns:
        The jobs that this call ended.

    Raises:
        ServiceUnavailableError: Postgres stays out of reach.
    """
    change: Any = (
        update(JobRow)
        .where(JobRow.flow_run_id == flow_run_id, UNFINISHED)
        .values(last_seq=JobRow.last_seq + 1)
    )
    statement = failed_event(failing_where_it_is(change, error))
    rows = await fetch(engine, statement, patience_s=PATIENCE_S)
    return [row["job_id"] for row in rows]


async def someone_needs_the_device(engine: AsyncEngine) -> bool:
    """Whether a job that somebody waits for is yet to be separated or transcribed.

    Raises:
        ServiceUnavailableError: Postgres stays out of reach.
    """
    statement = (
        select(JobRow.id)
        .where(
            UNFINISHED,
            or_(JobRow.stage.is_(None), JobRow.stage != "musicxml"),
            or_(
                JobRow.idempotency_key.is_(None),
                JobRow.idempotency_key.not_like(f"{KEY_PREFIX}%"),
            ),
        )
        .limit(1)
    )
    return bool(await fetch(engine, statement, patience_s=PATIENCE_S))
