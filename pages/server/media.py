"""Whom each media file and download was made for.

Streamlit names them by their content and serves them to whoever asks. Here each is noted, as a page makes it, with the
person whose page it is; a download that is made when it is pressed counts for whom its button was drawn, and is made
for nobody else. One file may be several people's: two who hold the same sound have the same address for it.
"""

import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import Any

from streamlit.runtime import Runtime
from streamlit.runtime.media_file_manager import MediaFileManager, MediaFileMetadata
from streamlit.runtime.media_file_storage import MediaFileKind, MediaFileStorageError

from pages.server import connections, identity

KEPT_S = 60.0
MANY = 10_000
"""Buttons whose download may still be pressed are remembered; beyond so many, those that are gone are forgotten."""


class Fresh(MediaFileMetadata):
    """Of a download that was just made, to which no session refers: it stays until its browser has come for it.

    Streamlit deletes such files when any two page runs have ended, which forty people do before one has fetched.
    """

    def __init__(self) -> None:
        super().__init__(MediaFileKind.DOWNLOADABLE)
        self._until = time.monotonic() + KEPT_S

    def mark_for_delete(self) -> None:
        """Agree to be deleted, unless it is too early."""
        if time.monotonic() > self._until:
            super().mark_for_delete()


class Makers:
    """Who each file of a media manager was made for.

    Args:
        manager: Streamlit's; three of its methods are wrapped.
    """

    def __init__(self, manager: MediaFileManager) -> None:
        self._manager = manager
        self._made_for: dict[str, set[str]] = {}
        self._pressed_by: dict[str, str] = {}
        self._lock = threading.Lock()
        self._now: ContextVar[str | None] = ContextVar("made_for", default=None)
        storage: Any = manager._storage
        storage.load_and_get_id = self._noting(storage.load_and_get_id)
        storage.delete_file = self._forgetting(storage.delete_file)
        manager.add_deferred = self._noting_button(manager.add_deferred)  # type: ignore[method-assign]
        manager.execute_deferred = self._pressing(manager.execute_deferred)  # type: ignore[method-assign]

    def may_fetch(self, file_name: str, person: str) -> bool:
        """Whether a file, named as in its address, was made for a person."""
        with self._lock:
            return person in self._made_for.get(file_name.rpartition(".")[0] or file_name, ())

    def _noting(self, load: Callable[..., str]) -> Callable[..., str]:
        def noted(*args: Any, **named: Any) -> str:
            file_id = load(*args, **named)
            person = self._now.get() or _here()
            if person:
                with self._lock:
                    self._made_for.setdefault(file_id, set()).add(person)
            return file_id

        return noted

    def _forgetting(self, delete: Callable[[str], None]) -> Callable[[str], None]:
        def forgotten(file_id: str) -> None:
            with self._lock:
                self._made_for.pop(file_id, None)
            delete(file_id)

        return forgotten

    def _noting_button(self, add: Callable[..., str]) -> Callable[..., str]:
        def noted(*args: Any, **named: Any) -> str:
            file_id, person = add(*args, **named), _here()
            with self._lock:
                if len(self._pressed_by) > MANY:
                    there = self._manager._deferred_callables
                    self._pressed_by = {each: who for each, who in self._pressed_by.items() if each in there}
                if person:
                    self._pressed_by[file_id] = person
            return file_id

        return noted

    def _pressing(self, execute: Callable[[str], str]) -> Callable[[str], str]:
        def pressed(file_id: str) -> str:
            drawn_for = self._pressed_by.get(file_id)
            if not connections.is_asking(drawn_for):
                raise MediaFileStorageError("This download is not there, or was offered to somebody else.")
            token = self._now.set(drawn_for)
            try:
                return self._kept(execute(file_id))
            finally:
                self._now.reset(token)

        return pressed

    def _kept(self, url: str) -> str:
        file_id = url.rpartition("/")[2].partition(".")[0]
        with self._manager._lock:
            if file_id in self._manager._file_metadata:
                self._manager._file_metadata[file_id] = Fresh()
        return url


def _here() -> str | None:
    """Return the id of whose page this thread draws; None where it draws none."""
    here = identity.person_here()
    return here.id if here else None


_makers: list[Makers] = []


@asynccontextmanager
async def bound_media(_app: Any) -> AsyncIterator[None]:
    """Note whom media are made for, from the server's start to its end."""
    _makers[:] = [Makers(Runtime.instance().media_file_mgr)]
    yield
    _makers.clear()


def may_fetch(file_name: str, person: str) -> bool:
    """Whether a media file was made for a person; nobody's before the server has started."""
    return any(makers.may_fetch(file_name, person) for makers in _makers)
