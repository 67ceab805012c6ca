"""Jobs and their events."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NOW = sa.text("clock_timestamp()")


def upgrade() -> None:
    """Create both tables."""
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("owner", sa.Text()),
        sa.Column("title", sa.Text()),
        sa.Column("source", postgresql.JSONB(), nullable=False),
        sa.Column("options", postgresql.JSONB(), nullable=False),
        sa.Column("status", sa.Text(), server_default=sa.text("'queued'"), nullable=False),
        sa.Column("progress", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("stage", sa.Text()),
        sa.Column("message", sa.Text(), server_default=sa.text("'Queued'"), nullable=False),
        sa.Column("attempt", sa.Integer(), server_default=sa.text("1"), nullable=False),
        sa.Column("last_seq", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("flow_run_id", sa.Uuid()),
        sa.Column("result", postgresql.JSONB()),
        sa.Column("error", postgresql.JSONB()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True)),
        sa.Column("completed_at", sa.DateTime(timezone=True)),
        sa.Column("failed_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.CheckConstraint(
            "status IN ('queued', 'processing', 'completed', 'failed')",
            name=op.f("ck_jobs_status_is_known"),
        ),
        sa.CheckConstraint("progress BETWEEN 0 AND 100", name=op.f("ck_jobs_progress_is_percent")),
        sa.CheckConstraint(
            "stage IN ('download', 'separation', 'transcription', 'musicxml')",
            name=op.f("ck_jobs_stage_is_known"),
        ),
        sa.CheckConstraint("attempt >= 1", name=op.f("ck_jobs_attempt_is_positive")),
        sa.CheckConstraint("last_seq >= 0", name=op.f("ck_jobs_last_seq_is_not_negative")),
        sa.CheckConstraint(
            "(status = 'completed') = (result IS NOT NULL AND completed_at IS NOT NULL)",
            name=op.f("ck_jobs_completed_has_result"),
        ),
        sa.CheckConstraint(
            "(status = 'failed') = (error IS NOT NULL AND failed_at IS NOT NULL)",
            name=op.f("ck_jobs_failed_has_error"),
        ),
    )
    op.create_index(
        "ix_jobs_unfinished",
        "jobs",
        ["created_at"],
        postgresql_where=sa.text("status IN ('queued', 'processing')"),
    )
    op.create_table(
        "job_events",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("body", postgresql.JSONB(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=NOW, nullable=False),
        sa.PrimaryKeyConstraint("job_id", "seq", name="pk_job_events"),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], ondelete="CASCADE", name="fk_job_events_job_id_jobs"
        ),
        sa.CheckConstraint(
            "type IN ('progress', 'completed', 'error')", name=op.f("ck_job_events_type_is_known")
        ),
        sa.CheckConstraint("seq >= 1", name=op.f("ck_job_events_seq_is_positive")),
    )


def downgrade() -> None:
    """Drop both tables, and with them all jobs."""
    op.drop_table("job_events")
    op.drop_table("jobs")
