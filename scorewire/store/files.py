"""Which stored files a job uses: its recording, and what its stages made or found made.

Files are named by their content, so jobs with the same recording share them.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, Text, func, literal, select, true
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.store.engine import PATIENCE_S, fetch
from scorewire.store.tables import JobFileRow, JobRow


async def note_files(engine: AsyncEngine, job_id: UUID, blob_keys: Collection[str]) -> None:
    """Remember that a job uses these files; for a job that was deleted nothing is noted.

    Raises:
        ServiceUnavailableError: Postgres stays out of reach.
    """
    if not blob_keys:
        return
    # In one order everywhere: two jobs with the same files do not wait for each other in a ring.
    named = func.unnest(literal(sorted(blob_keys), ARRAY(Text))).column_valued("blob_key")
    # Whoever deletes one of them is waited for; the caller looks afterwards whether it is there.
    held = select(
        named.label("blob_key"), func.pg_advisory_xact_lock_shared(lock_of(named)).label("held")
    ).cte("held")
    # The lock keeps the job where it is until its files are noted.
    job = select(JobRow.id).where(JobRow.id == job_id)
    locked = job.with_for_update(read=True, key_share=True).cte("job")
    statement = (
        insert(JobFileRow)
        .from_select(
            ["job_id", "blob_key"],
            select(locked.c.id, held.c.blob_key).select_from(locked.join(held, true())),
        )
        .on_conflict_do_nothing()
        .returning(JobFileRow.job_id)
    )
    await fetch(engine, statement, patience_s=PATIENCE_S)


async def files_of_job(engine: AsyncEngine, job_id: UUID) -> Sequence[str]:
    """Return the keys of the files that a job uses, alone or with others.

    Raises:
        ServiceUnavailableError: Postgres cannot be reached.
    """
    made = select(JobFileRow.blob_key).where(JobFileRow.job_id == job_id)
    sent = select(JobRow.source["blob_key"].astext.label("blob_key")).where(
        JobRow.id == job_id, JobRow.source["kind"].astext == "upload"
    )
    return [row["blob_key"] for row in await fetch(engine, made.union(sent))]


def lock_of(blob_key: ColumnElement[str]) -> ColumnElement[int]:
    """The number of the advisory lock that stands for a file: shared to use, alone to delete it."""
    return func.hashtextextended(blob_key, 0)
