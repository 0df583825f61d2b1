"""The store as one person has it: the same rows and files, as far as they may see and change them."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from lab.errors import LabError
from lab.workspace.store import quota
from lab.workspace.store.guard import EDITOR, OWNER, guard, guarded_sessions, require
from lab.workspace.store.store import Store
from lab.workspace.store.tables import Artifact, Run


class PersonStore(Store):
    """A store under a person's rules (`guard`): what it is asked for beyond them is not there, or `NotAllowed`.

    Args:
        whole: the instance's.
        person: id of who asks.
        project_id: for whom files are put; None for the person alone.
    """

    def __init__(self, whole: Store, person: str, project_id: int | None = None) -> None:
        self.config, self.engine, self.files = whole.config, whole.engine, whole.files
        self.person = person
        self._whole = whole
        self._project_id = project_id
        self._sessions = guarded_sessions(self.engine, guard(person))  # type: ignore[assignment]

    def put_artifact(self, kind: str, name: str, data: bytes) -> Artifact:
        """Keep a file; it may be read by the person, or by all who see the project that it is put for."""
        if kind != quota.EXPORT:
            self.room_for(len(data), self._project_id)
        made = self._put(kind, name, data)
        self._hold([made.sha256], self._project_id, "" if self._project_id else self.person)
        return made

    def read_artifact(self, sha256: str) -> bytes:
        """Return a file's bytes.

        Raises:
            LabError: it is not there, damaged, or nobody made it for this person.
        """
        return self.files.get(self.artifact(sha256).sha256)

    def save_run(
        self, project_id: int, kind: str, name: str, data: dict[str, Any], artifacts: dict[str, str],
        job_id: int | None = None,
    ) -> Run:  # fmt: skip
        """Keep what finished work gave, as `Store.save_run`; only of files that the person may read."""
        with self.session() as session:
            require(session, self.person, project_id, EDITOR)
        for sha256 in artifacts.values():
            self.artifact(sha256)
        return super().save_run(project_id, kind, name, data, artifacts, job_id)

    def beyond(self, project_id: int) -> Store:
        """Return the instance's whole store, for work of an owner that must look at everybody's rows.

        Raises:
            NotAllowed: the person does not own the project.
        """
        with self.session() as session:
            require(session, self.person, project_id, OWNER)
        return self._whole

    def _room_for(self, size_bytes: int, person: str, project_id: int | None) -> None:
        self._whole._room_for(size_bytes, self.person, project_id)  # others' rows count for who owns the project

    def _put(self, kind: str, name: str, data: bytes) -> Artifact:
        return self._whole._put(kind, name, data)  # it may be there already, for somebody else

    def _hold(self, sha256s: Iterable[str], project_id: int | None = None, person: str = "") -> None:
        self._whole._hold(sha256s, project_id, person)


@lru_cache(maxsize=512)
def store_of(whole: Store, person: str, project_id: int | None = None) -> PersonStore:
    """Return the store as a person has it.

    Args:
        whole: the instance's.
        person: their id.
        project_id: for whom files are put; None for the person alone.

    Raises:
        LabError: no person is named.
    """
    if not person:
        raise LabError("Nobody is signed in.")
    return PersonStore(whole, person, project_id)
