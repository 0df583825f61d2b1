"""Files that nobody holds any more: no project's sound, nobody's model, firmware or export."""

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lab.workspace.store.store import Store
from lab.workspace.store.tables import Artifact, Clip, Holder

HASH = re.compile(r"[0-9a-f]{64}")
NODES = "nodes/"
"""Where the deployment tree notes what it trained (`lab/study/tree/kept.py`)."""


def erase(store: Store, candidates: Iterable[str]) -> tuple[int, int]:
    """Delete those files that nobody holds; trainings that gave one of them are forgotten with it.

    A file goes while the database is locked for writing, so that nobody adds the same one in between.

    Args:
        store: the instance's whole store.
        candidates: hashes of files that may be unneeded now.

    Returns:
        How many went, and their size in bytes.
    """
    with store.session() as session:
        gone = _unheld(session, candidates)
    gone = with_trainings(store, gone)
    with store.session() as session:
        rows = [row for sha256 in _unheld(session, gone) if (row := session.get(Artifact, sha256)) is not None]
        for row in rows:
            session.delete(row)
        session.flush()
        for row in rows:
            store.files.remove(row.sha256)
    return len(rows), sum(row.size_bytes for row in rows)


def _unheld(session: Session, candidates: Iterable[str]) -> set[str]:
    wanted = set(candidates)
    for table in (Clip, Holder):
        wanted -= set(session.scalars(select(table.sha256).distinct()))
    return wanted


def with_trainings(store: Store, gone: set[str]) -> set[str]:
    """Forget finished trainings that gave files which go; return those files with the weights between."""
    made = set(gone)
    for path in store.files.paths() if gone else ():
        if path.startswith(NODES) and gone & (named := set(hashes(json.loads(store.files.named(path) or b"{}")))):
            made |= named
            store.files.discard(path)
    return made


def hashes(data: Any) -> Iterator[str]:
    """Yield every file's hash that JSON names, however deep."""
    if isinstance(data, str):
        if HASH.fullmatch(data):
            yield data
    elif isinstance(data, dict | list):
        for each in data.values() if isinstance(data, dict) else data:
            yield from hashes(each)
