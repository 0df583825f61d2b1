"""Resetting a workshop: every place with all that was made there goes, files too. The leader's own projects stay."""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from lab.workspace import jobs, takes
from lab.workspace.store.erasing import erase_project
from lab.workspace.store.store import Store
from lab.workspace.store.tables import Artifact, Audit, Clip, Job, Known, Project, Run, now
from lab.workspace.store.unneeded import hashes, with_trainings
from lab.workspace.workshop.places import PREFIX

log = logging.getLogger(__name__)
STOP_WAIT_S, LOOK_S = 12.0, 0.2


@dataclass(frozen=True, slots=True)
class Cleared:
    """What went: people, their projects, and files (sounds, detectors, firmware)."""

    people: int
    projects: int
    files: int


def reset(store: Store) -> Cleared:
    """Erase every place of every workshop of this instance for good.

    Args:
        store: the instance's whole store.

    Raises:
        LabError: the database does not answer; what is gone by then stays gone, and a second try takes the rest.
    """
    _stop_jobs(store)
    with store.session() as session:
        projects = list(session.scalars(select(Project.id).where(Project.owner.startswith(PREFIX))))
        people = session.scalar(select(func.count()).select_from(Known).where(Known.id.startswith(PREFIX))) or 0
        theirs = set(_named(session, of_places=True))
    files = sum(erase_project(store, project_id) for project_id in projects)
    with store.session() as session:
        session.execute(delete(Job).where(Job.owner.startswith(PREFIX)))
        session.execute(delete(Known).where(Known.id.startswith(PREFIX)))
        session.execute(delete(Audit).where(Audit.person.startswith(PREFIX)))
        session.add(Audit(person="local", action="reset workshop", data={"people": people, "projects": len(projects)}))
        files += _erase_files(store, session, with_trainings(store, theirs - set(_named(session))))
    for project_id in projects:
        for take in takes.interrupted(store.config, project_id):
            takes.forget(store.config, take)
    log.info("workshop reset people=%s projects=%s files=%s", people, len(projects), files)
    return Cleared(people, len(projects), files)


def _stop_jobs(store: Store) -> None:
    """Cancel what places asked for, and wait until it has ended, so that nothing is written afterwards."""
    open_jobs = (Job.owner.startswith(PREFIX), Job.state.in_(jobs.OPEN_STATES))
    with store.session() as session:
        session.execute(update(Job).where(*open_jobs, Job.state == jobs.RUNNING).values(stop_asked=True))
        queued = update(Job).where(*open_jobs, Job.state == jobs.QUEUED)
        session.execute(queued.values(state=jobs.CANCELLED, finished=now()))
    deadline = time.monotonic() + STOP_WAIT_S
    while time.monotonic() < deadline:
        with store.session() as session:
            if not session.scalar(select(func.count()).select_from(Job).where(*open_jobs)):
                return
        time.sleep(LOOK_S)


def _named(session: Session, of_places: bool = False) -> Iterator[str]:
    """Yield the hash of every file that clips, runs and jobs name: of places, or of everybody."""
    runs, work = select(Run.artifacts), select(Job.args, Job.result)
    sounds = select(Clip.sha256).join(Project, Project.id == Clip.project_id)
    if of_places:
        theirs = Project.owner.startswith(PREFIX)
        runs = runs.join(Project, Project.id == Run.project_id).where(theirs)
        work, sounds = work.where(Job.owner.startswith(PREFIX)), sounds.where(theirs)
    yield from session.scalars(sounds)
    for artifacts in session.scalars(runs):
        yield from hashes(artifacts)
    for args, result in session.execute(work):
        yield from hashes([args, result])


def _erase_files(store: Store, session: Session, gone: set[str]) -> int:
    count = 0
    for sha256 in sorted(gone):
        kept = session.get(Artifact, sha256)
        if kept is not None:
            session.delete(kept)
            count += 1
    session.flush()
    for sha256 in gone:
        store.files.remove(sha256)
    return count
