"""A job keeps one run, however often it was begun anew."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the job's number; runs of before do not know theirs."""
    op.add_column("runs", sa.Column("job_id", sa.Integer()))
    op.create_index("one_run_a_job", "runs", ["job_id"], unique=True)


def downgrade() -> None:
    """Drop what `upgrade` added."""
    op.drop_index("one_run_a_job", "runs")
    op.drop_column("runs", "job_id")
