"""Lists of jobs, idempotent submissions, rate limits."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add what the job verbs and the limits need; code of before goes on working."""
    op.add_column("jobs", sa.Column("idempotency_key", sa.Text()))
    op.add_column("jobs", sa.Column("request_digest", sa.Text()))
    op.create_index(
        "ix_jobs_idempotency_key",
        "jobs",
        [sa.text("coalesce(owner, '')"), "idempotency_key"],
        unique=True,
        postgresql_where=sa.text("idempotency_key IS NOT NULL"),
    )
    op.create_index("ix_jobs_newest", "jobs", ["created_at", "id"])
    op.create_index("ix_jobs_owner_newest", "jobs", ["owner", "created_at", "id"])
    op.create_table(
        "rate_limits",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("taken_at", postgresql.ARRAY(sa.DateTime(timezone=True)), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_rate_limits"),
        prefixes=["UNLOGGED"],  # a crash forgives; it need not be remembered
    )
    op.create_index("ix_rate_limits_expires_at", "rate_limits", ["expires_at"])


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("rate_limits")
    op.drop_index("ix_jobs_owner_newest", "jobs")
    op.drop_index("ix_jobs_newest", "jobs")
    op.drop_index("ix_jobs_idempotency_key", "jobs")
    op.drop_column("jobs", "request_digest")
    op.drop_column("jobs", "idempotency_key")
