"""How one node of the tree trains: which schedule, from which weights, by which technique."""

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lab.deploy.convert import to_int8_tflite
from lab.errors import LabError
from lab.learn import fitting, keras2
from lab.learn.examples import class_weights
from lab.learn.schedule import Schedule
from lab.optimize import techniques
from lab.optimize.paths import CLUSTER, PRUNE, QAT, Path
from lab.optimize.techniques import Kept as Keep
from lab.progress import OnProgress
from lab.study.tree.kept import Result
from lab.study.tree.measure import decided
from lab.study.tree.nodes import Node, trainings
from lab.study.tree.options import EPOCHS, RATES, Options
from lab.study.tree.problems import Problem, untrained
from lab.study.tree.table import Row


class Steps:
    """Progress over all nodes, in epochs."""

    def __init__(
        self, problem: Problem, options: Options, paths: Sequence[Path], seeds: Sequence[int], tell: OnProgress
    ) -> None:
        self._epochs = {node: schedule_of(problem, options, node).epochs for node in trainings(paths)}
        self.total = len(seeds) * (sum(self._epochs.values()) + len(paths))
        self.done = 0
        self._tell = tell
        self._ended: set[tuple[Node, int]] = set()

    def end(self, node: Node, seed: int) -> None:
        """Count the epochs of a node and those before it, each once: of a node that was kept none is due."""
        way = [Node(node.steps[:count]) for count in range(len(node.steps) + 1)]
        for each in way:
            if (each, seed) not in self._ended:
                self._ended.add((each, seed))
                self.done += self._epochs[each]

    def tell(self, message: str, extra: int = 0) -> None:
        """Tell how far it is, with so many epochs of the node that trains."""
        self._tell(min(self.done + extra, self.total), self.total, message)


def schedule_of(problem: Problem, options: Options, node: Node) -> Schedule:
    """Return how a node trains."""
    if not node.steps:
        epochs = options.base_epochs or problem.base.epochs
        return Schedule("base", epochs, problem.base.rate, patience=problem.base.patience, batch=problem.base.batch,
                        cosine=problem.base.cosine)  # fmt: skip
    step = node.steps[-1]
    return Schedule(node.label, options.epochs(step) or EPOCHS[step], RATES[step], batch=problem.batch, cosine=True)


@dataclass(frozen=True, slots=True)
class Trainer:
    """Trains nodes of one problem with one seed.

    Attributes:
        problem: model and data.
        options: how each step is taken.
        seed: of weights, batches and dropout.
        steps: is told how far it is; may raise to stop.
    """

    problem: Problem
    options: Options
    seed: int
    steps: Steps

    def train(self, node: Node, parent: Result | None) -> Result:
        """Return what becomes of a node.

        Args:
            node: to train.
            parent: what it begins with; None for the base.

        Raises:
            LabError: the loss is no number any more, or the technique cannot do it.
        """
        started, schedule = time.monotonic(), schedule_of(self.problem, self.options, node)
        rows: list[Row] = []

        def told(row: Row) -> None:
            rows.append(row)
            if not math.isfinite(row.get("loss", 0.0)):
                raise LabError("The loss is no number any more: lower the rate, or the sparsity.")

        def progress(done: int, total: int, message: str) -> None:
            self.steps.tell(message, done * schedule.epochs // max(1, total))

        if parent is None:
            model = self._base(schedule, told, progress)
        else:
            model = self._stepped(node, parent, schedule, told, progress)
        score = self.problem.score
        accuracy = round(float(np.mean(decided(fitting.predict(model, score)) == score.classes)), 4)
        seconds = time.monotonic() - started
        if node.steps[-1:] == (QAT,):
            with keras2.quiet():
                tflite = to_int8_tflite(model, self.problem.representative(), self.problem.spec)
            return Result(accuracy, seconds, rows, tflite=tflite)
        return Result(accuracy, seconds, rows, weights=[np.asarray(each) for each in model.get_weights()])

    def _base(self, schedule: Schedule, told: Any, progress: OnProgress) -> Any:
        model = untrained(self.problem, self.seed)
        if not self.problem.trained:
            train, single = self.problem.train, max(2, model.output_shape[-1])
            weights = class_weights(train.classes, single)
            fitting.fit(model, train, self.problem.validate, schedule, weights, self.seed, told, progress)
        return model

    def _stepped(self, node: Node, parent: Result, schedule: Schedule, told: Any, progress: OnProgress) -> Any:
        model, options, problem = self.model(parent), self.options, self.problem
        before = node.steps[:-1]
        names = tuple(techniques.shrinkable(model, options.excluded))
        keep = Keep(names, PRUNE in before, CLUSTER in before)
        common: Any = {"seed": self.seed, "on_epoch": told, "on_progress": progress}
        if node.steps[-1] == PRUNE:
            return techniques.prune(model, problem.train, problem.validate, options.sparsity, schedule,
                                    options.ramp, options.excluded, **common)  # type: ignore[arg-type]  # fmt: skip
        if node.steps[-1] == CLUSTER:
            return techniques.cluster(model, problem.train, problem.validate, options.clusters, schedule,
                                      options.init, keep, options.excluded, **common)  # fmt: skip
        return techniques.qat(model, problem.train, problem.validate, schedule, kept=keep, **common)

    def model(self, result: Result) -> Any:
        """Return a Keras model of its own with a result's weights."""
        assert result.weights is not None
        keras2.reseed(self.seed)
        model = self.problem.build()
        if self.problem.trained:  # the file's model is one object: never train it itself
            model = keras2.keras().models.clone_model(model)
        model.set_weights(result.weights)
        return model
