"""How much one person keeps here, and the most that they may."""

from sqlalchemy import func, or_, select, union
from sqlalchemy.orm import Session

from lab.errors import LabError
from lab.workspace.store.tables import Artifact, Clip, Holder, Project

MB = 10**6
EXPORT = "export"
"""Kind of what a person takes away with them: it counts for nothing, and only the newest is kept."""


class OverQuota(LabError):
    """A person would keep, or ask for, more than this instance lets one person."""


def used_bytes(session: Session, person: str) -> int:
    """Return the size of all files that a person keeps: sounds of their projects, hidden ones too, and what was made.

    Args:
        session: of the whole store.
        person: their id.
    """
    own = select(Project.id).where(Project.owner == person)
    kept = union(
        select(Clip.sha256).where(Clip.project_id.in_(own)),
        select(Holder.sha256).where(or_(Holder.project_id.in_(own), Holder.person == person)),
    ).subquery()
    total = select(func.sum(Artifact.size_bytes)).where(
        Artifact.sha256.in_(select(kept.c.sha256)), Artifact.kind != EXPORT
    )
    return int(session.scalar(total) or 0)


def check(session: Session, person: str, more_bytes: int, most_mb: int) -> None:
    """Refuse what would take a person over their share.

    Raises:
        OverQuota: says how much is used, and how to free some.
    """
    used = used_bytes(session, person)
    if used + more_bytes > most_mb * MB:
        raise OverQuota(
            f"There is no room for {_mb(more_bytes)} more: {_mb(used)} of {most_mb:,} MB are used. "
            "Nothing was changed. Empty what was deleted on “Your data”, or delete a project for good on Sounds."
        )


def _mb(size_bytes: int) -> str:
    return f"{size_bytes / MB:,.1f} MB"
