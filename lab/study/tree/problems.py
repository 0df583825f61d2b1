"""Models and their data: what the tree is walked on."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import BadInput
from lab.learn import embedded, keras2, training
from lab.learn.examples import Examples, LearningSet
from lab.learn.keywords import SIZES, build_ds_cnn
from lab.learn.models import ARCHITECTURES, build
from lab.learn.pictures import build_mobilenet
from lab.learn.schedule import Schedule
from lab.optimize import techniques
from lab.progress import OnProgress, ignore
from lab.sound.datasets import Dataset
from lab.sound.features.spec import SPECS, FeatureSpec
from lab.study.tree import data as sources

MODELS = ("alarm", *SIZES, "mobilenet_v1")
WIDTHS = (0.25, 0.5, 0.75, 1.0)
ARCH_OF_SPEC = {"default": "ds", "published": "article"}
ALARM_AMOUNT = embedded.Amount(train=1_500, validate=150, test=300)
SOUND = Schedule("base", epochs=10, rate=2e-3, batch=128, cosine=True)
KEYWORDS = Schedule("base", epochs=30, rate=5e-3, batch=32, patience=8, cosine=True)
PICTURES = Schedule("base", epochs=30, rate=1e-3, batch=128, cosine=True)


@dataclass(frozen=True, slots=True, eq=False)
class Problem:
    """A model to be optimized, with what it learns from and what it is scored on.

    Attributes:
        name: of the model.
        key: names model and data for results that are kept.
        labels: of the classes.
        train, validate: what training reads, and what may stop it: part of the training recordings.
        score: held-out examples that every row is scored on.
        build: returns the untrained Keras model; or the trained one, if `trained`.
        base: schedule of the float model.
        batch: windows a step, in the steps after it.
        spec: features, where the model hears sound the board can compute.
        trained: the model came trained, with its file.
        dataset: hash that names the data.
    """

    name: str
    key: str
    labels: tuple[str, ...]
    train: Examples
    validate: Examples
    score: Examples
    build: Callable[[], Any]
    base: Schedule
    batch: int = 32
    spec: FeatureSpec | None = None
    trained: bool = False
    dataset: str = ""

    def representative(self) -> NDArray[np.float32]:
        """Return the inputs that conversion looks at, float32."""
        count = len(self.train)
        return self.train.take(np.linspace(0, count - 1, min(count, 200)).astype(np.int64)).inputs()


def problem_named(
    model: str,
    dataset: Dataset | Path | None = None,
    spec: str = "default",
    alpha: float = 0.25,
    seed: int = 0,
    on_progress: OnProgress = ignore,
) -> Problem:
    """Return a model of the lab, or a person's own, with its data.

    Args:
        model: one of MODELS, or the path of a Keras file.
        dataset: sounds by split; a folder or file of data; or None for the embedded sounds of "alarm".
        spec: features of "alarm": "default" or "published".
        alpha: width of "mobilenet_v1".
        seed: of the embedded sounds.
        on_progress: called while data is read or made.

    Raises:
        BadInput: an unknown model, data that is missing, or labels that do not fit the model.
    """
    if model == "alarm":
        return _alarm(dataset, spec, seed, on_progress)
    if model in SIZES:
        data = sources.keywords(_needed(model, dataset), on_progress)
        made = _of(model, data, lambda: build_ds_cnn(SIZES[model], len(data.labels)), KEYWORDS, 32)
        return made
    if model == "mobilenet_v1":
        data = sources.pictures(_folder(model, dataset), on_progress)
        return _of(f"{model} α {alpha:g}", data, lambda: build_mobilenet(alpha, len(data.labels)), PICTURES, 128)
    if not Path(model).is_file():
        raise BadInput(f"There is no model {model!r}; choose {', '.join(MODELS)}, or name a Keras file.")
    from lab.study.tree.own import own_problem

    return own_problem(Path(model), _needed(model, dataset), SPECS.get(spec), on_progress)


def _alarm(dataset: Dataset | Path | None, spec: str, seed: int, on_progress: OnProgress) -> Problem:
    if spec not in SPECS or spec not in ARCH_OF_SPEC:
        raise BadInput(f"There is no feature spec {spec!r}; there are {', '.join(ARCH_OF_SPEC)}.")
    chosen = SPECS[spec]
    if dataset is None:
        learning = embedded.as_detector(embedded.make(seed, chosen, ALARM_AMOUNT, on_progress=on_progress))
    else:
        learning = sources.sounds(dataset, chosen, on_progress)
    arch = ARCHITECTURES[ARCH_OF_SPEC[spec]]
    classes = 1 if len(learning.labels) == 2 else len(learning.labels)

    def built() -> Any:
        return build(arch, chosen, classes, training.scale_of(learning.train))

    return _of(f"alarm ({spec})", learning, built, SOUND, 128, chosen)


def _of(
    name: str, data: LearningSet | sources.Data, built: Callable[[], Any], base: Schedule, batch: int = 64,
    spec: FeatureSpec | None = None,
) -> Problem:  # fmt: skip
    if len(data.labels) < 2:
        raise BadInput(f"The data has one class, {data.labels[0]!r}; a model needs two or more.")
    key = f"{name}:{data.dataset}:{base.rate:g}:{base.batch}:{batch}"
    return Problem(
        name, key, data.labels, data.train, data.validate, data.test, built, base, batch, spec,
        dataset=data.dataset,
    )  # fmt: skip


def _needed(model: str, dataset: Dataset | Path | None) -> Dataset | Path:
    if dataset is None:
        raise BadInput(f"{model} needs data: name a folder with --data.")
    return dataset


def _folder(model: str, dataset: Dataset | Path | None) -> Path:
    if not isinstance(dataset, Path):
        raise BadInput(f"{model} learns from pictures: name the folder of a CIFAR-10 file with --data.")
    return dataset


def untrained(problem: Problem, seed: int) -> Any:
    """Return the problem's model, its weights drawn anew from the seed."""
    keras2.seed(seed)
    return problem.build()


def check_layers(problem: Problem, names: Collection[str]) -> None:
    """Refuse names that no layer of the problem's model has.

    Raises:
        BadInput: names one, and the layers there are.
    """
    if not names:
        return
    model = problem.build()
    unknown = sorted(set(names) - {layer.name for layer in model.layers})
    if unknown:
        there = ", ".join(techniques.shrinkable(model))
        raise BadInput(
            f"{problem.name} has no layer {unknown[0]!r} to leave out; pruning and clustering work on {there}."
        )
