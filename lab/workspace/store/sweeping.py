"""Clearing away what a crash left: files that no row names, and sounds that no project has.

A file is written before its row, and a sound's row before its clip's; whoever dies in between leaves bytes
that nobody can see. Only what is old goes, so that nothing is taken from work that is under way.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lab.workspace.store.artifacts import INCOMING, Stored
from lab.workspace.store.store import Store
from lab.workspace.store.tables import Artifact, Clip, now

log = logging.getLogger(__name__)

FILE_AGE_S = 3_600.0
"""Between a file and its row lie milliseconds."""
SOUND_AGE_S = 24 * 3_600.0
"""Between the first sound of a large import and its clips may lie many minutes."""
SOUND = "wav"
NAME_CHARS = 64


@dataclass(frozen=True, slots=True)
class Swept:
    """What went.

    Attributes:
        files: files without a row, half-written ones included.
        sounds: sounds without a clip.
        bytes: their size together.
    """

    files: int
    sounds: int
    bytes: int


def sweep(store: Store, file_age_s: float = FILE_AGE_S, sound_age_s: float = SOUND_AGE_S) -> Swept:
    """Clear away what crashes left, where the files are this instance's alone; elsewhere do nothing.

    Args:
        store: whose.
        file_age_s: younger files stay.
        sound_age_s: younger sounds stay.
    """
    if not store.has_files_alone():
        return Swept(0, 0, 0)  # others may keep files there of which this database knows nothing
    sounds, of_sounds = _sweep_sounds(store, sound_age_s)
    old = [file for file in store.files.all() if file.age_s > file_age_s and _is_ours(file.name)]
    files, of_files = _sweep_files(store, old)
    found = Swept(files, sounds, of_sounds + of_files)
    if found.files or found.sounds:
        log.info("swept files=%s sounds=%s bytes=%s", found.files, found.sounds, found.bytes)
    return found


def _sweep_sounds(store: Store, age_s: float) -> tuple[int, int]:
    with store.session() as session:
        _take_writing(session)
        used = select(Clip.id).where(Clip.sha256 == Artifact.sha256).exists()
        old = Artifact.created < now() - timedelta(seconds=age_s)
        gone = session.execute(
            select(Artifact.sha256, Artifact.size_bytes).where(Artifact.kind == SOUND, old, ~used)
        ).all()
        for sha256, _ in gone:
            session.execute(delete(Artifact).where(Artifact.sha256 == sha256))
        size = sum(size for sha256, size in gone if store.files.discard(f"{sha256[:2]}/{sha256}"))
    return len(gone), size


def _sweep_files(store: Store, old: list[Stored]) -> tuple[int, int]:
    with store.session() as session:
        _take_writing(session)
        known = set(session.scalars(select(Artifact.sha256))) if old else set()
        strays = [file for file in old if file.name.rpartition("/")[2] not in known]
        return len(strays), sum(file.size_bytes for file in strays if store.files.discard(file.name))


def _take_writing(session: Session) -> None:
    """Take SQLite's lock for writing, so that no row appears between the look and the deletion."""
    session.execute(update(Artifact).where(Artifact.sha256 == "").values(kind=""))


def _is_ours(name: str) -> bool:
    """Whether a name is one by content, or of a half-written file; names that people gave stay out of it."""
    folder, _, rest = name.partition("/")
    return "/" not in rest and (f"{folder}/" == INCOMING or (len(rest) == NAME_CHARS and rest[:2] == folder))
