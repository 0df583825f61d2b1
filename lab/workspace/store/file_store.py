"""The store's files: kept once by content, told of in rows, read by whom they were made for."""

import hashlib
import os
from collections.abc import Iterable

from sqlalchemy import make_url, select
from sqlalchemy.exc import IntegrityError

from lab.workspace.store import quota
from lab.workspace.store.artifacts import INSTANCES
from lab.workspace.store.database import LOCAL_OWNER, Database, required
from lab.workspace.store.tables import Artifact, Holder, Project


class FileStore(Database):
    """Files by the hash of their content, and who may read them."""

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
