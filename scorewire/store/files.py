"""Which stored files a job uses: its recording, and what its stages made or found made.

Files are named by their content, so jobs with the same recording share them.
"""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import Text, exists, func, literal, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncEngine
from sqlalchemy.orm import aliased

from scorewire.store.engine import PATIENCE_S, fetch
from scorewire.store.tables import JobFileRow, JobRow


async def note_files(engine: AsyncEngine, job_id: UUID, blob_keys: Collection[str]) -> None:
    """Remember that a job uses these files; for a job that was deleted nothing is noted.

    Raises:
        ServiceUnavailableError: Postgres stays out of reach.
    """
    if not blob_keys:
        return
    keys = func.unnest(literal(list(blob_keys), ARRAY(Text)))
    # The lock keeps the job where it is until its files are noted.
    job = select(JobRow.id).where(JobRow.id == job_id)
    locked = job.with_for_update(read=True, key_share=True).cte("job")
    statement = (
        insert(JobFileRow)
        .from_select(["job_id", "blob_key"], select(locked.c.id, keys))
        .on_conflict_do_nothing()
        .returning(JobFileRow.job_id)
    )
    await fetch(engine, statement, patience_s=PATIENCE_S)


async def files_of_job_alone(engine: AsyncEngine, job_id: UUID) -> Sequence[str]:
    """Return the keys of the files that this job uses and no other does.

    Raises:
        ServiceUnavailableError: Postgres cannot be reached.
    """
    other = aliased(JobFileRow)
    shared = exists().where(other.blob_key == JobFileRow.blob_key, other.job_id != job_id)
    made = select(JobFileRow.blob_key).where(JobFileRow.job_id == job_id, ~shared)
    sent = select(JobRow.source["blob_key"].astext.label("blob_key")).where(
        JobRow.id == job_id, JobRow.source["kind"].astext == "upload"
    )
    return [row["blob_key"] for row in await fetch(engine, made.union(sent))]
