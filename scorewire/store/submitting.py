"""Creates a job once, however often its request is sent."""

from hashlib import sha256
from uuid import UUID, uuid4

import msgspec
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.errors import IdempotencyKeyReusedError
from scorewire.jobs.job import Job
from scorewire.jobs.options import Options
from scorewire.jobs.source import Source, UploadSource
from scorewire.store.engine import fetch
from scorewire.store.jobs import insert_job, job_view
from scorewire.store.tables import JobRow


class Submitted(msgspec.Struct, frozen=True):
    """The job of a request; `replayed` where an earlier one had made it."""

    job: Job
    replayed: bool


async def submit_job(  # noqa: PLR0913 - the fields of a job, each given by name
    engine: AsyncEngine,
    *,
    source: Source,
    options: Options,
    owner: str | None,
    title: str | None,
    idempotency_key: str | None,
    job_id: UUID | None = None,
) -> Submitted:
    """Store a new queued job, or find the one that the same key of the same owner made before.

    `job_id` is given where files were stored under it before.

    Raises:
        IdempotencyKeyReusedError: the key came before, with another request.
        ServiceUnavailableError: Postgres cannot be reached.
    """
    job_id = job_id or uuid4()
    digest = _digest(source, options)
    insertion = (
        insert_job(source=source, options=options, owner=owner, title=title, job_id=job_id)
        .values(idempotency_key=idempotency_key, request_digest=digest)
        .on_conflict_do_nothing()
        .returning(JobRow)
    )
    # The id as well: the insertion may have been done twice, over a connection that broke.
    same_key = (func.coalesce(JobRow.owner, "") == (owner or "")) & (
        JobRow.idempotency_key == idempotency_key
    )
    standing = select(*JobRow.__table__.columns).where(same_key | (JobRow.id == job_id))
    while True:
        for row in await fetch(engine, insertion):
            return Submitted(job_view(row), replayed=False)
        for row in await fetch(engine, standing):
            if row["request_digest"] != digest:
                message = "This Idempotency-Key came before, with another request; make a new key."
                raise IdempotencyKeyReusedError(message, field="Idempotency-Key")
            return Submitted(job_view(row), replayed=row["id"] != job_id)
        # The job of this key was deleted in between.


def _digest(source: Source, options: Options) -> str:
    told = msgspec.to_builtins(source)
    if isinstance(source, UploadSource):
        del told["blob_key"]  # where a file was put is not what was sent
    return sha256(msgspec.json.encode([told, options], order="deterministic")).hexdigest()
