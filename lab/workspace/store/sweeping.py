"""Clearing away what a crash left: files that no row names, and sounds that no project has.

A file is written before its row, and a sound's row before its clip's; whoever dies in between leaves bytes
that nobody can see. Only what is old goes, so that nothing is taken from work that is under way.
"""

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

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
    """Clear away what crashes left, where the files are this instance's own folder; elsewhere do nothing.

    Args:
        store: whose.
        file_age_s: younger files stay.
        sound_age_s: younger sounds stay.
    """
    folder = store.files.folder
    if folder is None or not folder.is_relative_to(store.config.home) or not folder.is_dir():
        return Swept(0, 0, 0)  # others may keep files there of which this database knows nothing
    sounds, of_sounds = _sweep_sounds(store, folder, sound_age_s)
    old = [path for path in _files(folder) if _age(path) > file_age_s]
    files, of_files = _sweep_files(store, old)
    found = Swept(files, sounds, of_sounds + of_files)
    if found.files or found.sounds:
        log.info("swept files=%s sounds=%s bytes=%s", found.files, found.sounds, found.bytes)
    return found


def _sweep_sounds(store: Store, folder: Path, age_s: float) -> tuple[int, int]:
    with store.session() as session:
        _take_writing(session)
        used = select(Clip.id).where(Clip.sha256 == Artifact.sha256).exists()
        old = Artifact.created < now() - timedelta(seconds=age_s)
        gone = list(session.scalars(select(Artifact.sha256).where(Artifact.kind == SOUND, old, ~used)))
        for sha256 in gone:
            session.execute(delete(Artifact).where(Artifact.sha256 == sha256))
        size = sum(_removed(folder / sha256[:2] / sha256) for sha256 in gone)
    return len(gone), size


def _sweep_files(store: Store, old: list[Path]) -> tuple[int, int]:
    with store.session() as session:
        _take_writing(session)
        known = set(session.scalars(select(Artifact.sha256))) if old else set()
        strays = [path for path in old if path.name not in known]
        return len(strays), sum(_removed(path) for path in strays)


def _take_writing(session: Session) -> None:
    """Take SQLite's lock for writing, so that no row appears between the look and the deletion."""
    session.execute(update(Artifact).where(Artifact.sha256 == "").values(kind=""))


def _files(folder: Path) -> Iterator[Path]:
    """Yield files named by their content, and half-written ones; names that people gave stay out of it."""
    for inside in folder.iterdir():
        if inside.is_dir() and (inside.name == "incoming" or len(inside.name) == 2):
            yield from (path for path in inside.iterdir() if _is_ours(path, inside.name))


def _is_ours(path: Path, folder: str) -> bool:
    return path.is_file() and (folder == "incoming" or (len(path.name) == NAME_CHARS and path.name[:2] == folder))


def _age(path: Path) -> float:
    try:
        return time.time() - path.stat().st_mtime
    except OSError:  # moved to its place, or gone, meanwhile
        return 0.0


def _removed(path: Path) -> int:
    try:
        size = path.stat().st_size
        path.unlink()
    except OSError:
        return 0
    return size
