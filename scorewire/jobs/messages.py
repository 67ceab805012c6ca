"""The wire's messages, exactly as docs/protocol.md lists them.

The three job messages are events: each has its place (`id`) in its job's history. `Heartbeat` and
`Pong` belong to one connection only. The published schema and its descriptions come from here.
"""

from datetime import datetime
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

from scorewire.errors import ErrorCode
from scorewire.jobs.stages import Stage


class ErrorDetail(msgspec.Struct, frozen=True, kw_only=True):
    """Why an attempt ended without a score."""

    message: Annotated[str, Meta(description="One sentence for people: what failed, what to do.")]
    retryable: Annotated[bool, Meta(description="Whether a retry of the job may succeed.")]
    stage: Annotated[
        Stage | None, Meta(description="The stage that failed; null where the fault lies in none.")
    ]
    code: Annotated[
        ErrorCode,
        Meta(
            description="What failed, as one of the codes of this version. A later version may "
            "have more: go by `retryable` where a code is unknown."
        ),
    ]


JobId = Annotated[UUID, Meta(description="The job that the message is about.")]
EventId = Annotated[
    int,
    Meta(
        ge=0,
        description="The event's place in its job's history, from 1 without gaps; 0 for the "
        "greeting of a job without events. `?after=` and `Last-Event-ID` take it.",
    ),
]
Attempt = Annotated[
    int, Meta(ge=1, description="Which attempt at the job this belongs to; a retry opens the next.")
]
Timestamp = Annotated[
    datetime, Meta(tz=True, description="When it happened: UTC, ISO 8601, ending in `Z`.")
]


class Progress(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="progress"):
    """Where a running attempt stands."""

    job_id: JobId
    id: EventId
    attempt: Attempt
    progress: Annotated[
        int, Meta(ge=0, le=100, description="Percent; it never falls within an attempt.")
    ]
    stage: Annotated[
        Stage | None, Meta(description="The stage at work; null until the first has begun.")
    ]
    message: Annotated[str, Meta(description="One sentence for people: what is being done.")]
    timestamp: Timestamp


class Completed(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="completed"):
    """The score is ready. Ends its attempt."""

    job_id: JobId
    id: EventId
    attempt: Attempt
    progress: Annotated[int, Meta(ge=0, le=100, description="Always 100.")]
    result_url: Annotated[
        str, Meta(description="Where the score is, as a path on the server that tells it.")
    ]
    duration_seconds: Annotated[
        float, Meta(ge=0, description="How long the attempt worked, without its time in the queue.")
    ]
    timestamp: Timestamp


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="error"):
    """Nothing more happens unless someone asks for a retry. Ends its attempt."""

    job_id: JobId
    id: EventId
    attempt: Attempt
    error: ErrorDetail
    timestamp: Timestamp


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="heartbeat"):
    """Sent by the server after a silence; answer with a pong."""

    timestamp: Timestamp


class Pong(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="pong"):
    """The client's answer to a heartbeat."""

    # The zone is not demanded: whoever answers is alive, whatever its clock says.
    timestamp: Annotated[
        datetime,
        Meta(
            description="The client's own time, ISO 8601; the server does not depend on it.",
            extra_json_schema={"format": "date-time"},
        ),
    ]


EventMessage = Progress | Completed | Failed
"""A message that is a row in its job's history."""

ServerMessage = EventMessage | Heartbeat
"""A message that a server sends."""

TERMINAL_TYPES = frozenset({"completed", "error"})
