"""From examples to a network: the baseline, and its transfer to a detector.

The article's way: learn many kinds of sound first; then swap the head and
teach it the few that matter, head first, then all layers, then the head again
on the person's own recordings. Every stage reports each epoch, and a callback
that raises stops it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import BadInput
from lab.learn import fitting, keras2, metrics, models
from lab.learn.examples import Examples, LearningSet, class_weights, from_dataset, joined, with_sounds
from lab.learn.models import Architecture, Scale
from lab.learn.schedule import ALL_LAYERS, BASELINE, HEAD, OWN, Schedule
from lab.progress import OnEpoch, OnProgress, ignore, ignore_epoch
from lab.sound import augment
from lab.sound.augment import Augmentation
from lab.sound.datasets import Dataset
from lab.sound.features import FeatureSpec

__all__ = ["ALL_LAYERS", "BASELINE", "HEAD", "OWN", "Learned", "finetune", "finetune_on", "train_baseline", "train_on"]

STAGES = (HEAD, ALL_LAYERS, OWN)


@dataclass(frozen=True, slots=True, eq=False)
class Learned:
    """A trained network.

    Attributes:
        model: Keras model of float weights; its last layer is the head.
        arch, spec, scale: what it was built from.
        labels: of its classes. With one sigmoid output, labels[0] is "yes".
        positive: labels that raise an event; empty for a baseline.
        history: one row an epoch: epoch, stage, loss, accuracy, val_loss, val_accuracy.
        scores: figures of held-out windows, as `score` gives them.
        summary: Keras's table of layers.
        dataset: hash of the data it saw.
        augmentation: how copies of that were made, as JSON; empty for none.
        licences: of the data it saw, its baseline's included.
    """

    model: Any
    arch: Architecture
    spec: FeatureSpec
    scale: Scale
    labels: tuple[str, ...]
    positive: tuple[str, ...] = ()
    history: tuple[fitting.Row, ...] = ()
    scores: dict[str, Any] = field(default_factory=dict)
    summary: str = ""
    dataset: str = ""
    augmentation: dict[str, Any] = field(default_factory=dict)
    licences: tuple[str, ...] = ()


def train_baseline(
    dataset: Dataset,
    spec: FeatureSpec,
    arch: Architecture,
    schedule: Schedule = BASELINE,
    seed: int = 0,
    on_progress: OnProgress = ignore,
    on_epoch: OnEpoch = ignore_epoch,
    augmentation: Augmentation | None = None,
) -> Learned:
    """Learn to tell all labels of a data set apart.

    Args:
        dataset: sound files by split (`lab.sound.datasets.split`).
        spec: features.
        arch: network; as many outputs as the data has labels.
        schedule: the article's by default: up to 250 epochs, stops after 25 without gain.
        seed: equal seeds give equal networks.
        on_progress: called after each file and each epoch.
        on_epoch: called with each epoch's row.
        augmentation: adds copies to what trains, others as epochs go; none by default. Mixing needs its labels
            named: a baseline has none that raise no event.

    Returns:
        Scored on windows and clips of the test split.

    Raises:
        BadInput: a file cannot be used, fewer than two labels, or a network that does not fit.
    """
    data = from_dataset(
        dataset, spec, seed=seed, on_progress=on_progress, augmentation=with_sounds(augmentation, dataset)
    )
    made = train_on(data, arch, schedule, seed, on_progress, on_epoch)
    return replace(made, augmentation=augmentation.to_json() if augmentation else {}, licences=dataset.licences)


def train_on(
    data: LearningSet,
    arch: Architecture,
    schedule: Schedule = BASELINE,
    seed: int = 0,
    on_progress: OnProgress = ignore,
    on_epoch: OnEpoch = ignore_epoch,
) -> Learned:
    """Learn to tell all labels of prepared examples apart; as `train_baseline`."""
    keras2.seed(seed)
    scale = scale_of(data.train)
    model = models.build(arch, data.spec, len(data.labels), scale)
    weights = class_weights(data.train.classes, len(data.labels))
    rows = fitting.fit(model, data.train, data.validate, schedule, weights, seed, on_epoch, on_progress,
                       draws=data.draws())  # fmt: skip
    made = Learned(model, arch, data.spec, scale, data.labels, history=tuple(rows), dataset=data.dataset)
    return replace(made, scores=score(made, data.test), summary=models.summary(model))


def finetune(
    baseline: Learned,
    dataset: Dataset,
    positive: Sequence[str],
    own: Dataset | None = None,
    stages: Sequence[Schedule] = STAGES,
    seed: int = 0,
    augmented: bool = True,
    on_progress: OnProgress = ignore,
    on_epoch: OnEpoch = ignore_epoch,
    augmentation: Augmentation | None = None,
) -> tuple[Learned, LearningSet]:
    """Teach a trained network the labels of a data set.

    With two labels, one of them positive, the head is one sigmoid that gives
    the positive label's probability; else a softmax over all labels, the
    positive ones first.

    Args:
        baseline: whose body to use; it stays as it is.
        dataset: sound files by split.
        positive: labels that raise an event.
        own: the person's own recordings, for the last stage; none skips it.
        stages: schedules of head, all layers, and head on own recordings.
        seed: equal seeds give equal networks.
        augmented: add the article's three kinds of copies to what trains.
        on_progress: called after each file and each epoch.
        on_epoch: called with each epoch's row.
        augmentation: makes the copies instead of the article's three, others as epochs go.

    Returns:
        The network, and the examples that quantization-aware training should
        see: those of the data set and the person's own.

    Raises:
        BadInput: as `train_baseline`, or a positive label that the data lacks.
    """
    labels = ordered(dataset.classes, positive)
    quiet = labels[len(positive) :]  # mixed into copies, they leave a sound what it is
    with_sounds(augmentation, dataset)

    def examples(each: Dataset) -> LearningSet:
        return from_dataset(each, baseline.spec, labels, augmented, quiet, seed, on_progress, augmentation)

    data, mine = examples(dataset), examples(own) if own is not None else None
    made = finetune_on(baseline, data, tuple(positive), mine, stages, seed, on_progress, on_epoch)
    how = augmentation or (augment.ARTICLE if augmented else None)
    seen = {*baseline.licences, *dataset.licences, *(own.licences if own is not None else ())}
    made = replace(made, augmentation=how.to_json() if how else {}, licences=tuple(sorted(seen)))
    return made, (data if mine is None else _together(data, mine))


def finetune_on(
    baseline: Learned,
    data: LearningSet,
    positive: tuple[str, ...],
    own: LearningSet | None = None,
    stages: Sequence[Schedule] = STAGES,
    seed: int = 0,
    on_progress: OnProgress = ignore,
    on_epoch: OnEpoch = ignore_epoch,
) -> Learned:
    """Teach a trained network the labels of prepared examples; as `finetune`.

    The labels must come in the order of `ordered`.
    """
    if data.spec != baseline.spec:
        raise BadInput(f"The baseline hears {baseline.spec.name!r} features; the data has {data.spec.name!r}.")
    keras2.seed(seed)
    single = len(data.labels) == 2 and positive == data.labels[:1]
    model = models.with_head(models.body_of(_copy(baseline)), 1 if single else len(data.labels))
    weights = class_weights(data.train.classes, len(data.labels))
    rows: list[fitting.Row] = []
    for schedule, whole, part in zip(stages, (False, True, False), (data, data, own), strict=False):
        if part is not None and len(part.train):
            set_trainable(model, whole)
            rows += fitting.fit(model, part.train, part.validate, schedule, weights, seed, on_epoch, on_progress,
                                draws=part.draws(len(rows)))  # fmt: skip
    set_trainable(model, True)
    made = Learned(model, baseline.arch, data.spec, baseline.scale, data.labels, positive, tuple(rows),
                   dataset=data.dataset)  # fmt: skip
    return replace(made, scores=score(made, data.test), summary=models.summary(model))


def ordered(labels: Sequence[str], positive: Sequence[str]) -> tuple[str, ...]:
    """Return the labels, positive ones first.

    Raises:
        BadInput: a positive label is not among them, or there is none.
    """
    missing = sorted(set(positive) - set(labels))
    if missing or not positive:
        raise BadInput(
            f"There are no sounds labelled {', '.join(missing) or 'as an alarm'}; there are {', '.join(labels)}."
        )
    return (*positive, *(label for label in labels if label not in positive))


def set_trainable(model: Any, whole: bool) -> None:
    """Let the whole model learn, or only its head."""
    for layer in model.layers:
        layer.trainable = whole
    model.layers[-1].trainable = True


def scale_of(train: Examples) -> Scale:
    """Return mean and variance of what the model sees of some examples."""
    chosen = train.take(np.arange(0, len(train), max(1, len(train) // 2_000)))
    seen = chosen.inputs().astype(np.float64)
    return Scale(float(seen.mean()), max(1e-6, float(seen.var())))


def score(learned: Learned, test: Examples) -> dict[str, Any]:
    """Return figures of held-out windows.

    Returns:
        For a baseline `windows` and `clips`, as `metrics.class_scores`; a
        clip's class is that of its windows' mean. For a detector `windows`,
        as `metrics.binary_scores` with `labels`, `confusion` and `curve`.
        Empty without test examples.
    """
    if not len(test):
        return {}
    outputs = fitting.predict(learned.model, test)
    if learned.positive:
        return {"windows": detector_scores(outputs, test, learned.labels, learned.positive)}
    clips, truth = clip_means(outputs, test)
    return {
        "windows": metrics.class_scores(test.classes, outputs.argmax(axis=1), learned.labels),
        "clips": metrics.class_scores(truth, clips.argmax(axis=1), learned.labels),
    }


def detector_scores(
    outputs: NDArray[np.float32], test: Examples, labels: tuple[str, ...], positive: tuple[str, ...]
) -> dict[str, Any]:
    """Return scores of positive against all other labels, at 0.5 and over a curve of thresholds."""
    probability = outputs[:, : len(positive)].max(axis=1)
    truth, said = test.classes < len(positive), probability >= 0.5
    both = outputs.shape[1] == 1
    guess = np.where(said, 0, 1) if both else outputs.argmax(axis=1)
    return {
        **metrics.binary_scores(truth, said),
        "labels": list(labels),
        "confusion": metrics.confusion(test.classes, guess, len(labels)).tolist(),
        "curve": metrics.threshold_curve(truth, probability),
    }


def clip_means(outputs: NDArray[np.float32], test: Examples) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Return each clip's mean output and class."""
    clips, first, places = np.unique(test.clips, return_index=True, return_inverse=True)
    total = np.zeros((len(clips), outputs.shape[1]), np.float32)
    np.add.at(total, places, outputs)
    total /= np.bincount(places)[:, None]
    return total, test.classes[first]


def _copy(learned: Learned) -> Any:
    """Return a network of its own with the same weights."""
    model = models.build(learned.arch, learned.spec, learned.model.output_shape[-1], learned.scale)
    model.set_weights(learned.model.get_weights())
    return model


def _together(data: LearningSet, own: LearningSet) -> LearningSet:
    """Return both sets as one; the name of the data is made of both names."""
    return replace(
        data,
        train=joined([data.train, own.train]),
        validate=joined([data.validate, own.validate]),
        test=joined([data.test, own.test]),
        dataset=f"{data.dataset}+{own.dataset}",
        fresh=None,
    )
