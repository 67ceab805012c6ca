"""The wire's messages, exactly as docs/protocol.md lists them.

The three job messages are events: each has its place (`id`) in its job's history. `Heartbeat` and
`Pong` belong to one connection only.
"""

from datetime import datetime
from uuid import UUID

import msgspec

from scorewire.errors import ErrorCode
from scorewire.jobs.stages import Stage


class ErrorDetail(msgspec.Struct, frozen=True, kw_only=True):
    """Why an attempt ended without a score."""

    message: str
    retryable: bool
    stage: Stage | None
    code: ErrorCode


class Progress(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="progress"):
    """Where a running attempt stands; `progress` is 0-100 and never falls within an attempt."""

    job_id: UUID
    id: int
    attempt: int
    progress: int
    stage: Stage | None
    message: str
    timestamp: datetime


class Completed(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="completed"):
    """The score is ready at `result_url`. Ends its attempt."""

    job_id: UUID
    id: int
    attempt: int
    progress: int
    result_url: str
    duration_seconds: float
    timestamp: datetime


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="error"):
    """Nothing more happens unless someone asks for a retry. Ends its attempt."""

    job_id: UUID
    id: int
    attempt: int
    error: ErrorDetail
    timestamp: datetime


class Heartbeat(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="heartbeat"):
    """Sent by the server after a silence."""

    timestamp: datetime


class Pong(msgspec.Struct, frozen=True, kw_only=True, tag_field="type", tag="pong"):
    """The client's answer to a heartbeat."""

    timestamp: datetime


EventMessage = Progress | Completed | Failed
"""A message that is a row in its job's history."""

TERMINAL_TYPES = frozenset({"completed", "error"})
