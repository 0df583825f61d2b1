"""The store: projects, clips, artifacts and runs. The only writer of project files."""

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import delete, func, make_url, select, update
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from lab.errors import BadInput, LabError
from lab.workspace.settings import Settings, settings
from lab.workspace.store import quota
from lab.workspace.store.artifacts import INSTANCES, ArtifactFiles
from lab.workspace.store.schema import open_engine
from lab.workspace.store.tables import Artifact, Clip, Holder, Project, Run, now

LOCAL_OWNER = "local"
MAX_NAME = 200
Row = TypeVar("Row")


class Store:
    """One instance's projects and files, all of them. Safe to use from several threads and processes.

    Rows it returns are detached: read their fields, never write them. Pages and tasks get a `PersonStore`, which holds
    to what one person may see and change.

    Args:
        config: where database and files are.
    """

    def __init__(self, config: Settings) -> None:
        self.config = config
        self.engine = open_engine(config.database_url, config.home)
        self.files = ArtifactFiles(config.artifacts_url)
        self._sessions = sessionmaker(self.engine, expire_on_commit=False)
        self._signed = False

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open one transaction; it is kept whole or not at all.

        Raises:
            LabError: the disk is full, or the database does not answer.
        """
        try:
            with self._sessions.begin() as session:
                yield session
        except OperationalError as error:
            told = str(error.orig)
            if "full" in told or "No space left" in told:
                raise LabError("The disk is full: nothing was saved. Free some space and try again.") from error
            raise LabError(f"The database does not answer: {told.splitlines()[0]}. Try again in a moment.") from error

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

    # -- artifacts

    def put_artifact(self, kind: str, name: str, data: bytes) -> Artifact:
        """Keep a file; the same content is kept once. Whoever put it may read it.

        Args:
            kind: such as "wav", "detector" or "uf2".
            name: what a download of it is called.
            data: its bytes.
        """
        if kind != quota.EXPORT:
            self.room_for(len(data))
        made = self._put(kind, name, data)
        self._hold([made.sha256], person=LOCAL_OWNER)
        return made

    def room_for(self, size_bytes: int, project_id: int | None = None) -> None:
        """See that a project's first owner, or else who asks, may keep so much more.

        Raises:
            OverQuota: they may not (LAB_QUOTA_MB); says how to free some.
        """
        self._room_for(size_bytes, LOCAL_OWNER, project_id)

    def _room_for(self, size_bytes: int, person: str, project_id: int | None) -> None:
        if not self.config.quota_mb:
            return
        with self.session() as session:
            project = session.get(Project, project_id) if project_id else None
            quota.check(session, project.owner if project else person, size_bytes, self.config.quota_mb)

    def _hold(self, sha256s: Iterable[str], project_id: int | None = None, person: str = "") -> None:
        """Note that files were made for a project, or a person, who may read them from now on."""
        wanted = dict.fromkeys(sha256s)
        with self.session() as session:
            mine = select(Holder.sha256).where(Holder.project_id == project_id, Holder.person == person)
            held = set(session.scalars(mine.where(Holder.sha256.in_(wanted)))) if wanted else set()
            there = (
                set(session.scalars(select(Artifact.sha256).where(Artifact.sha256.in_(wanted)))) if wanted else set()
            )
            new = [sha256 for sha256 in wanted if sha256 in there - held]
            session.add_all(Holder(sha256=sha256, project_id=project_id, person=person) for sha256 in new)

    def _put(self, kind: str, name: str, data: bytes) -> Artifact:
        """Keep a file that nobody may read yet."""
        self._sign_files()
        sha256 = self.files.put(data)
        try:
            with self.session() as session:
                found = session.get(Artifact, sha256)
                if found:
                    return found
                session.add(made := Artifact(sha256=sha256, kind=kind, name=name[:300], size_bytes=len(data)))
                session.flush()
                self.files.put(data)  # somebody who erased the same file meanwhile has done so by now
            return made
        except IntegrityError:  # two people added the same file
            with self.session() as session:
                return required(session.get(Artifact, sha256))

    def _sign_files(self) -> None:
        """Leave this database's note in an object store, which several instances may have been given."""
        if self.files.is_object_store and not self._signed:
            self.files.name(f"{INSTANCES}{self.signature}.json", b"{}")
            self._signed = True

    @property
    def signature(self) -> str:
        """Return what tells this database from others, without its address."""
        url = make_url(self.config.database_url)
        place = f"{url.host or os.uname().nodename} {url.port} {url.database}"
        return hashlib.sha256(place.encode()).hexdigest()[:16]

    def has_files_alone(self) -> bool:
        """Whether no other instance keeps files in this store: a folder below LAB_HOME, or signed by this one only."""
        folder = self.files.folder
        if folder is not None:
            return folder.is_relative_to(self.config.home)
        notes = [file.name for file in self.files.all() if file.name.startswith(INSTANCES)]
        return notes == [f"{INSTANCES}{self.signature}.json"]

    def artifact(self, sha256: str) -> Artifact:
        """Return what is known of a file.

        Raises:
            LabError: there is no such file.
        """
        with self.session() as session:
            return required(session.get(Artifact, sha256))

    def read_artifact(self, sha256: str) -> bytes:
        """Return a file's bytes.

        Raises:
            LabError: it is not there, or damaged.
        """
        return self.files.get(sha256)

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


def required(row: Row | None) -> Row:
    """Return a row that must be there.

    Raises:
        LabError: it is not.
    """
    if row is None:
        raise LabError("That is no longer in the store.")
    return row


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
