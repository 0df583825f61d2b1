"""People, what they may do with projects and files, who did what; workers, and runs that MLflow has."""

import json
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the tables; projects stay with their owners, files go to the projects whose runs and jobs name them."""
    op.create_table(
        "people",
        sa.Column("id", sa.String(200), primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
        sa.Column("seen", sa.DateTime(), nullable=False),
        sa.Column("consented", sa.DateTime()),
    )
    op.create_table(
        "members",
        sa.Column("project_id", sa.Integer(), sa.ForeignKey("projects.id", ondelete="CASCADE"), primary_key=True),
        sa.Column("person", sa.String(200), primary_key=True),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("created", sa.DateTime(), nullable=False),
    )
    op.create_index("ix_members_person", "members", ["person"])
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("at", sa.DateTime(), nullable=False),
        sa.Column("person", sa.String(200), nullable=False),
        sa.Column("action", sa.String(60), nullable=False),
        sa.Column("project_id", sa.Integer()),
        sa.Column("data", sa.JSON(), nullable=False),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_person", "audit", ["person"])
    op.create_table(
        "workers",
        sa.Column("name", sa.String(100), primary_key=True),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("started", sa.DateTime(), nullable=False),
        sa.Column("seen", sa.DateTime(), nullable=False),
    )
    op.add_column("runs", sa.Column("tracked", sa.DateTime()))
    holders = op.create_table(
        "holders",
        sa.Column("id", sa.Integer(), primary_key=True),
        sa.Column("sha256", sa.String(64), sa.ForeignKey("artifacts.sha256", ondelete="CASCADE"), nullable=False),
        sa.Column("project_id", sa.Integer(), sa.ForeignKey("projects.id", ondelete="CASCADE")),
        sa.Column("person", sa.String(200), nullable=False),
    )
    op.create_index("ix_holders_sha256", "holders", ["sha256"])
    op.create_index("ix_holders_project_id", "holders", ["project_id"])
    op.execute("INSERT INTO holders (sha256, person) SELECT sha256, 'local' FROM artifacts WHERE kind <> 'wav'")
    found = sorted(set(_named()))
    there = {row[0] for row in op.get_bind().execute(sa.text("SELECT sha256 FROM artifacts WHERE kind <> 'wav'"))}
    rows = [{"sha256": sha256, "project_id": project, "person": ""} for project, sha256 in found if sha256 in there]
    if rows:
        op.bulk_insert(holders, rows)


def _named() -> Iterator[tuple[int, str]]:
    """Yield (project, file) for each file that a project's runs and jobs name."""
    for query in (
        "SELECT project_id, artifacts FROM runs",
        "SELECT project_id, args FROM jobs WHERE project_id IS NOT NULL",
        "SELECT project_id, result FROM jobs WHERE project_id IS NOT NULL AND result IS NOT NULL",
    ):
        for project_id, data in op.get_bind().execute(sa.text(query)):
            for sha256 in _hashes(json.loads(data) if isinstance(data, str) else data):
                yield project_id, sha256


def _hashes(data: Any) -> Iterator[str]:
    """Yield what looks like a file's name in a result: its values, and those of its artifacts."""
    if isinstance(data, dict):
        more = data.get("artifacts")
        for value in (*data.values(), *(more.values() if isinstance(more, dict) else ())):
            if isinstance(value, str) and len(value) == 64:
                yield value


def downgrade() -> None:
    """Drop what `upgrade` added."""
    for table in ("workers", "holders", "audit", "members", "people"):
        op.drop_table(table)
    op.drop_column("runs", "tracked")
