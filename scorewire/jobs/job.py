"""A job as everyone sees it: identity, status, and how far it is."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

import msgspec
from msgspec import Meta

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

    job_id: Annotated[UUID, Meta(description="The job's id, by which it is asked for.")]
    status: Annotated[
        JobStatus, Meta(description="Where the job stands; the last two words are final.")
    ]
    progress: Annotated[
        int, Meta(ge=0, le=100, description="Percent; it never falls within an attempt.")
    ]
    stage: Annotated[
        Stage | None, Meta(description="The stage at work; null until the first has begun.")
    ]
    message: Annotated[str, Meta(description="One sentence for people: what is being done.")]
    attempt: Annotated[int, Meta(ge=1, description="Which attempt this is, from 1.")]
    created_at: Annotated[datetime, Meta(description="When the job was submitted.")]
    started_at: Annotated[
        datetime | None, Meta(description="When work on the attempt began; null while queued.")
    ]
    completed_at: Annotated[datetime | None, Meta(description="When the score was ready.")]
    failed_at: Annotated[datetime | None, Meta(description="When the attempt failed.")]
    duration_seconds: Annotated[
        float | None, Meta(description="How long a completed attempt worked.")
    ]
    result_url: Annotated[
        str | None, Meta(description="Where the score is, as a path; null until there is one.")
    ]
    error: Annotated[ErrorDetail | None, Meta(description="Why the attempt failed.")]
    last_event_id: Annotated[
        int,
        Meta(ge=0, description="The newest event that this includes; a stream's `after` takes it."),
    ]
    flow_run_id: Annotated[
        UUID | None, Meta(description="The run in Prefect that works on it, or did so last.")
    ] = None
    title: Annotated[
        str | None, Meta(description="What the score is called: as asked for, or the recording's.")
    ] = None
