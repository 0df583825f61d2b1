"""What a leak is worth: one training, scored twice, once split by windows as the article does and once by recordings.

Both halves have the same sounds, network, schedule and seed, and as many windows that train, validate and test. Only
who is on which side differs.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import BadInput
from lab.learn.examples import Examples, LearningSet, cut, joined, none_of
from lab.learn.models import ARTICLE
from lab.learn.schedule import Schedule
from lab.progress import OnEpoch, OnProgress, ignore, ignore_epoch
from lab.sound.datasets import SPLITS, Dataset, Item, Split
from lab.sound.features.spec import DEFAULT, FeatureSpec
from lab.sound.leaks import Leaks
from lab.study.projects import data_named

SCHEDULE = Schedule("leak", epochs=40, rate=2e-3, patience=8, batch=128)
MOST_CLIPS = 1_500
"""More are thinned out, by whole recordings: the answer does not get better, the wait does."""
BY_WINDOW, BY_RECORDING = "split by windows", "split by recordings"


def leaks(data: str, epochs: int | None, seed: int, on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Measure a project or folder; the CLI's `data leaks`."""
    with data_named(data, seed) as dataset:
        return measure(dataset, epochs, seed, on_progress)


def measure(
    dataset: Dataset, epochs: int | None = None, seed: int = 0, on_progress: OnProgress = ignore,
    on_epoch: OnEpoch = ignore_epoch,
) -> dict[str, Any]:  # fmt: skip
    """Train the article's network on both splits and score each on what it holds back.

    Args:
        dataset: split by recordings.
        epochs: of each training at most; SCHEDULE's by default.
        seed: of the random split and both trainings.
        on_progress: called after each sound and each epoch.
        on_epoch: called with each epoch's row, its stage named after the split.

    Returns:
        `windows`, `tested`, `leaked` (of the split by windows), `by_window` and `by_recording` (each `accuracy` and
        `epochs`), `gap`, `clips` (used and in all), `dataset`, `seed` and `seconds`.

    Raises:
        BadInput: fewer than two labels, or no recording to test on.
    """
    started = time.monotonic()
    thin = thinned(dataset, MOST_CLIPS)
    if len(thin.classes) < 2:
        raise BadInput(f"This needs sounds of at least two labels; there is {', '.join(thin.classes) or 'none'}.")
    apart, owners = _by_recording(thin, DEFAULT, _part(on_progress, 0, 20))
    if not len(apart.test) or not len(apart.train):
        raise BadInput("This needs two recordings of each label, of a second or more: one trains and one tests.")
    mixed, leaked = by_window(apart, owners, seed)
    schedule = SCHEDULE if epochs is None else replace(SCHEDULE, epochs=epochs)
    scores = [
        _scored(each, replace(schedule, stage=name), seed, _part(on_progress, start, 40), on_epoch)
        for start, name, each in ((20, BY_WINDOW, mixed), (60, BY_RECORDING, apart))
    ]
    return {
        "windows": leaked.windows, "tested": leaked.tested, "leaked": leaked.leaked,
        "by_window": scores[0], "by_recording": scores[1],
        "gap": round(scores[0]["accuracy"] - scores[1]["accuracy"], 4),
        "clips": {"used": len(thin.items), "all": len(dataset.items)}, "dataset": dataset.sha256(), "seed": seed,
        "seconds": round(time.monotonic() - started, 1),
    }  # fmt: skip


def thinned(dataset: Dataset, most: int) -> Dataset:
    """Return a data set of at most about `most` items: every so many-th recording, whole, of each label and split."""
    every = -(-len(dataset.items) // most)
    groups: dict[tuple[str, Split], dict[str, int]] = {}
    kept: list[tuple[Item, Split]] = []
    for item, side in zip(dataset.items, dataset.splits, strict=True):
        numbers = groups.setdefault((item.label, side), {})
        if numbers.setdefault(item.recording_id, len(numbers)) % every == 0:
            kept.append((item, side))
    return Dataset(tuple(item for item, _ in kept), tuple(side for _, side in kept))


def by_window(apart: LearningSet, owners: NDArray[np.int64], seed: int) -> tuple[LearningSet, Leaks]:
    """Deal the same windows out at random, as many to each side as before.

    Args:
        apart: split by recordings.
        owners: number of the recording of each window, those that train first, then those that validate and test.
        seed: of the dealing.

    Returns:
        The windows dealt out, and how many of those that test have a sibling that trains.
    """
    together = joined([apart.train, apart.validate, apart.test])
    order = np.random.default_rng(seed).permutation(len(together))
    ends = np.cumsum([len(apart.train), len(apart.validate)])
    train, validate, test = np.split(order, ends)
    leaked = int(np.isin(owners[test], owners[train]).sum())
    dealt = replace(
        apart, train=together.take(train), validate=together.take(validate), test=together.take(test), fresh=None
    )
    return dealt, Leaks(len(together), len(test), leaked)


def _by_recording(
    dataset: Dataset, spec: FeatureSpec, on_progress: OnProgress
) -> tuple[LearningSet, NDArray[np.int64]]:
    labels, numbers = dataset.classes, {each: place for place, each in enumerate(sorted(_recordings(dataset.items)))}
    made: dict[Split, list[Examples]] = {side: [] for side in SPLITS}
    owners: dict[Split, list[NDArray[np.int64]]] = {side: [] for side in SPLITS}
    for place, (item, side) in enumerate(zip(dataset.items, dataset.splits, strict=True)):
        on_progress(place, len(dataset.items), "features")
        windows = cut(item.clip().samples, spec)
        count = len(windows)
        if count:
            made[side].append(Examples(windows, np.full(count, labels.index(item.label)), np.zeros(count, np.int64)))
            owners[side].append(np.full(count, numbers[item.recording_id]))
    nothing = np.zeros(0, np.int64)
    sides = [joined(made[side]) if made[side] else none_of(spec) for side in SPLITS]
    found = np.concatenate([nothing, *(each for side in SPLITS for each in owners[side])])
    return LearningSet(labels, spec, sides[0], sides[1], sides[2], dataset.sha256()), found


def _recordings(items: Sequence[Item]) -> set[str]:
    return {item.recording_id for item in items}


def _part(on_progress: OnProgress, start: int, share: int) -> OnProgress:
    """Return progress of a part of the work, told in percent of the whole."""
    return lambda done, total, message: on_progress(start + share * done // max(1, total), 100, message)


def _scored(
    data: LearningSet, schedule: Schedule, seed: int, on_progress: OnProgress, on_epoch: OnEpoch
) -> dict[str, Any]:
    from lab.learn.training import train_on

    made = train_on(data, ARTICLE, schedule, seed, on_progress, on_epoch)
    windows = made.scores["windows"]
    return {"accuracy": windows["accuracy"], "epochs": len(made.history)}
