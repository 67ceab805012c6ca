"""When a job's run last gave a sign of life."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column; a run of before gives no signs, so where it is null nobody waits for one."""
    op.add_column("jobs", sa.Column("seen_at", sa.DateTime(timezone=True)))


def downgrade() -> None:
    """Drop it again."""
    op.drop_column("jobs", "seen_at")
