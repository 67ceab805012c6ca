"""The one statement that every event goes through.

It updates the job, inserts the event and notifies watchers in one round trip, under the lock of
the job's row: sequence numbers have no gaps, and notifications leave in their order ([J2]). The
guard stands in its WHERE, so a refused event changes nothing.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    CTE,
    BindParameter,
    ColumnElement,
    Select,
    Text,
    Update,
    case,
    cast,
    func,
    insert,
    literal,
    select,
    update,
)

from scorewire.errors import ScorewireError
from scorewire.jobs.job import TERMINAL_STATUSES
from scorewire.store.tables import EventRow, JobRow

CHANNEL = "job_events"
MAX_PAYLOAD_BYTES = 7_500
"""Postgres refuses payloads of 8,000 bytes; what does not fit is announced by its id alone."""

MAX_MESSAGE_CHARS = 2_000


def readable(message: str) -> str:
    """Cut a text to a sane length and drop what Postgres cannot store (NUL, lone surrogates)."""
    cleaned = message.encode("utf-8", "replace").decode().replace("\x00", "")
    if len(cleaned) <= MAX_MESSAGE_CHARS:
        return cleaned
    return cleaned[: MAX_MESSAGE_CHARS - 1] + "…"


def wire_time(moment: ColumnElement[datetime]) -> ColumnElement[str]:
    """Write a moment as the wire does: UTC, ISO 8601, ending in Z ([M2])."""
    return func.to_char(func.timezone("UTC", moment), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')


def change_running(job_id: UUID | BindParameter[UUID], flow_run_id: UUID | None) -> Update:
    """Update a job that has not ended; with `flow_run_id`, only if that run still owns it."""
    statement = (
        update(JobRow)
        .where(JobRow.id == job_id, JobRow.status.not_in(sorted(TERMINAL_STATUSES)))
        .values(last_seq=JobRow.last_seq + 1)
    )
    if flow_run_id is None:
        return statement
    return statement.where(JobRow.flow_run_id == flow_run_id)


def next_attempt(job_id: UUID, flow_run_id: UUID | None) -> Update:
    """Queue a job once more, for a run yet to come or for this one; what it has made stays."""
    return (
        update(JobRow)
        .where(JobRow.id == job_id)
        .values(
            status="queued",
            attempt=JobRow.attempt + 1,
            last_seq=JobRow.last_seq + 1,
            progress=0,
            stage=None,
            message=literal("Queued for attempt ", Text) + cast(JobRow.attempt + 1, Text),
            error=None,
            failed_at=None,
            completed_at=None,
            started_at=None,
            flow_run_id=flow_run_id,
            seen_at=None if flow_run_id is None else func.clock_timestamp(),
        )
    )


def reopen_failed(job_id: UUID, flow_run_id: UUID | None) -> Select[Any]:
    """Open the next attempt of a failed job: for a run yet to come, or for the one that owns it."""
    change = next_attempt(job_id, flow_run_id).where(JobRow.status == "failed")
    if flow_run_id is not None:
        change = change.where(JobRow.flow_run_id == flow_run_id)
    return progress_event(change)


def failing_where_it_is(change: Update, error: ScorewireError) -> Update:
    """Fail a job in the stage that it is in at that very moment."""
    detail = func.jsonb_build_object(
        literal("message", Text), literal(error.message, Text),
        literal("retryable", Text), literal(error.retryable),
        literal("stage", Text), JobRow.stage,
        literal("code", Text), literal(error.code.value, Text),
    )  # fmt: skip
    return change.values(
        status="failed",
        message=error.message,
        error=detail,
        failed_at=func.clock_timestamp(),
    )


def taken_from_its_run(change: Update, error: ScorewireError) -> Update:
    """Fail a job as `failing_where_it_is` does, and leave it to no run.

    A run that no longer owns the job can neither report nor claim it again, whether or not the run
    itself can be reached.
    """
    return failing_where_it_is(change, error).values(flow_run_id=None)


def progress_event(change: Update) -> Select[Any]:
    """Append a `progress` event that tells what `change` made of the job."""
    job = change.returning(JobRow).cte("job")
    body = {
        "progress": job.c.progress,
        "stage": job.c.stage,
        "message": job.c.message,
        "timestamp": wire_time(func.clock_timestamp()),
    }
    return _append(job, "progress", body)


def completed_event(change: Update) -> Select[Any]:
    """Append the `completed` event of a job that `change` completes."""
    job = change.returning(JobRow).cte("job")
    seconds = func.extract("epoch", job.c.completed_at - job.c.started_at)
    body = {
        "progress": job.c.progress,
        "result_url": literal("/api/v1/scores/", Text) + cast(job.c.id, Text),
        "duration_seconds": func.round(seconds, 3),
        "timestamp": wire_time(job.c.completed_at),
    }
    return _append(job, "completed", body)


def failed_event(change: Update) -> Select[Any]:
    """Append the `error` event of a job that `change` fails."""
    job = change.returning(JobRow).cte("job")
    body = {"error": job.c.error, "timestamp": wire_time(job.c.failed_at)}
    return _append(job, "error", body)


def _append(job: CTE, event_type: str, body: dict[str, ColumnElement[Any]]) -> Select[Any]:
    message = {
        "type": literal(event_type, Text),
        "job_id": job.c.id,
        "id": job.c.last_seq,
        "attempt": job.c.attempt,
        **body,
    }
    pairs = [part for name, value in message.items() for part in (literal(name, Text), value)]
    event = (
        insert(EventRow)
        .from_select(
            ["job_id", "seq", "attempt", "type", "body"],
            select(
                job.c.id,
                job.c.last_seq,
                job.c.attempt,
                literal(event_type, Text),
                func.jsonb_build_object(*pairs),
            ),
        )
        .returning(EventRow)
        .cte("event")
    )
    frame = cast(event.c.body, Text)
    announcement = func.jsonb_build_object(
        literal("job_id", Text), event.c.job_id, literal("id", Text), event.c.seq,
        literal("type", Text), event.c.type,
    )  # fmt: skip
    payload = case(
        (func.octet_length(frame) <= MAX_PAYLOAD_BYTES, frame), else_=cast(announcement, Text)
    )
    # A CTE that nothing reads is not run, so the notification stands in the outer SELECT.
    return select(
        event.c.job_id,
        event.c.seq,
        event.c.attempt,
        frame.label("frame"),
        func.pg_notify(CHANNEL, payload),
    )
