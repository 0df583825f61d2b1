"""From a data set to a baseline, and from a baseline to a detector that ships."""

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lab.atomic import write_bytes
from lab.deploy.convert import to_int8_tflite
from lab.deploy.detector import Detector
from lab.deploy.twin import Twin
from lab.learn import embedded, metrics, training
from lab.learn.examples import LearningSet
from lab.learn.models import ARCHITECTURES, Architecture
from lab.learn.schedule import Schedule
from lab.learn.training import Learned
from lab.optimize.techniques import qat
from lab.progress import OnEpoch, OnProgress, ignore, ignore_epoch
from lab.sound.augment import Augmentation
from lab.sound.datasets import Dataset
from lab.sound.features.spec import SPECS
from lab.study import baselines
from lab.study.projects import data_named

EMBEDDED_AMOUNT = embedded.Amount(train=1_500, validate=150, test=150)
EMBEDDED = Schedule("baseline", epochs=30, rate=2e-3, patience=5, batch=128)
DEFAULT_POSITIVE = ("alarm",)
ARCH_OF_SPEC = {"default": "ds", "published": "article"}


def baseline(
    data: str, out: Path, spec: str, epochs: int | None, seed: int, on_progress: OnProgress = ignore,
    augmentation: Augmentation | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Train a baseline on a project or folder and write its file; the CLI's `train baseline`."""
    started = time.monotonic()
    with data_named(data, seed) as dataset:
        made = learn_baseline(dataset, spec, {}, epochs, seed, on_progress, augmentation=augmentation)
    baselines.save(made, out)
    return {
        "model": str(out), "classes": list(made.labels), **_scores_of(made),
        "dataset": made.dataset, "seconds": round(time.monotonic() - started, 1),
    }  # fmt: skip


def default(out: Path, spec: str, thorough: bool, seed: int, on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Make the built-in fire alarm detector from synthetic sound and write its file; the CLI's `train default`."""
    from lab.study import demo, recipe
    from lab.study.heldout import score_held_out

    started = time.monotonic()
    budget = recipe.THOROUGH if thorough else recipe.LEAN if spec == "published" else None
    made = demo.train(seed, on_progress, budget=budget, spec=SPECS[spec], arch=ARCHITECTURES[ARCH_OF_SPEC[spec]])
    scores = score_held_out(made)
    write_bytes(out, replace(made, scores={**scores, "how": demo.SCORED_HOW}).to_bytes())
    return {
        "detector": str(out), "classes": list(made.labels), "windows": scores["windows"], "events": scores["events"],
        "threshold": made.threshold, "rule": made.rule.to_json(), "dataset": made.dataset,
        "seconds": round(time.monotonic() - started, 1),
    }  # fmt: skip


def learn_baseline(
    dataset: Dataset, spec: str, arch: dict[str, Any], epochs: int | None, seed: int,
    on_progress: OnProgress = ignore, on_epoch: OnEpoch = ignore_epoch, augmentation: Augmentation | None = None,
) -> Learned:  # fmt: skip
    """Train a baseline on a data set; an empty `arch` means the spec's usual one."""
    chosen = Architecture.from_json(arch) if arch else ARCHITECTURES[ARCH_OF_SPEC[spec]]
    schedule = training.BASELINE if epochs is None else replace(training.BASELINE, epochs=epochs)
    return training.train_baseline(dataset, SPECS[spec], chosen, schedule, seed, on_progress, on_epoch, augmentation)


def embedded_baseline(
    spec: str, arch: dict[str, Any], epochs: int | None, seed: int, on_progress: OnProgress = ignore,
    on_epoch: OnEpoch = ignore_epoch,
) -> Learned:  # fmt: skip
    """Train a baseline on synthetic kinds of sound; as `learn_baseline`."""
    chosen = Architecture.from_json(arch) if arch else ARCHITECTURES[ARCH_OF_SPEC[spec]]
    data = embedded.make(seed, SPECS[spec], EMBEDDED_AMOUNT, on_progress=on_progress)
    return training.train_on(
        data, chosen, replace(EMBEDDED, epochs=epochs or EMBEDDED.epochs), seed, on_progress, on_epoch
    )


def _scores_of(made: Learned) -> dict[str, Any]:
    windows = made.scores.get("windows", {})
    return {
        "windows": {key: windows.get(key) for key in ("count", "accuracy", "precision", "recall")},
        "clips": {"accuracy": made.scores.get("clips", {}).get("accuracy")},
    }


def finetune(
    start: Path, data: str, out: Path, positive: Sequence[str] | None, epochs: int | None, seed: int,
    on_progress: OnProgress = ignore, own: str | None = None, augmentation: Augmentation | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Turn a baseline's file into a detector's; the CLI's `train finetune`."""
    started = time.monotonic()
    with data_named(data, seed) as dataset, data_named(own, seed) if own else nullcontext() as recordings:
        detector, windows = make_detector(
            baselines.load(start), dataset, positive or DEFAULT_POSITIVE, out.stem, epochs, seed, on_progress,
            own=recordings, augmentation=augmentation,
        )  # fmt: skip
    write_bytes(out, detector.to_bytes())
    return {
        "detector": str(out), "classes": list(detector.labels),
        "windows": {key: windows[key] for key in ("count", "accuracy", "precision", "recall")},
        "dataset": detector.dataset, "seconds": round(time.monotonic() - started, 1),
    }  # fmt: skip


def make_detector(
    start: Learned, dataset: Dataset, positive: Sequence[str], name: str, epochs: int | None, seed: int,
    on_progress: OnProgress = ignore, on_epoch: OnEpoch = ignore_epoch, own: Dataset | None = None,
    augmentation: Augmentation | None = None,
) -> tuple[Detector, dict[str, Any]]:  # fmt: skip
    """Fine-tune, train with rounding, convert to int8 and score what ships.

    Args:
        start: the baseline.
        dataset: sounds by split.
        positive: labels that raise an event.
        name: of the detector.
        epochs: at most, for each stage; None keeps the article's.
        seed: equal seeds give equal detectors.
        on_progress, on_epoch: called while it goes.
        own: the person's own recordings, for the third stage and QAT.
        augmentation: makes the copies of what trains; by default the article's three. Training with rounding sees
            those of the first epoch.

    Returns:
        The detector and its window scores on held-out recordings: count, accuracy, precision, recall,
        labels, confusion and curve, all of the int8 model.
    """
    stages = [
        stage if epochs is None else replace(stage, epochs=min(stage.epochs, epochs)) for stage in training.STAGES
    ]
    learned, seen = training.finetune(start, dataset, tuple(positive), own, stages, seed, True, on_progress, on_epoch,
                                      augmentation)  # fmt: skip
    how_copied = {"baseline": start.augmentation, "finetune": learned.augmentation}
    aware = qat(learned.model, seen.train, seen.validate, seed=seed, on_epoch=on_epoch, on_progress=on_progress)
    detector = Detector(
        name=name,
        model=to_int8_tflite(aware, seen.train.take(_spread(len(seen.train))).inputs(), learned.spec),
        spec=learned.spec,
        labels=learned.labels,
        positive=learned.positive,
        dataset=seen.dataset,
        licences=learned.licences,
        augmentation={stage: each for stage, each in how_copied.items() if each},
    )
    windows = int8_scores(detector, seen)
    how = "windows of recordings that neither training nor stopping saw"
    return replace(detector, scores={"windows": _short(windows), "how": how}), windows


def _spread(count: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.linspace(0, count - 1, min(count, 100)).astype(np.int64)


def _short(windows: dict[str, Any]) -> dict[str, Any]:
    return {key: windows[key] for key in ("count", "accuracy", "precision", "recall")}


def int8_scores(detector: Detector, seen: LearningSet) -> dict[str, Any]:
    """Return window scores of the int8 model that ships, on the test split."""
    test = seen.test
    empty = {"count": 0, "accuracy": None, "precision": None, "recall": None}
    if not len(test):
        return {**empty, "labels": list(detector.labels), "confusion": None, "curve": None}
    outputs = Twin(detector).outputs(test.windows).astype(np.float32) / 256 + 0.5
    single = outputs.shape[1] == 1
    probability = outputs[:, list(detector.positive_outputs)].max(axis=1)
    truth = np.isin(test.classes, detector.positive_outputs)
    said = probability >= detector.threshold
    guess = np.where(said, 0, 1) if single else outputs.argmax(axis=1)
    return {
        **metrics.binary_scores(truth, said),
        "labels": list(detector.labels),
        "confusion": metrics.confusion(test.classes, guess, len(detector.labels)).tolist(),
        "curve": metrics.threshold_curve(truth, probability),
    }
