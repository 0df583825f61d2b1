"""What is old goes: projects that nobody touched, sounds that were deleted, logs of jobs.

LAB_RETENTION_DAYS says how old; 0 keeps everything for ever. Whoever owns a project is told beforehand, on Home.
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, case, delete, exists, func, select, true

from lab.workspace import audit, jobs
from lab.workspace.store import forgetting
from lab.workspace.store.store import Store
from lab.workspace.store.tables import Clip, Edit, Job, JobEvent, Project, Run, now

log = logging.getLogger(__name__)

TOLD_DAYS = 14
"""How long beforehand people are told; a quarter of the time, where that is less."""
ERASING = "lab.study.person:delete_everything"
ROW_KEPT = timedelta(days=1)
"""How long the job that deleted a person stays, so that its page can say that it is done."""


@dataclass(frozen=True, slots=True)
class Ending:
    """A project that will be deleted soon.

    Attributes:
        project_id, name: which.
        days: from now until then; 0 for today.
    """

    project_id: int
    name: str
    days: int


def touched() -> ColumnElement[datetime]:
    """Return when a project was last touched: made, given or relieved of a sound, edited, trained on or opened to."""
    last: Any = Project.created
    times: list[Any] = [
        select(func.max(column)).where(table.project_id == Project.id).correlate(Project).scalar_subquery()
        for table, column in (
            (Clip, Clip.created), (Clip, Clip.deleted), (Edit, Edit.created), (Run, Run.created), (Job, Job.created),
        )
    ]  # fmt: skip
    for at in times:
        last = _later(last, at)
    return last  # type: ignore[no-any-return]


def _later(one: Any, other: Any) -> Any:
    return case((other.is_(None), one), (other > one, other), else_=one)


def ending(store: Store, person: str, at: datetime | None = None) -> list[Ending]:
    """Return a person's own projects that will be deleted soon, the next first.

    Args:
        store: the whole store, or the person's.
        person: their id.
        at: the time; now by default.
    """
    days = store.config.retention_days
    if not days:
        return []
    at = at or now()
    ahead = timedelta(days=min(TOLD_DAYS, max(1, days // 4)))
    last = touched()
    rows: Any = select(Project.id, Project.name, last).where(
        Project.owner == person, last < at - timedelta(days=days) + ahead
    )
    with store.session() as session:
        found = [Ending(number, name, max(0, (seen + timedelta(days=days) - at).days))
                 for number, name, seen in session.execute(rows)]  # fmt: skip
    return sorted(found, key=lambda each: each.days)


def keep(store: Store, project_id: int) -> None:
    """Touch a project: it is kept as long again. One line of its journal says so."""
    with store.session() as session:
        session.add(Edit(project_id=project_id, said="kept", before=[], undone=now()))


def expire(store: Store, at: datetime | None = None) -> dict[str, int]:
    """Delete what is older than LAB_RETENTION_DAYS; the worker does so once a day.

    Args:
        store: the whole store.
        at: the time; now by default.

    Returns:
        How many projects and files went, and how many lines of jobs' logs.
    """
    at = at or now()
    with store.session() as session:
        session.execute(delete(Job).where(Job.task == ERASING, Job.finished < at - ROW_KEPT))
    days = store.config.retention_days
    if not days:
        return {"projects": 0, "files": 0, "lines": 0}
    before = at - timedelta(days=days)
    numbers, files, _ = forgetting.erase_projects(store, _untouched(before))
    hidden, _ = forgetting.erase_hidden(store, true(), before)
    with store.session() as session:
        old = select(Job.id).where(Job.finished < before)
        lines = session.execute(delete(JobEvent).where(JobEvent.job_id.in_(old))).rowcount  # type: ignore[attr-defined]
        session.execute(delete(Job).where(Job.project_id.is_(None), Job.finished < before))
        for number in numbers:
            audit.note(session, "retention", "delete project", number, {"days": days})
    gone = {"projects": len(numbers), "files": files + hidden, "lines": int(lines)}
    if any(gone.values()):
        log.info("expired projects=%(projects)s files=%(files)s lines=%(lines)s", gone)
    return gone


def _untouched(before: datetime) -> ColumnElement[bool]:
    """Return the condition for projects that nobody touched since, and in which nothing is under way."""
    busy = exists().where(Job.project_id == Project.id, Job.state.in_(jobs.OPEN_STATES))
    return Project.id.in_(select(Project.id).where(touched() < before, ~busy))
