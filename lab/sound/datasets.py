"""Data sets: which recordings there are, and which of them train, validate and test.

A folder is read in one of four layouts: ESC-50's (a CSV of file, fold and
category), Edge Impulse's (a table named info.labels), one folder a label (Speech
Commands is one of these), or sound files alone under one label. Splits are made of recordings, never of windows: two
clips of one recording are always on the same side.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from lab.errors import BadInput
from lab.sound import edge_impulse
from lab.sound.clip import Clip
from lab.sound.files import read_clip
from lab.sound.layouts import Found, esc50_table, find_esc50, labelled_folders
from lab.sound.segments import Segment
from lab.sound.zips import is_zip, unzipped

Split = Literal["train", "validate", "test"]
SPLITS: tuple[Split, ...] = ("train", "validate", "test")
SHARES = (0.7, 0.15, 0.15)
FOLDS = 5
UNSTATED = "sounds without a stated licence"


@dataclass(frozen=True, slots=True)
class Item:
    """One sound file of a data set, read when it is needed.

    Attributes:
        source: where it lies, or its bytes.
        label: what is heard.
        recording_id: the recording it was cut from.
        fold: the fold its authors put it in, from 1; 0 where they did not.
        licence: under which it may be used; empty where nobody said.
        origin: the data set that it comes from; empty where nobody said.
        segments: where in it what is heard, if that is known.
    """

    source: Path | bytes
    label: str
    recording_id: str
    fold: int = 0
    licence: str = ""
    origin: str = ""
    segments: tuple[Segment, ...] = ()

    def clip(self) -> Clip:
        """Read it.

        Raises:
            BadInput: the file cannot be used.
        """
        return read_clip(self.source, self.label, self.recording_id)[0]

    def sha256(self) -> str:
        """Return the file's hash."""
        data = self.source.read_bytes() if isinstance(self.source, Path) else self.source
        return hashlib.sha256(data).hexdigest()


@dataclass(frozen=True, slots=True)
class Dataset:
    """Items, each with the split it belongs to.

    Attributes:
        items: in a fixed order.
        splits: one of SPLITS an item.
    """

    items: tuple[Item, ...]
    splits: tuple[Split, ...]

    def __post_init__(self) -> None:
        sides: dict[str, str] = {}
        for item, split in zip(self.items, self.splits, strict=True):
            if sides.setdefault(item.recording_id, split) != split:
                raise BadInput(f"Recording {item.recording_id!r} is in both {sides[item.recording_id]} and {split}.")

    @property
    def classes(self) -> tuple[str, ...]:
        """Return the labels, sorted."""
        return tuple(sorted({item.label for item in self.items}))

    def of(self, split: Split) -> list[Item]:
        """Return the items of one split."""
        return [item for item, side in zip(self.items, self.splits, strict=True) if side == split]

    @property
    def licences(self) -> tuple[str, ...]:
        """Return the licences of the items, each once, sorted; UNSTATED stands for items without one."""
        return tuple(sorted({item.licence or UNSTATED for item in self.items}))

    def sha256(self) -> str:
        """Return the hash that names this version; see `version`."""
        return version(
            (item.sha256(), item.label, item.recording_id, split)
            for item, split in zip(self.items, self.splits, strict=True)
        )


def version(rows: Iterable[tuple[str, str, str, str]]) -> str:
    """Return the hash that names a data set: of every file's hash, label, recording and split.

    The order of rows does not matter.
    """
    lines = sorted("\x1f".join(row) for row in rows)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


@contextmanager
def opened(path: Path, label: str | None = None) -> Iterator[list[Item]]:
    """Find the sound files of a file, folder or zip; a zip's are gone afterwards.

    Args:
        path: a sound file, a folder or a zip of one.
        label: for files that no folder or table labels; with it, every file gets this label.

    Raises:
        BadInput: nothing there, no sound files, or no label for them.
    """
    if is_zip(path):
        with unzipped(path) as folder:
            yield find_items(folder, label, name=path.name)
    else:
        yield find_items(path, label)


