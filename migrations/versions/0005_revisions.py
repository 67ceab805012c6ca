"""A job keeps its score while its next attempt works on another."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NAME = "completed_has_result"


def upgrade() -> None:
    """Let jobs that are not completed have a score."""
    op.drop_constraint(op.f(f"ck_jobs_{NAME}"), "jobs", type_="check")
    op.create_check_constraint(
        op.f(f"ck_jobs_{NAME}"),
        "jobs",
        "(status <> 'completed' OR result IS NOT NULL) "
        "AND (status = 'completed') = (completed_at IS NOT NULL)",
    )


def downgrade() -> None:
    """Take it from those that have one: code of before knows of no such score."""
    op.drop_constraint(op.f(f"ck_jobs_{NAME}"), "jobs", type_="check")
    op.execute("UPDATE jobs SET result = NULL WHERE status <> 'completed'")
    op.create_check_constraint(
        op.f(f"ck_jobs_{NAME}"),
        "jobs",
        "(status = 'completed') = (result IS NOT NULL AND completed_at IS NOT NULL)",
    )
