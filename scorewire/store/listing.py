"""Lists jobs, newest first, page by page."""

import base64
import binascii
import struct
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta
from sqlalchemy import RowMapping, select, tuple_
from sqlalchemy.ext.asyncio import AsyncEngine

from scorewire.errors import InvalidRequestError
from scorewire.jobs.job import Job, JobStatus
from scorewire.store.appending import readable
from scorewire.store.engine import fetch
from scorewire.store.jobs import job_view
from scorewire.store.tables import JobRow

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_POSITION = struct.Struct(">q16s")


class JobPage(msgspec.Struct, frozen=True):
    """Some jobs, and the cursor of the page after them, if there is one."""

    jobs: Annotated[list[Job], Meta(description="Newest first.")]
    next_cursor: Annotated[
        str | None, Meta(description="Asks for the next page, as `cursor`; null on the last one.")
    ]


async def list_jobs(  # noqa: PLR0913 - what may be asked of a list, each given by name
    engine: AsyncEngine,
    *,
    limit: int,
    cursor: str | None = None,
    statuses: Collection[JobStatus] = (),
    title_part: str | None = None,
    visible_to: str | None = None,
) -> JobPage:
    """Return the next `limit` jobs of an owner, or of everyone where `visible_to` is None.

    A page begins after the job at which the last one ended, so jobs that come in between neither
    move nor repeat any.

    Args:
        engine: the database.
        limit: the most jobs of a page.
        cursor: the `next_cursor` of the page before; None for the first.
        statuses: only jobs with one of these; all where empty.
        title_part: only jobs whose title has these letters in it, in any case.
        visible_to: only this owner's jobs.

    Raises:
        InvalidRequestError: the cursor is none of ours.
        ServiceUnavailableError: Postgres cannot be reached.
    """
    position = tuple_(JobRow.created_at, JobRow.id)
    newest_first = (JobRow.created_at.desc(), JobRow.id.desc())
    # One more than asked for says whether there is another page.
    statement = select(*JobRow.__table__.columns).order_by(*newest_first).limit(limit + 1)
    if visible_to is not None:
        statement = statement.where(JobRow.owner == visible_to)
    if statuses:
        statement = statement.where(JobRow.status.in_(sorted(statuses)))
    if title_part:
        statement = statement.where(JobRow.title.icontains(readable(title_part), autoescape=True))
    if cursor is not None:
        statement = statement.where(position < _decode(cursor))
    rows = await fetch(engine, statement)
    page = rows[:limit]
    return JobPage(
        jobs=[job_view(row) for row in page],
        next_cursor=_encode(page[-1]) if len(rows) > limit else None,
    )


def _encode(row: RowMapping) -> str:
    microseconds = (row["created_at"] - _EPOCH) // _MICROSECOND
    packed = _POSITION.pack(microseconds, row["id"].bytes)
    return base64.urlsafe_b64encode(packed).decode()


def _decode(cursor: str) -> tuple[datetime, UUID]:
    try:
        packed = base64.b64decode(cursor, altchars=b"-_", validate=True)
        microseconds, job_id = _POSITION.unpack(packed)
        return _EPOCH + microseconds * _MICROSECOND, UUID(bytes=job_id)
    except (ValueError, binascii.Error, struct.error, OverflowError) as error:
        message = "The cursor is none that this server gave; start again without it."
        raise InvalidRequestError(message, field="cursor") from error
