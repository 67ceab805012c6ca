"""What may go: stored files that no job needs any more, and the history of jobs that have ended."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import (
    BindParameter,
    Float,
    Select,
    Text,
    cast,
    delete,
    func,
    literal,
    select,
    true,
    tuple_,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.sql.selectable import CompoundSelect

from scorewire.store.engine import fetch, transaction
from scorewire.store.files import lock_of
from scorewire.store.tables import UNFINISHED, EventRow, JobFileRow, JobRow

_ENDED_AT = func.coalesce(JobRow.completed_at, JobRow.failed_at)
_ENDED_S = cast(func.extract("epoch", func.clock_timestamp() - _ENDED_AT), Float)


class Use(msgspec.Struct, frozen=True):
    """Who uses a stored file.

    Attributes:
        blob_key: the file.
        at_work: whether a job that has not ended does.
        ended_s: how long ago the last of the others ended; None where there are no others.
    """

    blob_key: str
    at_work: bool
    ended_s: float | None


async def uses_of(engine: AsyncEngine, blob_keys: Collection[str]) -> dict[str, Use]:
    """Say who uses which of these files; one that is missing in the answer is named by no row.

    Raises:
        ServiceUnavailableError: Postgres cannot be reached.
    """
    rows = await fetch(engine, _uses(blob_keys))
    return {row["blob_key"]: Use(**row) for row in rows}


@asynccontextmanager
async def held_file(
    engine: AsyncEngine, blob_key: str, *, but_for: UUID | None = None
) -> AsyncIterator[Use | None]:
    """Within the block, no job can begin to use the file; gives who does.

    A file may only be deleted within such a block: a job that finds it made by another notes its
    use first, and looks whether it is there afterwards.

    Args:
        engine: the database.
        blob_key: the file.
        but_for: a job whose use does not count, as it is going to be deleted.

    Raises:
        ServiceUnavailableError: Postgres cannot be reached.
    """
    async with transaction(engine) as ask:
        await ask(select(func.pg_advisory_xact_lock(lock_of(literal(blob_key, Text)))))
        # A statement of its own: it sees what was noted while the lock was waited for.
        rows = await ask(_uses([blob_key], but_for))
        yield Use(**rows[0]) if rows else None


async def trim_events(engine: AsyncEngine, *, ended_s: float, limit: int) -> int:
    """Delete some of the events of jobs that ended longer than `ended_s` ago.

    The newest of a job stays, which tells how it ended: whoever connects later is told.

    Returns:
        How many were deleted; fewer than `limit` means that none are left.

    Raises:
        ServiceUnavailableError: Postgres cannot be reached.
    """
    old = (
        select(EventRow.job_id, EventRow.seq)
        .join(JobRow, JobRow.id == EventRow.job_id)
        .where(ended_s < _ENDED_S, EventRow.seq < JobRow.last_seq)
        .limit(limit)
        .with_for_update(of=EventRow, skip_locked=True)
    )
    gone = delete(EventRow).where(tuple_(EventRow.job_id, EventRow.seq).in_(old))
    return len(await fetch(engine, gone.returning(EventRow.seq)))


def _uses(blob_keys: Collection[str], but_for: UUID | None = None) -> Select[Any]:
    keys = literal(list(blob_keys), ARRAY(Text))
    used = _claims(keys).subquery()
    return (
        select(
            used.c.blob_key,
            func.bool_or(UNFINISHED).label("at_work"),
            func.min(_ENDED_S).label("ended_s"),
        )
        .join(JobRow, JobRow.id == used.c.job_id)
        .where(true() if but_for is None else JobRow.id != but_for)
        .group_by(used.c.blob_key)
    )


def _claims(keys: BindParameter[Any]) -> CompoundSelect[Any]:
    """Who names which of these files: its stages, its submission, or its score."""
    noted = select(JobFileRow.job_id, JobFileRow.blob_key).where(
        JobFileRow.blob_key == func.any(keys)
    )
    sent_key = JobRow.source["blob_key"].astext
    sent = select(JobRow.id, sent_key).where(sent_key == func.any(keys))
    made_of = func.jsonb_each_text(JobRow.result).table_valued("key", "value")
    made = (
        select(JobRow.id, made_of.c.value)
        .join(made_of, true())
        .where(JobRow.result.is_not(None), made_of.c.value == func.any(keys))
    )
    return union(noted, sent, made)
