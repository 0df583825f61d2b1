"""Windows with their classes, by split: what training reads."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import BadInput
from lab.progress import OnProgress, ignore
from lab.sound import augment, features
from lab.sound.augment import Augmentation
from lab.sound.datasets import Dataset, Item, Split
from lab.sound.features import FeatureSpec

STRIDE = 4_000
"""The article's: a window each quarter of a second."""
MAX_BACKGROUNDS = 50
MAX_HELD_BYTES = 512 * 2**20
"""Sound that is kept in memory to be augmented; the rest is read again when it is due."""
LIFE = 10
"""Epochs that see a copy before another one takes its place."""
WINDOWS_NDIM = 3


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """Windows of one split.

    Attributes:
        windows: int8 codes or float32 magnitudes, shape (n, rows, bands); pictures
            are float32, (n, rows, columns, channels).
        classes: int64, shape (n,): place in the labels.
        clips: int64, shape (n,): number of the clip each was cut from.
    """

    windows: features.Windows
    classes: NDArray[np.int64]
    clips: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.classes)

    def inputs(self) -> NDArray[np.float32]:
        """Return what Keras sees: float32, shape (n, rows, bands, channels); codes are divided by 128."""
        scaled = self.windows.astype(np.float32)
        if self.windows.dtype == np.int8:
            scaled /= np.float32(128)
        return scaled[..., None] if scaled.ndim == WINDOWS_NDIM else scaled

    def take(self, chosen: NDArray[np.integer] | NDArray[np.bool_]) -> "Examples":
        """Return some of them."""
        return Examples(self.windows[chosen], self.classes[chosen], self.clips[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class LearningSet:
    """Examples that train, validate and test, never of one recording on two sides.

    Attributes:
        labels: names of the classes.
        train, validate, test: their examples; those that test are never trained on.
        dataset: hash that names the data.
        fresh: gives an epoch the training examples, copies renewed; None where copies stay as they are.
    """

    labels: tuple[str, ...]
    spec: FeatureSpec
    train: Examples
    validate: Examples
    test: Examples
    dataset: str
    fresh: "Fresh | None" = None

    def draws(self, first: int = 0) -> "Draws | None":
        """Return what gives an epoch its training examples, counted on from a first draw; None if they stay."""
        fresh = self.fresh
        return None if fresh is None else lambda epoch: fresh(first + epoch)


Draws = Callable[[int], Examples]
"""Number of an epoch, from 0 → its training examples."""


@dataclass(frozen=True, slots=True, eq=False)
class Fresh:
    """Training clips, recorded once; each epoch a part of their copies is drawn anew.

    Of 240 clips of 5 s, effects and features of all copies take 2.3 s of CPU, more than the 1.8 s in which the
    default network learns from them; with a tenth renewed, an epoch takes 2.2 s. Which copies an epoch sees depends
    on its number alone.

    Attributes:
        recorded: their windows as recorded, clips numbered from 0.
        spec: features.
        sounds: each clip's samples, or the item to read them from again.
        classes: of each clip.
        augmentation: how copies are made.
        backgrounds: what is mixed in: training sounds, too.
        kept: by clip, the draw it has now and the windows of that.
    """

    recorded: Examples
    spec: FeatureSpec
    sounds: tuple[NDArray[np.int16] | Item, ...]
    classes: tuple[int, ...]
    augmentation: Augmentation
    backgrounds: tuple[NDArray[np.int16], ...]
    kept: dict[int, tuple[int, features.Windows]] = field(default_factory=dict)

    def __call__(self, epoch: int) -> Examples:
        """Return the recorded windows and those of the copies that an epoch sees."""
        copies = [self._copies(clip, (epoch + clip % LIFE) // LIFE) for clip in range(len(self.sounds))]
        numbers = np.repeat(np.arange(len(copies)), [len(each) for each in copies])
        clips = np.concatenate([self.recorded.clips, numbers])
        return Examples(stacked([self.recorded.windows, *copies]), np.asarray(self.classes, np.int64)[clips], clips)

    def _copies(self, clip: int, draw: int) -> features.Windows:
        had = self.kept.get(clip)
        if had is None or had[0] != draw:
            sound = self.sounds[clip]
            samples = sound.clip().samples if isinstance(sound, Item) else sound
            copies = self.augmentation.copies_of(samples, self.backgrounds, draw)
            had = draw, stacked([none_of(self.spec).windows, *(cut(copy, self.spec) for copy in copies)])
            self.kept[clip] = had
        return had[1]


def joined(parts: Sequence[Examples]) -> Examples:
    """Return all examples one after another; clips are numbered anew."""
    starts = np.cumsum([0, *(int(part.clips.max(initial=-1)) + 1 for part in parts)])
    return Examples(
        stacked([part.windows for part in parts]),
        np.concatenate([part.classes for part in parts]),
        np.concatenate([part.clips + start for part, start in zip(parts, starts[:-1].tolist(), strict=True)]),
    )


def stacked(parts: Sequence[features.Windows]) -> features.Windows:
    """Return windows of one type one after another."""
    whole: Any = np.concatenate(parts)
    return whole  # type: ignore[no-any-return]


def none_of(spec: FeatureSpec) -> Examples:
    """Return no examples, of the spec's shape and type."""
    nothing = (0, *spec.shape)
    windows: features.Windows = np.zeros(nothing, np.int8) if spec.is_codes else np.zeros(nothing, np.float32)
    return Examples(windows, np.zeros(0, np.int64), np.zeros(0, np.int64))


def from_dataset(
    dataset: Dataset,
    spec: FeatureSpec,
    labels: Sequence[str] | None = None,
    augmented: bool = False,
    background: Sequence[str] = (),
    seed: int = 0,
    on_progress: OnProgress = ignore,
    augmentation: Augmentation | None = None,
) -> LearningSet:
    """Return the windows of a data set's clips.

    Windows without any sound are dropped, and clips shorter than a window
    give none. Only training clips are augmented, each by copies of its own.

    Args:
        dataset: items by split.
        spec: how sound becomes numbers.
        labels: order of the classes; sorted by default.
        augmented: add the article's three kinds of copies to what trains.
        background: labels whose training sounds are mixed into copies.
        seed: of the article's copies.
        on_progress: called after each clip.
        augmentation: makes the copies instead, by its own seed, and others as epochs go: `LearningSet.fresh`.

    Raises:
        BadInput: a file cannot be used, an item has another label, fewer than two classes, or no window at all.
    """
    labels = tuple(labels or dataset.classes)
    if len(labels) < 2:
        raise BadInput(f"Training needs sounds of at least two labels; there is {', '.join(labels) or 'none'}.")
    made: dict[Split, list[Examples]] = {"train": [], "validate": [], "test": []}
    augmented = augmented and augmentation is None
    copies = Copies(np.random.default_rng(seed), _backgrounds(dataset, background) if augmented else [])
    for index, (item, split) in enumerate(zip(dataset.items, dataset.splits, strict=True)):
        on_progress(index, len(dataset.items), "features")
        if item.label not in labels:
            raise BadInput(f"A sound is labelled {item.label!r}; the classes are {', '.join(labels)}.")
        more = copies if augmented and split == "train" else None
        made[split].append(_windows_of(item, labels.index(item.label), spec, more))
    sides = {split: joined(parts) if parts else none_of(spec) for split, parts in made.items()}
    if not len(sides["train"]):
        raise BadInput(f"No sound is as long as one window of {spec.window_len} samples; record longer.")
    data = LearningSet(labels, spec, sides["train"], sides["validate"], sides["test"], dataset.sha256())
    if augmentation is None or not augmentation.effects:
        return data
    fresh = _fresh(dataset, data, augmentation, background)
    return replace(data, train=fresh(0), fresh=fresh)


def with_sounds(augmentation: Augmentation | None, dataset: Dataset) -> Augmentation | None:
    """Return an augmentation whose sounds to mix in are there.

    Raises:
        BadInput: no training sound has one of the labels that it names.
    """
    mixing = augmentation.mixing if augmentation else None
    if mixing and mixing.labels and not {item.label for item in dataset.of("train")} & set(mixing.labels):
        raise BadInput(
            f"The augmentation mixes in sounds labelled {', '.join(mixing.labels)}; no training sound is. "
            "Choose other labels, or none for those that raise no event."
        )
    return augmentation


def _fresh(dataset: Dataset, data: LearningSet, augmentation: Augmentation, background: Sequence[str]) -> Fresh:
    """Return what draws copies; what is mixed in trains, too."""
    items, held = dataset.of("train"), 0
    sounds: list[NDArray[np.int16] | Item] = []
    for item in items:
        samples = item.clip().samples if held < MAX_HELD_BYTES else None
        held += 0 if samples is None else samples.nbytes
        sounds.append(item if samples is None else samples)
    mixing = augmentation.mixing
    chosen = _backgrounds(dataset, mixing.labels or background) if mixing else []
    classes = tuple(data.labels.index(item.label) for item in items)
    return Fresh(data.train, data.spec, tuple(sounds), classes, augmentation, tuple(chosen))


@dataclass(frozen=True, slots=True, eq=False)
class Copies:
    """What augmentation draws from."""

    rng: np.random.Generator
    backgrounds: list[NDArray[np.int16]]


def background_items(dataset: Dataset, labels: Sequence[str]) -> list[Item]:
    """Return training items of some labels, evenly chosen where there are many, to be mixed into copies."""
    chosen = [item for item in dataset.of("train") if item.label in labels]
    return chosen[:: max(1, len(chosen) // MAX_BACKGROUNDS)]


def _backgrounds(dataset: Dataset, labels: Sequence[str]) -> list[NDArray[np.int16]]:
    clips = [item.clip().samples for item in background_items(dataset, labels)]
    return [samples for samples in clips if len(samples)]


def _windows_of(item: Item, label: int, spec: FeatureSpec, copies: Copies | None) -> Examples:
    samples = item.clip().samples
    takes = [samples] if copies is None else [samples, *augment.augmented(samples, copies.backgrounds, copies.rng)]
    made = [cut(take, spec) for take in takes]
    windows = stacked(made)
    return Examples(windows, np.full(len(windows), label, np.int64), np.zeros(len(windows), np.int64))


def cut(samples: NDArray[np.int16], spec: FeatureSpec) -> features.Windows:
    """Return the windows of a clip that hold any sound at all."""
    if len(samples) < spec.window_len:
        return none_of(spec).windows
    count = 1 + (len(samples) - spec.window_len) // STRIDE
    heard = [bool(samples[k * STRIDE : k * STRIDE + spec.window_len].any()) for k in range(count)]
    return features.windows(samples, spec, stride=STRIDE)[np.asarray(heard, np.bool_)]


def class_weights(classes: NDArray[np.int64], count: int) -> dict[int, float]:
    """Return a weight for each class that makes all count alike; 1 for a class without examples."""
    found = np.bincount(classes, minlength=count)
    return {
        index: len(classes) / (np.count_nonzero(found) * seen) if seen else 1.0
        for index, seen in enumerate(found.tolist())
    }


def digest(parts: Iterable[bytes]) -> str:
    """Return the SHA-256 of some bytes, one after another."""
    made = hashlib.sha256()
    for part in parts:
        made.update(part)
    return made.hexdigest()
