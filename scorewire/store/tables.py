"""The tables, as SQLAlchemy models.

`jobs` holds where each job stands; `job_events` holds every change that a person could see, once,
in the very text that goes over the wire; `job_files` which stored files a job's stages made or
reused; `rate_limits` what clients did within the last minute.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, DateTime, ForeignKey, Index, MetaData, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

JsonObject = dict[str, Any]


class Base(DeclarativeBase):
    """Names every constraint, so that migrations can speak of it."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy declares it as a plain class attribute
        str: Text,
        datetime: DateTime(timezone=True),
        JsonObject: JSONB,
    }


class JobRow(Base):
    """Where a job stands. Every write to it that a person could see bumps `last_seq`."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint(
            "status IN ('queued', 'processing', 'completed', 'failed')", name="status_is_known"
        ),
        CheckConstraint("progress BETWEEN 0 AND 100", name="progress_is_percent"),
        CheckConstraint(
            "stage IN ('download', 'separation', 'transcription', 'musicxml')",
            name="stage_is_known",
        ),
        CheckConstraint("attempt >= 1", name="attempt_is_positive"),
        CheckConstraint("last_seq >= 0", name="last_seq_is_not_negative"),
        CheckConstraint(
            # The score of an attempt stays where it is while the next one works on another.
            "(status <> 'completed' OR result IS NOT NULL) "
            "AND (status = 'completed') = (completed_at IS NOT NULL)",
            name="completed_has_result",
        ),
        CheckConstraint(
            "(status = 'failed') = (error IS NOT NULL AND failed_at IS NOT NULL)",
            name="failed_has_error",
        ),
        Index(
            "ix_jobs_unfinished",
            "created_at",
            postgresql_where=text("status IN ('queued', 'processing')"),
        ),
        Index(
            "ix_jobs_idempotency_key",
            text("coalesce(owner, '')"),
            "idempotency_key",
            unique=True,
            postgresql_where=text("idempotency_key IS NOT NULL"),
        ),
        Index("ix_jobs_newest", "created_at", "id"),
        Index("ix_jobs_owner_newest", "owner", "created_at", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    owner: Mapped[str | None]
    title: Mapped[str | None]
    source: Mapped[JsonObject]
    options: Mapped[JsonObject]
    status: Mapped[str] = mapped_column(server_default=text("'queued'"))
    progress: Mapped[int] = mapped_column(server_default=text("0"))
    stage: Mapped[str | None]
    message: Mapped[str] = mapped_column(server_default=text("'Queued'"))
    attempt: Mapped[int] = mapped_column(server_default=text("1"))
    last_seq: Mapped[int] = mapped_column(server_default=text("0"))
    flow_run_id: Mapped[UUID | None]
    result: Mapped[JsonObject | None] = mapped_column(JSONB(none_as_null=True))
    error: Mapped[JsonObject | None] = mapped_column(JSONB(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))
    started_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    failed_at: Mapped[datetime | None]
    seen_at: Mapped[datetime | None]
    idempotency_key: Mapped[str | None]
    request_digest: Mapped[str | None]


UNFINISHED = JobRow.status.in_(["queued", "processing"])
"""Whether a job has not ended, in the words of the partial index."""


class EventRow(Base):
    """One change of a job; `body` is the wire message, `seq` its `id` there."""

    __tablename__ = "job_events"
    __table_args__ = (
        CheckConstraint("type IN ('progress', 'completed', 'error')", name="type_is_known"),
        CheckConstraint("seq >= 1", name="seq_is_positive"),
    )

    job_id: Mapped[UUID] = mapped_column(
        ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    seq: Mapped[int] = mapped_column(primary_key=True)
    attempt: Mapped[int]
    type: Mapped[str]
    body: Mapped[JsonObject]
    created_at: Mapped[datetime] = mapped_column(server_default=text("clock_timestamp()"))


class JobFileRow(Base):
    """A job's claim on a stored file, which other jobs with the same content may share."""

    __tablename__ = "job_files"
    __table_args__ = (Index("ix_job_files_blob_key", "blob_key"),)

    job_id: Mapped[UUID] = mapped_column(
        ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    blob_key: Mapped[str] = mapped_column(primary_key=True)


class RateLimitRow(Base):
    """When a client last did something that is limited: one key for each client and kind."""

    __tablename__ = "rate_limits"
    __table_args__ = (
        Index("ix_rate_limits_expires_at", "expires_at"),
        {"prefixes": ["UNLOGGED"]},
    )

    key: Mapped[str] = mapped_column(primary_key=True)
    taken_at: Mapped[list[datetime]] = mapped_column(ARRAY(DateTime(timezone=True)))
    expires_at: Mapped[datetime]
