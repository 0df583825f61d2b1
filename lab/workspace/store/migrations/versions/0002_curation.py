"""What curating needs: facts kept with each clip, segments, and a journal of edits."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the journal; clips of before are taken as not clipped and without a fold."""
    op.add_column("clips", sa.Column("clipped", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("clips", sa.Column("fold", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("clips", sa.Column("segments", sa.JSON(), nullable=False, server_default="[]"))
    op.create_table(
        "edits",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column(
            "project_id", sa.Integer(), sa.ForeignKey("projects.id", ondelete="CASCADE"), nullable=False, index=True
        ),
        sa.Column("said", sa.String(300), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("undone", sa.DateTime()),
    )


def downgrade() -> None:
    """Drop what `upgrade` added."""
    op.drop_table("edits")
    for column in ("segments", "fold", "clipped"):
        op.drop_column("clips", column)
