"""The walk: train each node once, ship each leaf, measure what shipped."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.deploy.convert import to_int8_tflite
from lab.errors import Away, Cancelled, LabError
from lab.learn.metrics import confusion
from lab.optimize.paths import LEGAL, Path
from lab.progress import OnProgress, ignore
from lab.study.tree.kept import Kept, Result
from lab.study.tree.measure import int8_guesses, on_the_board, promises, sizes
from lab.study.tree.nodes import Node
from lab.study.tree.npu import on_the_npu
from lab.study.tree.options import Options
from lab.study.tree.problems import Problem, check_layers
from lab.study.tree.table import Row
from lab.study.tree.training import Steps, Trainer

log = logging.getLogger(__name__)
OnState = Callable[[dict[str, Any]], None]
"""Called with {node, seed, state} when a node or leaf begins, ends or fails, and with {row} for each finished leaf."""


def ignore_state(state: dict[str, Any]) -> None:
    """Tell nobody."""


@dataclass(frozen=True, slots=True)
class Walk:
    """What came of a walk.

    Attributes:
        rows: one a leaf and seed.
        files: each row's .tflite by "LABEL.SEED".
        trained: nodes that were trained now; the others had been kept.
        right: by the same names, which of the scored examples the .tflite decides rightly.
    """

    rows: list[Row]
    files: dict[str, bytes]
    trained: int
    right: dict[str, NDArray[np.bool_]] = field(default_factory=dict)


def walk(
    problem: Problem,
    paths: Sequence[Path],
    options: Options,
    seeds: Sequence[int] = (0,),
    kept: Kept | None = None,
    on_progress: OnProgress = ignore,
    on_state: OnState = ignore_state,
) -> Walk:
    """Walk the tree to some leaves.

    A node that fails is a row that says why, for each leaf behind it; the others go on.

    Args:
        problem: model and data.
        paths: leaves.
        options: how each step is taken.
        seeds: everything is done once for each.
        kept: finished nodes, which are not trained again.
        on_progress: called after each epoch; may raise to stop: what is finished stays kept.
        on_state: told what happens.

    Raises:
        BadInput: options that cannot work on this model.
        Cancelled: by a callback.
        Away: the store of finished nodes does not answer; what is kept stays.
    """
    check_layers(problem, options.excluded)
    runner = _Runner(problem, options, kept or Kept(), on_state, Steps(problem, options, paths, seeds, on_progress))
    try:
        for seed in seeds:
            runner.seed = seed
            for path in sorted(paths, key=lambda each: LEGAL.index(each)):
                runner.leaf(path)
        runner.tell_finished(wait=True)
    finally:
        runner.board.shutdown(cancel_futures=True)
    return Walk(runner.rows, runner.files, runner.trained, runner.right)


@dataclass(slots=True)
class _Runner:
    problem: Problem
    options: Options
    kept: Kept
    on_state: OnState
    steps: Steps
    seed: int = 0
    trained: int = 0
    rows: list[Row] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    right: dict[str, NDArray[np.bool_]] = field(default_factory=dict)
    failed: dict[tuple[Node, int], str] = field(default_factory=dict)
    board: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1))
    """Cross compiler and virtual board work on one leaf while the next one trains."""
    boards: list[tuple[Row, "Future[Row]"]] = field(default_factory=list)
    told: int = 0

    @property
    def _trainer(self) -> Trainer:
        return Trainer(self.problem, self.options, self.seed, self.steps)

    def leaf(self, path: Path) -> None:
        """Ship one leaf and keep its row."""
        started = time.monotonic()
        row: Row = {"path": path.label, "seed": self.seed}
        try:
            result = self.node(Node(path.steps))
            parent = self.node(Node(path.steps[:-1])) if path.is_qat else result
            self._state(path.label, "measuring")
            tflite = result.tflite if path.is_qat else self._converted(path, result)
            assert tflite is not None
            row |= {"accuracy_fp32": parent.accuracy, "accuracy_fake_int8": result.accuracy if path.is_qat else None}
            row |= self._measured(tflite, path)
            row |= {"seconds": round(result.seconds, 1), "failed": None}
            self.files[f"{path.label}.{self.seed}"] = tflite
            self.boards.append((row, self.board.submit(self._costs, tflite)))
        except (Cancelled, Away):
            raise
        except LabError as error:
            row |= {"failed": str(error)}
        log.info("leaf=%s seed=%d seconds=%.1f", path.label, self.seed, time.monotonic() - started)
        self.rows.append(row)
        self.steps.done += 1
        self.steps.tell(f"{path.label}: measured")
        self.on_state({"node": path.label, "seed": self.seed, "state": "failed" if row["failed"] else "done"})
        self.tell_finished()

    def tell_finished(self, wait: bool = False) -> None:
        """Tell of the rows whose cycles are known; `wait` for the others."""
        while self.rows and self.told < len(self.rows):
            row = self.rows[self.told]
            job = next((job for each, job in self.boards if each is row), None)
            if job is not None:
                if not wait and not job.done():
                    return
                row |= job.result()
            self.told += 1
            self.on_state({"row": row})

    def _measured(self, tflite: bytes, path: Path) -> Row:
        guesses = int8_guesses(tflite, self.problem.score)
        self.right[f"{path.label}.{self.seed}"] = guesses == self.problem.score.classes
        kept = promises(tflite, path, self.options, self.options.excluded)
        return {
            "accuracy_int8": round(float(np.mean(guesses == self.problem.score.classes)), 4),
            **sizes(tflite), "promises": kept, "kept": all(each["kept"] for each in kept),
            "confusion": confusion(self.problem.score.classes, guesses, len(self.problem.labels)).tolist(),
        }  # fmt: skip

    def _costs(self, tflite: bytes) -> Row:
        npu = self.options.npu
        return on_the_board(tflite) | ({} if npu is None else on_the_npu(tflite, npu))

    def _converted(self, path: Path, result: Result) -> bytes:
        key = Node(path.steps).key(self.problem.key, self.options, self.seed) + "-ptq"
        found = self.kept.get(key)
        if found is None or found.tflite is None:
            model = self._trainer.model(result)
            tflite = to_int8_tflite(model, self.problem.representative(), self.problem.spec)
            self.kept.put(key, Result(result.accuracy, 0.0, tflite=tflite))
            return tflite
        return found.tflite

    def node(self, node: Node) -> Result:
        """Return a node's result: kept from before, or trained now.

        Raises:
            LabError: it failed, or one before it did.
        """
        if (node, self.seed) in self.failed:
            raise LabError(self.failed[node, self.seed])
        key = node.key(self.problem.key, self.options, self.seed)
        found = self.kept.get(key)
        if found is not None:
            self.steps.end(node, self.seed)
            return found
        parent = self.node(node.parent) if node.parent is not None else None
        self._state(node.label, "running")
        with self._failures(node):
            result = self._trainer.train(node, parent)
        self.kept.put(key, result)
        self.trained += 1
        self.steps.end(node, self.seed)
        self._state(node.label, "done")
        return result

    @contextmanager
    def _failures(self, node: Node) -> Iterator[None]:
        """Remember why a node failed, so that the leaves behind it say so too."""
        try:
            yield
        except (Cancelled, Away):
            raise
        except Exception as error:  # TensorFlow has its own family; a row says why, and the other leaves go on
            reason = f"{node.label}: {' '.join(str(error).split())[:300] or type(error).__name__}"
            if not isinstance(error, LabError):
                log.exception("node=%s failed", node.label)
            self.failed[node, self.seed] = reason
            self._state(node.label, "failed")
            raise LabError(reason) from error

    def _state(self, label: str, state: str) -> None:
        self.on_state({"node": label, "seed": self.seed, "state": state})
