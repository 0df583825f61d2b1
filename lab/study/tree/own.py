"""A person's own Keras model as a problem: its input's shape tells which data it takes."""

import hashlib
from pathlib import Path
from typing import Any

from lab.errors import BadInput
from lab.learn.examples import LearningSet
from lab.learn.imported import load
from lab.learn.pictures import SHAPE as PICTURE
from lab.learn.schedule import Schedule
from lab.progress import OnProgress, ignore
from lab.sound.datasets import Dataset
from lab.sound.features.mfcc import SHAPE as MFCC
from lab.sound.features.spec import SPECS, FeatureSpec
from lab.study.tree import data as sources
from lab.study.tree.problems import Problem

BASE = Schedule("base", epochs=1, rate=1e-4)


def own_problem(
    path: Path, dataset: Dataset | Path, spec: FeatureSpec | None = None, on_progress: OnProgress = ignore
) -> Problem:
    """Return a problem of a trained Keras file and data that fits it.

    Args:
        path: .h5 or .keras.
        dataset: sounds by split or a folder of them, CIFAR-10's folder, or an .npz of arrays.
        spec: features, if several have the model's shape.
        on_progress: called while data is read.

    Raises:
        BadInput: the file or the data cannot be used, or do not fit each other.
    """
    model = load(path)
    if len(model.inputs) != 1 or len(model.outputs) != 1 or len(model.output_shape) != 2:
        raise BadInput(f"{path.name} must have one input and one output of classes.")
    shape = tuple(int(size or 0) for size in model.input_shape[1:])
    features, data = _data(path.name, shape, dataset, spec, on_progress)
    outputs = int(model.output_shape[-1])
    if len(data.labels) != (outputs if outputs > 1 else 2):
        raise BadInput(f"{path.name} tells {max(outputs, 2)} classes apart; the data has {len(data.labels)}.")
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    return Problem(
        path.stem, f"{sha256}:{data.dataset}", data.labels, data.train, data.validate, data.test, lambda: model, BASE,
        64, features, trained=True, dataset=data.dataset,
    )  # fmt: skip


def _data(
    name: str, shape: tuple[int, ...], dataset: Dataset | Path, spec: FeatureSpec | None, on_progress: OnProgress
) -> tuple[FeatureSpec | None, sources.Data | LearningSet]:
    if isinstance(dataset, Path) and dataset.suffix == ".npz":
        return None, sources.arrays(dataset, shape)
    fitting: list[Any] = [each for each in (spec, *SPECS.values()) if each and (*each.shape, 1) == shape]
    if fitting:
        return fitting[0], sources.sounds(dataset, fitting[0], on_progress)
    if shape == (*MFCC, 1):
        return None, sources.keywords(dataset, on_progress)
    if shape == PICTURE and isinstance(dataset, Path):
        return None, sources.pictures(dataset, on_progress)
    known = ", ".join(f"{each.shape} for {each.name!r}" for each in SPECS.values())
    raise BadInput(
        f"{name} takes inputs of {shape}; sounds give {known} and {MFCC} for keywords. Bring an .npz with x_train, "
        "y_train, x_test and y_test of that shape."
    )
