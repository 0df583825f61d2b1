"""A project's augmentation: kept with it, and tried on its sounds as training would.

It is kept as a run of kind "augment", the newest of which counts, so that it
goes with its project and tells what was in use before.
"""

from collections.abc import Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from lab.learn.examples import background_items
from lab.sound import datasets, synth
from lab.sound.augment import Augmentation
from lab.sound.datasets import Dataset, Item, Split
from lab.workspace.store import Run, Store

KIND = "augment"
Samples = NDArray[np.int16]
BACKGROUND = ("rain", 1, 6.0)
"""Generator, seed and seconds of what is mixed in where a project has no sounds."""


def saved(store: Store, project_id: int) -> Augmentation | None:
    """Return what a project's training uses, or None for its usual copies.

    Raises:
        BadInput: it was written by a newer version of the lab.
    """
    runs = store.runs(project_id, KIND)
    data = runs[0].data.get("augment") if runs else None
    return None if data is None else Augmentation.from_json(data)


def save(store: Store, project_id: int, augmentation: Augmentation | None) -> None:
    """Let a project's training use an augmentation; None is back to the usual copies.

    Raises:
        LabError: the disk is full; nothing was changed.
    """
    row = run_of(project_id, augmentation)
    store.save_run(project_id, row.kind, row.name, row.data, row.artifacts)


def run_of(project_id: int, augmentation: Augmentation | None) -> Run:
    """Return the row that keeps a project's augmentation."""
    data: dict[str, Any] | None = None if augmentation is None else augmentation.to_json()
    name = augmentation.says() if augmentation else "usual copies"
    return Run(project_id=project_id, kind=KIND, name=name[:300], data={"augment": data}, artifacts={})


def split_of(store: Store, project_id: int, seed: int = 0) -> Dataset:
    """Return a project's labelled clips by split, as training with a seed would; none is fine."""
    from lab.study.projects import project_dataset  # which exports projects, their augmentation included

    if not any(store.labels(project_id)):
        return datasets.by_recording([], seed)
    return project_dataset(store, project_id, seed)


def side_of(dataset: Dataset, recording_id: str) -> Split | None:
    """Return the split a recording is in, or None where it is in none."""
    sides = zip(dataset.items, dataset.splits, strict=True)
    return next((split for item, split in sides if item.recording_id == recording_id), None)


class Backgrounds(Sequence[Samples]):
    """What mixing would choose from, each read only when it is chosen.

    Args:
        items: training clips.
    """

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items

    def __len__(self) -> int:
        return len(self._items)

    @overload
    def __getitem__(self, place: int) -> Samples: ...
    @overload
    def __getitem__(self, place: slice) -> "Backgrounds": ...
    def __getitem__(self, place: int | slice) -> "Samples | Backgrounds":
        """Return the samples of one, or fewer to choose from."""
        return Backgrounds(self._items[place]) if isinstance(place, slice) else self._items[place].clip().samples


def backgrounds(dataset: Dataset, augmentation: Augmentation, positive: Sequence[str]) -> Sequence[Samples]:
    """Return what an augmentation mixes in: training sounds, a synthetic one where there are no sounds at all.

    Args:
        dataset: the project's, by split.
        augmentation: names labels, or none for all that raise no event.
        positive: labels that raise an event.
    """
    mixing = augmentation.mixing
    if mixing is None:
        return ()
    if not dataset.items:
        return (synth.render(*BACKGROUND).samples,)
    labels = mixing.labels or [label for label in dataset.classes if label not in positive]
    return Backgrounds(background_items(dataset, labels))
