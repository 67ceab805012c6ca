"""Bodies of requests and answers."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from scorewire.jobs.job import JobStatus
from scorewire.jobs.options import Options


class TranscribeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A recording to be fetched, and what is known about it."""

    youtube_url: Annotated[
        str,
        Meta(
            min_length=1,
            max_length=2048,
            description="Where the recording is; the server knows which hosts it may fetch from.",
            examples=["https://www.youtube.com/watch?v=dQw4w9WgXcQ"],
        ),
    ]
    options: Annotated[Options, Meta(description="All of them may be left out.")] = Options()


class JobAccepted(msgspec.Struct, frozen=True):
    """A job that now exists, and where it can be watched.

    `status` is `queued`, or `failed` where the work could not be started: the job then waits for
    a retry.
    """

    job_id: Annotated[UUID, Meta(description="The job's id, by which it is asked for.")]
    status: Annotated[
        JobStatus,
        Meta(description="`queued`, or `failed` where the work could not be started: then retry."),
    ]
    created_at: Annotated[datetime, Meta(description="When the job was submitted.")]
    websocket_url: Annotated[
        str, Meta(description="Where the job is watched, at the host that was asked.")
    ]
    status_url: Annotated[str, Meta(description="Where the job is polled, as a path.")]
    events_url: Annotated[
        str, Meta(description="Where the job is watched as Server-Sent Events, as a path.")
    ]


class Readiness(msgspec.Struct, frozen=True):
    """Whether this service can do its work, and which part keeps it from it."""

    ready: Annotated[bool, Meta(description="All of the others.")]
    database: Annotated[bool, Meta(description="Postgres answers.")]
    listener: Annotated[bool, Meta(description="Events reach the streams of this process.")]
    prefect: Annotated[bool, Meta(description="Prefect's server answers.")]


class Liveness(msgspec.Struct, frozen=True):
    """The process answers."""

    status: Annotated[str, Meta(description="Always `ok`.")] = "ok"
