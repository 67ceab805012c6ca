"""Which stored files each job uses."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table; files of before are not in it, and stay where they are."""
    op.create_table(
        "job_files",
        sa.Column("job_id", sa.Uuid(), nullable=False),
        sa.Column("blob_key", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name="fk_job_files_job_id_jobs", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "blob_key", name="pk_job_files"),
    )
    op.create_index("ix_job_files_blob_key", "job_files", ["blob_key"])


def downgrade() -> None:
    """Drop it again."""
    op.drop_table("job_files")
