"""Bodies of requests and answers."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec

from scorewire.jobs.job import JobStatus
from scorewire.jobs.options import Options


class TranscribeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A recording to be fetched, and what is known about it."""

    youtube_url: Annotated[str, msgspec.Meta(min_length=1, max_length=2048)]
    options: Options = Options()


class JobAccepted(msgspec.Struct, frozen=True):
    """A job that now exists, and where it can be watched.

    `status` is `queued`, or `failed` where the work could not be started: the job then waits for
    a retry.
    """

    job_id: UUID
    status: JobStatus
    created_at: datetime
    websocket_url: str
    status_url: str
    events_url: str


class Readiness(msgspec.Struct, frozen=True):
    """Whether this service can do its work, and which part keeps it from it."""

    ready: bool
    database: bool
    listener: bool
    prefect: bool


class Liveness(msgspec.Struct, frozen=True):
    """The process answers."""

    status: str = "ok"
