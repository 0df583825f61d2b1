"""What a search of the tree tries: its levels, the settings of each, and one try with its figures in words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from lab.optimize.paths import CLUSTER, PRUNE, Path, named
from lab.study.tree.goal import Goal
from lab.study.tree.options import Options
from lab.study.tree.table import Row
from lab.study.tree.walk import Walk

CHOICES: dict[str, tuple[Any, ...]] = {
    "sparsity": (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9),
    "clusters": (4, 8, 16, 32, 64),
}
SEED = 0
RANDOM_TRIALS = 3
"""Settings drawn by chance before the sampler learns from them."""


@dataclass(frozen=True, slots=True)
class Level:
    """One kind of step before quantization.

    Attributes:
        number: of the level of the tree, from 1.
        told: what is done at it.
        cheap, trained: its leaves, quantized after and in training.
        tuned: names of the options that are tried out.
    """

    number: int
    told: str
    cheap: Path
    trained: Path
    tuned: tuple[str, ...] = ()

    def settings(self, options: Options, trials: int) -> Iterator[tuple[Options, Callable[[float | None], None]]]:
        """Give settings to try, the person's first, each with a function that takes how far from the goal they lead.

        Args:
            options: where to begin.
            trials: at most so many; what comes twice is not given twice.
        """
        if not self.tuned:
            yield options, lambda _distance: None
            return
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        sampler = optuna.samplers.TPESampler(seed=SEED, n_startup_trials=RANDOM_TRIALS)
        study = optuna.create_study(sampler=sampler)
        study.enqueue_trial({name: nearest(name, getattr(options, name)) for name in self.tuned})
        seen: dict[Options, float | None] = {}
        for _ in range(trials):
            trial = study.ask()
            chosen = replace(options, **{name: trial.suggest_categorical(name, CHOICES[name]) for name in self.tuned})
            if chosen not in seen:
                yield chosen, lambda distance, chosen=chosen: seen.__setitem__(chosen, distance)  # type: ignore[misc]
            value = seen.get(chosen)
            state = optuna.trial.TrialState.FAIL if value is None else optuna.trial.TrialState.COMPLETE
            study.tell(trial, value, state)

    def told_with(self, options: Options) -> str:
        """Return the settings that are tried out, as " to 60% zeros and 8 clusters"."""
        words = {"sparsity": f"{options.sparsity:.0%} zeros", "clusters": f"{options.clusters} clusters"}
        told = " and ".join(words[name] for name in self.tuned)
        return f" to {told}" if told else ""


def nearest(name: str, value: float) -> Any:
    """Return the choice that is nearest to a person's setting."""
    return min(CHOICES[name], key=lambda choice: abs(choice - value))


LEVELS = (
    Level(1, "quantize only", named("PTQ"), named("QAT")),
    Level(2, "prune", named("prune+PTQ"), named("PQAT"), ("sparsity",)),
    Level(2, "cluster", named("cluster+PTQ"), named("CQAT"), ("clusters",)),
    Level(3, "prune and cluster", named("prune+cluster+PTQ"), named("PCQAT"), ("sparsity", "clusters")),
)


@dataclass(frozen=True, slots=True, eq=False)
class Try:
    """One leaf with one choice of settings.

    Attributes:
        path: the leaf.
        options: its settings.
        accuracy: of its .tflite on the examples that decide, the mean over seeds.
        amount: of what is held small; None where it could not be measured.
        rows: as the walk gave them, one a seed.
        made: the walk.
        failed: why there is no figure.
    """

    path: Path
    options: Options
    accuracy: float
    amount: float | None
    rows: list[Row]
    made: Walk
    failed: str | None = None

    @property
    def kept(self) -> bool:
        """Whether every promise is kept in every file."""
        return all(row["kept"] for row in self.rows)

    def to_json(self, goal: Goal) -> dict[str, Any]:
        """Return it as a row: path, settings, figures of the deciding half, and why it failed."""
        return {
            "path": self.path.label, "sparsity_wanted": self.options.sparsity if PRUNE in self.path.steps else None,
            "clusters_wanted": self.options.clusters if CLUSTER in self.path.steps else None,
            "accuracy": self.accuracy if self.failed is None else None, goal.measure: self.amount,
            "met": self.failed is None and self.reaches(goal), "failed": self.failed,
        }  # fmt: skip

    def reaches(self, goal: Goal) -> bool:
        """Whether it has what is wanted."""
        return self.amount is not None and self.kept and goal.accurate(self.accuracy) and goal.small(self.amount)

    def figures(self, goal: Goal) -> str:
        """Return accuracy and amount in words."""
        return f"{self.accuracy:.1%} in {self.amount or 0:,.0f} {goal.unit}"

    def verdict(self, goal: Goal) -> str:
        """Return what is good or wrong about it, in words."""
        short, amount = 100 * (goal.floor - self.accuracy), self.amount or 0
        wrong = [f"{short:.1f} points under the floor"] if short > 0 else []
        if not goal.small(amount):
            wrong.append(f"{amount - (goal.ceiling or 0):,.0f} {goal.unit} over the ceiling")
        if not self.kept:
            wrong.append("a promise is not kept")
        good = "which is what was wanted" if goal.ceiling is not None else "accurate enough"
        return " and ".join(wrong) or good
