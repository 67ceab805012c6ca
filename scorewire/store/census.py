"""Figures about many jobs at once, and about an attempt that has ended."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
from sqlalchemy import Integer, Text, and_, cast, func, or_, select

from scorewire.jobs.durations import StageBegin
from scorewire.jobs.stages import Stage
from scorewire.store.engine import Engine, fetch
from scorewire.store.tables import UNFINISHED, EventRow, JobRow

RECENT = timedelta(days=1)


class Count(msgspec.Struct, frozen=True):
    """How many jobs have a status in a stage.

    Attributes:
        status: the status.
        stage: the stage; None before the first.
        jobs: how many.
        oldest_s: for queued ones, how long the first of them has waited, in seconds.
    """

    status: str
    stage: str | None
    jobs: int
    oldest_s: float | None


class EndedAttempt(msgspec.Struct, frozen=True):
    """An attempt that has ended.

    Attributes:
        type: `completed` or `error`.
        code: the error's code; None for a score.
        ended_at: when.
        duration_s: how long it worked, in seconds; None without a score.
        begins: how each stage began.
    """

    type: str
    code: str | None
    ended_at: datetime
    duration_s: float | None
    begins: Sequence[StageBegin]


async def count_jobs(engine: Engine) -> Sequence[Count]:
    """Count unfinished jobs, and those that have ended of the last day's submissions.

    Indexes serve it, so it costs what is under way and not what was ever done.

    Raises:
        ServiceUnavailableError: Postgres cannot be reached.
    """
    # A job that is tried again waits from its retry on, which its newest event tells.
    queued = and_(
        EventRow.job_id == JobRow.id, EventRow.seq == JobRow.last_seq, JobRow.status == "queued"
    )
    since = func.coalesce(EventRow.created_at, JobRow.created_at)
    statement = (
        select(
            JobRow.status,
            JobRow.stage,
            func.count().label("jobs"),
            func.extract("epoch", func.clock_timestamp() - func.min(since)).label("oldest_s"),
        )
        .select_from(JobRow)
        .outerjoin(EventRow, queued)
        .where(
            or_(
                UNFINISHED,
                JobRow.created_at > func.now() - RECENT,
            )
        )
        .group_by(JobRow.status, JobRow.stage)
    )
    return [
        Count(
            row["status"],
            row["stage"],
            row["jobs"],
            float(row["oldest_s"]) if row["status"] == "queued" else None,
        )
        for row in await fetch(engine, statement)
    ]


async def ended_attempt(engine: Engine, job_id: UUID, event_id: int) -> EndedAttempt | None:
    """Return what the rows tell of the attempt that an event ended; None where they are gone.

    Raises:
        ServiceUnavailableError: Postgres cannot be reached.
    """
    end = select(EventRow.type, EventRow.attempt, EventRow.body, EventRow.created_at).where(
        EventRow.job_id == job_id, EventRow.seq == event_id
    )
    for row in await fetch(engine, end):
        stage = cast(EventRow.body["stage"].astext, Text)
        begins = (
            select(
                stage.label("stage"),
                EventRow.created_at,
                cast(EventRow.body["progress"].astext, Integer).label("progress"),
            )
            .distinct(stage)
            .where(
                EventRow.job_id == job_id,
                EventRow.attempt == row["attempt"],
                EventRow.type == "progress",
                stage.is_not(None),
            )
            .order_by(stage, EventRow.seq)
        )
        return EndedAttempt(
            type=row["type"],
            code=row["body"].get("error", {}).get("code"),
            ended_at=row["created_at"],
            duration_s=row["body"].get("duration_seconds"),
            begins=[
                StageBegin(Stage(found["stage"]), found["created_at"], found["progress"])
                for found in await fetch(engine, begins)
            ],
        )
    return None
