"""A job as everyone sees it: identity, status, and how far it is."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import msgspec

from scorewire.jobs.messages import ErrorDetail
from scorewire.jobs.stages import Stage


class JobStatus(StrEnum):
    """The only four words for where a job stands ([J1])."""

    QUEUED = "queued"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


TERMINAL_STATUSES = frozenset({JobStatus.COMPLETED, JobStatus.FAILED})


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """The polling view of a job ([P1]); its fields are the wire's."""

    job_id: UUID
    status: JobStatus
    progress: int
    stage: Stage | None
    message: str
    attempt: int
    created_at: datetime
    started_at: datetime | None
    completed_at: datetime | None
    failed_at: datetime | None
    duration_seconds: float | None
    result_url: str | None
    error: ErrorDetail | None
    last_event_id: int
    title: str | None = None
