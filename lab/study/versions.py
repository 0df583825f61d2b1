"""Which version of its data a project stands at: who trains, who tests, and the hash of it all.

Computed from the store's rows alone; no sound is read.
"""

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import select

from lab.sound import datasets
from lab.sound.datasets import SPLITS, Item, Split
from lab.sound.leaks import Leaks, leaks
from lab.workspace.store import Clip, Store

NON_COMMERCIAL = ("-nc", " nc", "non-commercial", "noncommercial")


@dataclass(frozen=True, slots=True)
class Version:
    """A project's labelled clips as training would see them.

    Attributes:
        sha256: names it; the same that a detector trained on it carries. Empty where nothing is labelled.
        splits: clip number → its split.
        clips, recordings: how many each split has.
        by_fold: whether the authors' folds made the split, not chance.
    """

    sha256: str
    splits: dict[int, Split]
    clips: dict[Split, int]
    recordings: dict[Split, int]
    by_fold: bool


def version(store: Store, project_id: int, seed: int = 0) -> Version:
    """Return a project's version; equal to `project_dataset(…).sha256()`, without reading a file."""
    query = (
        select(Clip.id, Clip.sha256, Clip.label, Clip.recording_id, Clip.fold)
        .where(Clip.project_id == project_id, Clip.deleted.is_(None), Clip.label != "")
        .order_by(Clip.id)
    )
    with store.session() as session:
        rows = session.execute(query).all()
    if not rows:
        return Version("", {}, dict.fromkeys(SPLITS, 0), dict.fromkeys(SPLITS, 0), False)
    items = [Item(b"", label, recording, fold) for _, _, label, recording, fold in rows]
    sides = datasets.split(items, seed).splits
    named = datasets.version((sha, label, recording, side)
                             for (_, sha, label, recording, _), side in zip(rows, sides, strict=True))  # fmt: skip
    clips = Counter(sides)
    pairs = {(recording, side) for (_, _, _, recording, _), side in zip(rows, sides, strict=True)}
    recordings = Counter(side for _, side in pairs)
    return Version(
        named,
        {row[0]: side for row, side in zip(rows, sides, strict=True)},
        {side: clips[side] for side in SPLITS},
        {side: recordings[side] for side in SPLITS},
        datasets.has_folds(items),
    )


def non_commercial(licence: str) -> bool:
    """Whether a licence's usual name forbids commercial use."""
    return any(mark in licence.lower() for mark in NON_COMMERCIAL)


def licences(store: Store, project_id: int) -> list[str]:
    """Return the licences that a project's clips state, each once, sorted."""
    query = select(Clip.licence).where(Clip.project_id == project_id, Clip.deleted.is_(None), Clip.licence != "")
    with store.session() as session:
        return sorted(set(session.scalars(query.distinct())))


def leaks_of(store: Store, project_id: int) -> Leaks:
    """Return what a random split of a project's windows would give away."""
    query = select(Clip.recording_id, Clip.seconds).where(
        Clip.project_id == project_id, Clip.deleted.is_(None), Clip.label != ""
    )
    with store.session() as session:
        return leaks((row[0], row[1]) for row in session.execute(query))
