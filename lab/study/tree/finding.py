"""Find the smallest that still…: the tree, level by level, until a file is accurate and small enough.

The article's advice is to go through the levels of the deployment tree and to stop at the first that suffices. Each
level tries its cheap leaf first (quantized after training); where that is small enough but not accurate enough, the
leaf that trains with quantization in mind, which has the same bytes. Sparsity and clusters are chosen by Optuna from
what the tries before showed, seeded, so that a search that was killed goes the same way again, over kept nodes.

Decisions rest on one half of the held-out examples. The other half, which no try was chosen by, says in the end how
accurate the found file is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import mean
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import LabError
from lab.optimize.paths import Path
from lab.progress import OnProgress, ignore
from lab.study.tree.goal import Goal
from lab.study.tree.kept import Kept
from lab.study.tree.options import Options
from lab.study.tree.problems import Problem
from lab.study.tree.tries import LEVELS, SEED, Level, Try
from lab.study.tree.walk import OnState, ignore_state, walk

Z95 = 1.96
STEPS = 1_000
"""How fine progress is told: how many tries follow is not known."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What came of a search.

    Attributes:
        met: whether a file reaches the goal.
        best: that file; or the nearest to it.
        confirmed: accuracy of `best` on the examples that decided nothing, its 95 % interval, and their number.
        said: the walk in plain sentences.
        tries: all of them, in order.
    """

    met: bool
    best: Try
    confirmed: dict[str, float]
    said: list[str]
    tries: list[Try]

    def to_json(self, goal: Goal) -> dict[str, Any]:
        """Return the outcome as data: goal, met, said, confirmed, the found leaf, and a row a try."""
        return {
            "goal": goal.to_json(), "met": self.met, "said": self.said, "confirmed": self.confirmed,
            "path": self.best.path.label, "options": self.best.options.to_json(), "accuracy": self.best.accuracy,
            goal.measure: self.best.amount, "tries": [each.to_json(goal) for each in self.tries],
            "trained": sum(each.made.trained for each in self.tries),
        }  # fmt: skip


def find(
    problem: Problem,
    goal: Goal,
    options: Options,
    seeds: Sequence[int] = (0,),
    kept: Kept | None = None,
    on_progress: OnProgress = ignore,
    on_state: OnState = ignore_state,
) -> Found:
    """Walk the tree level by level until a file reaches a goal.

    Args:
        problem: model and data.
        goal: floor and ceiling.
        options: where each level begins; sparsity and clusters are then tried out.
        seeds: every try is made once for each; means decide.
        kept: finished nodes, which are not trained again.
        on_progress: called after each epoch; may raise to stop: what is finished stays kept.
        on_state: told of nodes and rows as `walk` does, and of each sentence as {"said"}.

    Raises:
        LabError: every try failed; says why the first did.
        Cancelled: by a callback.
    """
    search = _Search(problem, goal, options, tuple(seeds), kept or Kept(), on_progress, on_state)
    for level in LEVELS:
        best = search.through(level)
        if best is not None and goal.ceiling is not None:
            return search.found(best, met=True)
    good = [each for each in search.tries if each.failed is None and each.amount is not None]
    if not good:
        raise LabError(f"Nothing could be tried: {search.tries[0].failed}")
    nearest = min(good, key=search.distance)
    return search.found(nearest, met=nearest.reaches(goal))


@dataclass(slots=True)
class _Search:
    problem: Problem
    goal: Goal
    options: Options
    seeds: tuple[int, ...]
    kept: Kept
    on_progress: OnProgress
    on_state: OnState
    tries: list[Try] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def through(self, level: Level) -> Try | None:
        """Try the settings of a level; return what reaches the goal, if anything does."""
        reached: list[Try] = []
        for options, tell in level.settings(self.options, self.goal.trials):
            best = self._leaves(level, options)
            tell(None if best is None else self.distance(best))
            if best is not None and best.reaches(self.goal):
                reached.append(best)
                if self.goal.ceiling is not None:
                    break
        return min(reached, key=self.distance, default=None)

    def _leaves(self, level: Level, options: Options) -> Try | None:
        """Try the cheap leaf, then the other where that could help; return the nearer one."""
        cheap = self._try(level, level.cheap, options)
        if cheap.amount is None:
            return None
        if not self.goal.small(cheap.amount) or self.goal.accurate(cheap.accuracy):
            return cheap
        trained = self._try(level, level.trained, options)
        return min((each for each in (cheap, trained) if each.amount is not None), key=self.distance)

    def _try(self, level: Level, path: Path, options: Options) -> Try:
        made = walk(self.problem, [path], options, self.seeds, self.kept, self._progress(level), self.on_state)
        failed = next((str(row["failed"]) for row in made.rows if row["failed"]), None)
        amounts = [row.get(self.goal.measure) for row in made.rows]
        measured = [amount for amount in amounts if amount is not None]
        amount = mean(measured) if not failed and len(measured) == len(amounts) else None
        if not failed and amount is None:
            failed = str(made.rows[0].get("cycles_why") or f"its {self.goal.unit} cannot be measured")
        right = [values[self.decides()] for values in made.right.values()]
        done = Try(path, options, float(np.mean(right)) if right else 0.0, amount, made.rows, made, failed)
        self.tries.append(done)
        start = f"Level {level.number}, {level.told}{level.told_with(options)}: {path.label}"
        if failed is None:
            self.tell(f"{start} has {done.figures(self.goal)}, {done.verdict(self.goal)}.")
        else:
            self.tell(f"{start} failed: {failed}")
        return done

    def _progress(self, level: Level) -> OnProgress:
        """Return a callback for one try, which gives each level an equal part."""
        inside = sum(each.path in (level.cheap, level.trained) for each in self.tries)
        most = 2 * self.goal.trials if level.tuned else 2

        def told(done: int, total: int, message: str) -> None:
            part = min(1.0, (inside + done / max(1, total)) / most)
            whole = (LEVELS.index(level) + part) / len(LEVELS)
            self.on_progress(int(STEPS * whole), STEPS, f"level {level.number}, {level.told}: {message}")

        return told

    def decides(self) -> NDArray[np.bool_]:
        """Return which of the scored examples decide: those of half of the clips, by lot."""
        clips, number = np.unique(self.problem.score.clips, return_inverse=True)
        lot = np.random.default_rng(SEED).permutation(len(clips))
        return np.asarray(lot[number.reshape(-1)] % 2 == 0)

    def distance(self, each: Try) -> float:
        """Return how far a measured try is from the goal."""
        assert each.amount is not None
        usual = next(done.amount for done in self.tries if done.amount is not None)
        return self.goal.distance(each.accuracy, each.amount, usual)

    def tell(self, sentence: str) -> None:
        """Say one more sentence."""
        self.said.append(sentence)
        self.on_state({"said": sentence})

    def found(self, best: Try, met: bool) -> Found:
        """Return the outcome, its last sentences said."""
        rest = np.concatenate([values[~self.decides()] for values in best.made.right.values()])
        low, high = wilson(int(rest.sum()), len(rest))
        level = next(level for level in LEVELS if best.path in (level.cheap, level.trained))
        what = f"{best.path.label}{level.told_with(best.options)}"
        if met:
            self.tell(f"Found: {what} has {best.figures(self.goal)}; wanted was {self.goal.told()}.")
        else:
            self.tell(f"Not met: nothing that was tried has {self.goal.told()}. The nearest is {what}: "
                      f"{best.figures(self.goal)}. {self.advice()}")  # fmt: skip
        confirmed = {"accuracy": float(rest.mean()), "low": low, "high": high, "examples": len(rest)}
        side = "over" if self.goal.accurate(confirmed["accuracy"]) else "under"
        self.tell(f"On the {len(rest):,} held-out decisions that chose nothing it has {confirmed['accuracy']:.1%} "
                  f"(95 % interval {low:.1%} to {high:.1%}), {side} the floor.")  # fmt: skip
        return Found(met, best, confirmed, self.said, self.tries)

    def advice(self) -> str:
        """Return what would make a goal that was not met one that is."""
        good = [(each.accuracy, each.amount) for each in self.tries if each.amount is not None]
        accurate = [amount for accuracy, amount in good if self.goal.accurate(accuracy)]
        small = [accuracy for accuracy, amount in good if self.goal.small(amount)]
        ways = [f"lower the floor to {int(1_000 * max(small)) / 10:.1f}%"] if small else []
        if accurate and self.goal.ceiling is not None:
            ways.append(f"raise the ceiling to {min(accurate):,.0f}")
        return f"To reach it, {' or '.join([*ways, 'train longer'])}."


def wilson(hits: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share by Wilson's score."""
    share, z2 = hits / count, Z95**2 / count
    middle, half = share + z2 / 2, Z95 * (share * (1 - share) / count + z2 / (4 * count)) ** 0.5
    return (middle - half) / (1 + z2), (middle + half) / (1 + z2)
