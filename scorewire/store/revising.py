"""What a person does to a job that has its score: give it another name, have it written anew."""

from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import Text, func, literal, update
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.errors import ConflictError, InvalidRequestError
from scorewire.jobs.job import TERMINAL_STATUSES, Job
from scorewire.store.appending import next_attempt, progress_event, readable
from scorewire.store.engine import fetch
from scorewire.store.jobs import existing_job, get_request
from scorewire.store.tables import JobRow


async def rename_job(
    engine: AsyncEngine, job_id: UUID, title: str, *, visible_to: str | None = None
) -> Job:
    """Give a job another title, whatever its status; no event tells of it.

    Raises:
        NotFoundError: there is no such job, or it is someone else's ([A3]).
        ServiceUnavailableError: Postgres cannot be reached.
    """
    await existing_job(engine, job_id, visible_to=visible_to)
    change = update(JobRow).where(JobRow.id == job_id).values(title=readable(title))
    await fetch(engine, change.returning(JobRow.id))
    return await existing_job(engine, job_id, visible_to=visible_to)


async def open_revision(
    engine: AsyncEngine,
    job_id: UUID,
    *,
    notation: dict[str, Any],
    title: str | None = None,
    visible_to: str | None = None,
) -> None:
    """Queue a job that has a score once more, with some of its options changed ([J3]).

    The score stays until there is another, and so it does where the revision fails: a job whose
    revision failed can be revised again, as well as retried.

    Args:
        engine: the database.
        job_id: the job.
        notation: fields of `NotationOptions` that change.
        title: another title, where it changes.
        visible_to: only for this owner's job.

    Raises:
        NotFoundError: there is no such job, or it is someone else's ([A3]).
        ConflictError: the job has no score, or has not ended.
        InvalidRequestError: what changes does not go with what was asked for before.
        ServiceUnavailableError: Postgres cannot be reached.
    """
    await existing_job(engine, job_id, visible_to=visible_to)
    asked = (await get_request(engine, job_id)).options.notation
    try:
        msgspec.structs.replace(asked, **notation)
    except ValueError as error:
        message = f"{error}: have them as heard, or choose another metre."
        raise InvalidRequestError(message, field="swing") from error
    # In SQL, so that no other change of the options is lost.
    known = func.coalesce(JobRow.options["notation"], literal({}, JSONB))
    changed = func.jsonb_build_object(
        literal("notation", Text), known.op("||")(literal(notation, JSONB))
    )
    change = (
        next_attempt(job_id, None)
        .where(JobRow.status.in_(sorted(TERMINAL_STATUSES)), JobRow.result.is_not(None))
        .values(options=JobRow.options.op("||")(changed))
    )
    if title is not None:
        change = change.values(title=readable(title))
    if not await fetch(engine, progress_event(change)):
        job = await existing_job(engine, job_id, visible_to=visible_to)
        message = (
            "Only a job that has a score and is not at work can be revised; "
            f"this one is {job.status.value}."
        )
        raise ConflictError(message)
