"""What an instance keeps of one person, and forgetting all of it."""

import shutil
import time
import uuid
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import Session

from lab.progress import OnProgress, ignore
from lab.workspace import audit, incoming, jobs, takes
from lab.workspace.store import quota, unneeded
from lab.workspace.store.store import Store
from lab.workspace.store.tables import Artifact, Audit, Clip, Holder, Job, Known, Member, Project, Run

STOP_WAIT_S, LOOK_S = 12.0, 0.2
ERASED = "delete everything"


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept of a person.

    Attributes:
        person: their id.
        name: what pages call them.
        projects, sounds, hidden, seconds: their projects, the sounds in them, those of them that were deleted and can
            still be brought back, and how long all sounds last.
        runs, jobs: finished work, and rows of the job table.
        shared: projects of others that they may open.
        bytes: size of all their files.
        met, seen, consented: when, as text, or None.
        audit: lines of the audit log.
    """

    person: str
    name: str
    projects: int
    sounds: int
    hidden: int
    seconds: float
    runs: int
    jobs: int
    shared: int
    bytes: int
    met: str | None
    seen: str | None
    consented: str | None
    audit: int

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return asdict(self)


def kept(store: Store, person: str) -> Kept:
    """Return what the whole store keeps of a person."""
    own = select(Project.id).where(Project.owner == person)
    with store.session() as session:

        def count(table: Any, *which: ColumnElement[bool]) -> int:
            return int(session.scalar(select(func.count()).select_from(table).where(*which)) or 0)

        known = session.get(Known, person)
        clips = Clip.project_id.in_(own)
        return Kept(
            person=person,
            name=known.name if known else person,
            projects=count(Project, Project.owner == person),
            sounds=count(Clip, clips),
            hidden=count(Clip, clips, Clip.deleted.is_not(None)),
            seconds=float(session.scalar(select(func.sum(Clip.seconds)).where(clips)) or 0),
            runs=count(Run, Run.project_id.in_(own)),
            jobs=count(Job, Job.owner == person),
            shared=count(Member, Member.person == person),
            bytes=quota.used_bytes(session, person),
            met=_told(known.created if known else None),
            seen=_told(known.seen if known else None),
            consented=_told(known.consented if known else None),
            audit=count(Audit, Audit.person == person),
        )


def _told(at: datetime | None) -> str | None:
    return at.isoformat(" ", "minutes") if at else None


def erase_hidden(store: Store, projects: ColumnElement[bool], before: Any = None) -> tuple[int, int]:
    """Delete for good the sounds that were deleted from projects; undo does not bring them back then.

    Args:
        store: the whole store.
        projects: which, as a condition on the project.
        before: only those deleted before this time.

    Returns:
        How many files went, and their size in bytes.
    """
    of = Clip.project_id.in_(select(Project.id).where(projects))
    which = (of, Clip.deleted.is_not(None), *(() if before is None else (Clip.deleted < before,)))
    with store.session() as session:
        gone = set(session.scalars(select(Clip.sha256).where(*which)))
        session.execute(delete(Clip).where(*which))
    return unneeded.erase(store, gone)


def erase_projects(store: Store, which: ColumnElement[bool]) -> tuple[list[int], int, int]:
    """Delete projects with everything in them, files too; return their numbers, how many files went, and their size."""
    with store.session() as session:
        numbers = list(session.scalars(select(Project.id).where(which)))
        files = _files_of(session, numbers)
        session.execute(delete(Project).where(Project.id.in_(numbers)))
    for number in numbers:
        takes.forget_all(store.config, number)
    return numbers, *unneeded.erase(store, files)


def _files_of(session: Session, projects: list[int], person: str | None = None) -> set[str]:
    of_projects: ColumnElement[bool] = Holder.project_id.in_(projects)
    held = of_projects if person is None else or_(of_projects, Holder.person == person)
    sounds = select(Clip.sha256).where(Clip.project_id.in_(projects))
    return set(session.scalars(sounds)) | set(session.scalars(select(Holder.sha256).where(held)))


def forget_exports(store: Store, person: str) -> None:
    """Delete what a person took away with them earlier."""
    exports = select(Artifact.sha256).where(Artifact.kind == quota.EXPORT)
    with store.session() as session:
        which = (Holder.person == person, Holder.sha256.in_(exports))
        gone = set(session.scalars(select(Holder.sha256).where(*which)))
        session.execute(delete(Holder).where(*which))
    unneeded.erase(store, gone)


def erase_person(store: Store, person: str, by_job: int = 0, on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Delete everything that is a person's. What they added to others' projects stays with those.

    Lines of the audit log stay, but under another name and without what they told; who `person` was is in none.

    Args:
        store: the whole store.
        person: their id.
        by_job: number of the job that does this; its row goes a day later.
        on_progress: called between steps.

    Returns:
        The object that `python -m lab person delete --json` prints.
    """
    before = kept(store, person)
    on_progress(0, 4, "stopping jobs")
    _stop_jobs(store, person, by_job)
    on_progress(1, 4, "deleting projects")
    with store.session() as session:
        files = _files_of(session, [], person)
        session.execute(delete(Holder).where(Holder.person == person))
    _, count, size = erase_projects(store, Project.owner == person)
    on_progress(2, 4, "deleting files")
    more, more_bytes = unneeded.erase(store, files)
    shutil.rmtree(incoming.folder(store.config, person), ignore_errors=True)
    on_progress(3, 4, "forgetting")
    _forget(store, person, by_job)
    on_progress(4, 4, "done")
    return {"projects": before.projects, "sounds": before.sounds, "files": count + more, "bytes": size + more_bytes}


def _stop_jobs(store: Store, person: str, by_job: int) -> None:
    """Cancel a person's other jobs, and wait a while until they have ended."""
    open_jobs = (Job.owner == person, Job.id != by_job, Job.state.in_(jobs.OPEN_STATES))
    deadline = time.monotonic() + STOP_WAIT_S
    while True:
        with store.session() as session:
            numbers = list(session.scalars(select(Job.id).where(*open_jobs)))
        if not numbers or time.monotonic() > deadline:
            return
        for number in numbers:
            jobs.cancel(store, number)
        time.sleep(LOOK_S)


def _forget(store: Store, person: str, by_job: int) -> None:
    alias = f"deleted person {uuid.uuid4().hex[:8]}"
    with store.session() as session:
        session.execute(delete(Member).where(Member.person == person))
        session.execute(delete(Job).where(Job.owner == person, Job.id != by_job))
        session.execute(delete(Known).where(Known.id == person))
        session.execute(update(Audit).where(Audit.person == person).values(person=alias, data={}))
        for line in session.scalars(select(Audit)):
            if any(value == person for value in line.data.values()):
                line.data = {name: alias if value == person else value for name, value in line.data.items()}
        audit.note(session, alias, ERASED)