def find_items(path: Path, label: str | None = None, name: str | None = None) -> list[Item]:
    """Return the sound files of a file or folder, in the order of their names.

    Raises:
        BadInput: as `opened`.
    """
    name = name or str(path)
    if not path.exists():
        raise BadInput(f"{name} is not there.")
    found = _found(path)
    if not found:
        raise BadInput(f"{name} holds no sound files.")
    items = [_item(each, label, name) for each in found]
    return sorted(items, key=lambda item: str(item.source))


def _found(path: Path) -> list[Found]:
    if path.is_dir():
        if table := find_esc50(path):
            return esc50_table(table)
        if tables := edge_impulse.find(path):
            return edge_impulse.read(tables)
    return labelled_folders(path)


def _item(found: Found, label: str | None, name: str) -> Item:
    chosen = label if label is not None else found.label
    if not chosen and not found.unlabelled:
        raise BadInput(f"{name} does not say what {found.path.name} is; give a label, or put it in a folder named so.")
    return Item(found.path, chosen, found.recording_id, found.fold, found.licence, found.origin, found.segments)


def by_fold(items: Iterable[Item], test_fold: int = 5) -> Dataset:
    """Split by the authors' folds: one tests, the one before it validates, the others train.

    Raises:
        BadInput: an item without a fold, or no such fold.
    """
    items = tuple(items)
    folds = sorted({item.fold for item in items})
    if 0 in folds or test_fold not in folds or len(folds) < 3:
        raise BadInput(f"Cannot test on fold {test_fold}: the data has folds {folds}; at least three are needed.")
    validate = folds[folds.index(test_fold) - 1]
    sides: dict[int, Split] = {test_fold: "test", validate: "validate"}
    return Dataset(items, tuple(sides.get(item.fold, "train") for item in items))


def by_recording(items: Iterable[Item], seed: int = 0, shares: Sequence[float] = SHARES) -> Dataset:
    """Split recordings at random, label by label, the same for the same seed.

    Adding a recording moves few others: each has its own place in an order
    drawn from its name.

    Args:
        items: what to split.
        seed: another seed, another split.
        shares: of train, validate and test. Of two recordings one trains and one tests.
    """
    items = tuple(items)
    labels: dict[str, str] = {}
    for item in items:
        labels.setdefault(item.recording_id, item.label)
    groups: dict[str, list[str]] = defaultdict(list)
    for recording, label in labels.items():
        groups[label].append(recording)
    sides: dict[str, Split] = {}
    for recordings in groups.values():
        recordings.sort(key=lambda each: hashlib.sha256(f"{seed}/{each}".encode()).digest())
        for place, recording in enumerate(recordings):
            sides[recording] = _side(place, len(recordings), shares)
    return Dataset(items, tuple(sides[item.recording_id] for item in items))


def _side(place: int, count: int, shares: Sequence[float]) -> Split:
    test = max(round(count * shares[2]), int(count > 1 and shares[2] > 0))
    validate = max(round(count * shares[1]), int(count > 2 and shares[1] > 0))
    if place < test:
        return "test"
    return "validate" if place < test + validate else "train"


def split(items: Iterable[Item], seed: int = 0) -> Dataset:
    """Split by the authors' folds where every item has one, else by recording."""
    items = tuple(items)
    return by_fold(items) if has_folds(items) else by_recording(items, seed)


def has_folds(items: Sequence[Item]) -> bool:
    """Whether every item has a fold, and there are enough of them to split by."""
    return bool(items) and all(item.fold for item in items) and len({item.fold for item in items}) >= FOLDS


def relabelled(items: Iterable[Item], labels: dict[str, str], other: str | None = None) -> list[Item]:
    """Return items under other labels; those not named get `other`, or are left out."""
    out = []
    for item in items:
        label = labels.get(item.label, other)
        if label is not None:
            out.append(replace(item, label=label))
    return out
