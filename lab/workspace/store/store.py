"""The store: projects, clips, artifacts and runs. The only writer of project files."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import IntegrityError

from lab.errors import BadInput
from lab.workspace.settings import Settings, settings
from lab.workspace.store.database import LOCAL_OWNER, required
from lab.workspace.store.file_store import FileStore
from lab.workspace.store.tables import Clip, Project, Run, now

__all__ = ["LOCAL_OWNER", "Store", "check_name", "open_store", "required"]

MAX_NAME = 200


class Store(FileStore):
    """One instance's projects and files, all of them. Safe to use from several threads and processes.

    Rows it returns are detached: read their fields, never write them. Pages and tasks get a `PersonStore`, which holds
    to what one person may see and change.

    Args:
        config: where database and files are.
    """

    # -- projects

    def project(self, name: str, owner: str = LOCAL_OWNER) -> Project:
        """Return a person's project of that name, made if it is not there yet.

        Raises:
            BadInput: an empty or overlong name, or one with control characters.
        """
        name = check_name(name)
        found = self.find_project(name, owner)
        if found:
            return found
        try:
            with self.session() as session:
                session.add(made := Project(name=name, owner=owner))
            return made
        except IntegrityError:  # another tab was faster
            return required(self.find_project(name, owner))

    def find_project(self, name: str, owner: str = LOCAL_OWNER) -> Project | None:
        """Return a person's project by name, or None."""
        with self.session() as session:
            return session.scalar(select(Project).where(Project.owner == owner, Project.name == name))

    def projects(self, owner: str = LOCAL_OWNER) -> Sequence[Project]:
        """Return a person's projects by name."""
        with self.session() as session:
            return session.scalars(select(Project).where(Project.owner == owner).order_by(Project.name)).all()

    def delete_project(self, project_id: int) -> None:
        """Delete a project with its clips, runs and jobs."""
        with self.session() as session:
            session.execute(delete(Project).where(Project.id == project_id))

    def beyond(self, project_id: int) -> "Store":
        """Return what sees every project's rows; here, this store itself (`PersonStore.beyond` asks for the owner)."""
        return self

    # -- clips

    def add_clip(
        self, project_id: int, wav: bytes, name: str, label: str, recording_id: str, seconds: float, peak: float,
        source: str = "", licence: str = "", notes: Sequence[str] = (), clipped: int = 0, fold: int = 0,
        segments: Sequence[dict[str, Any]] = (),
    ) -> tuple[Clip, bool]:  # fmt: skip
        """Add a sound to a project.

        Returns:
            The clip, and whether it is new: the same samples twice are one clip, and one that was deleted comes back.

        Raises:
            LabError: the disk is full; nothing was added.
        """
        self.room_for(len(wav), project_id)
        sha256 = self._put("wav", name, wav).sha256  # who may read it follows from the clip
        fields = {
            "name": name[:300], "label": label, "recording_id": recording_id[:300], "seconds": seconds, "peak": peak,
            "source": source[:300], "licence": licence[:200], "notes": list(notes),
            "clipped": clipped, "fold": fold, "segments": list(segments),
        }  # fmt: skip
        try:
            with self.session() as session:
                found = session.scalar(select(Clip).where(Clip.project_id == project_id, Clip.sha256 == sha256))
                if found is None:
                    session.add(made := Clip(project_id=project_id, sha256=sha256, **fields))
                    return made, True
                if found.deleted is None:
                    return found, False
                for key, value in {**fields, "deleted": None}.items():
                    setattr(found, key, value)
                return found, True
        except IntegrityError:  # two people added the same file at once
            with self.session() as session:
                query = select(Clip).where(Clip.project_id == project_id, Clip.sha256 == sha256)
                return required(session.scalar(query)), False

    def clips(self, project_id: int) -> Sequence[Clip]:
        """Return a project's clips, oldest first, without deleted ones."""
        query = select(Clip).where(Clip.project_id == project_id, Clip.deleted.is_(None)).order_by(Clip.id)
        with self.session() as session:
            return session.scalars(query).all()

    def labels(self, project_id: int) -> dict[str, int]:
        """Return how many clips of a project have each label."""
        query = (
            select(Clip.label, func.count())
            .where(Clip.project_id == project_id, Clip.deleted.is_(None))
            .group_by(Clip.label)
            .order_by(Clip.label)
        )
        with self.session() as session:
            return {label: count for label, count in session.execute(query)}

    def set_label(self, clip_ids: Sequence[int], label: str) -> None:
        """Give clips another label."""
        with self.session() as session:
            session.execute(update(Clip).where(Clip.id.in_(clip_ids)).values(label=label))

    def delete_clips(self, clip_ids: Sequence[int]) -> None:
        """Take clips out of their project; `restore_clips` undoes it."""
        with self.session() as session:
            session.execute(update(Clip).where(Clip.id.in_(clip_ids)).values(deleted=now()))

    def restore_clips(self, clip_ids: Sequence[int]) -> None:
        """Undo `delete_clips`."""
        with self.session() as session:
            session.execute(update(Clip).where(Clip.id.in_(clip_ids)).values(deleted=None))

    # -- runs

    def save_run(
        self, project_id: int, kind: str, name: str, data: dict[str, Any], artifacts: dict[str, str],
        job_id: int | None = None,
    ) -> Run:  # fmt: skip
        """Keep what finished work gave.

        Args:
            project_id: whose.
            kind: such as "demo", "baseline", "detector" or "firmware".
            name: what people call it.
            data: JSON-able settings and scores.
            artifacts: file name → SHA-256 of an artifact.
            job_id: the job that gave it. One that was cut off and begun anew keeps one run: its last.
        """
        fields = {"project_id": project_id, "kind": kind, "name": name[:300], "data": data, "artifacts": artifacts}
        self._hold(artifacts.values(), project_id)
        with self.session() as session:
            found = session.scalar(select(Run).where(Run.job_id == job_id)) if job_id else None
            if found is None:
                session.add(made := Run(**fields, job_id=job_id or None))
                return made
            for key, value in {**fields, "created": now(), "tracked": None}.items():
                setattr(found, key, value)
            return found

    def runs(self, project_id: int, kind: str | None = None) -> Sequence[Run]:
        """Return a project's runs, newest first."""
        query = select(Run).where(Run.project_id == project_id).order_by(Run.id.desc())
        with self.session() as session:
            return session.scalars(query.where(Run.kind == kind) if kind else query).all()

    def run(self, run_id: int) -> Run:
        """Return one run.

        Raises:
            LabError: there is none of that number.
        """
        with self.session() as session:
            return required(session.get(Run, run_id))


def check_name(name: str) -> str:
    """Return a project's name, trimmed.

    Raises:
        BadInput: empty, overlong, or with control characters.
    """
    trimmed = name.strip()
    if not trimmed or len(trimmed) > MAX_NAME or not trimmed.isprintable():
        raise BadInput(f"A project's name has 1 to {MAX_NAME} printable characters; got {name[:40]!r}.")
    return trimmed


@lru_cache(maxsize=4)
def _store(config: Settings) -> Store:
    return Store(config)


def open_store(config: Settings | None = None) -> Store:
    """Return the store that the settings name, opened once a process."""
    return _store(config or settings())
