"""What a person sets for a walk through the tree."""

from dataclasses import dataclass
from typing import Any

from lab.errors import BadInput
from lab.optimize.paths import CLUSTER, PRUNE, QAT
from lab.study.tree.npu import ACCELERATORS

RAMPS = ("polynomial", "constant")
INITS = ("kmeans++", "linear", "density", "random")
EPOCHS = {PRUNE: 4, CLUSTER: 2, QAT: 1}
RATES = {PRUNE: 1e-3, CLUSTER: 3e-4, QAT: 1e-4}
MAX_EPOCHS, MAX_SEEDS = 500, 20


@dataclass(frozen=True, slots=True)
class Options:
    """How each step is taken.

    Attributes:
        sparsity: share of zeros that pruning makes.
        ramp: "polynomial" or "constant".
        clusters: distinct values in a kernel.
        init: centroid initialisation: "kmeans++", "linear", "density" or "random".
        excluded: layers that neither pruning nor clustering touches, besides depthwise ones.
        prune_epochs, cluster_epochs, qat_epochs: of each step; None is the usual.
        base_epochs: of the float model; None is the model's usual.
        npu: an Ethos-U that Vela also compiles each leaf for, such as "ethos-u55-128"; None asks for none.
    """

    sparsity: float = 0.5
    ramp: str = "polynomial"
    clusters: int = 16
    init: str = "kmeans++"
    excluded: tuple[str, ...] = ()
    prune_epochs: int | None = None
    cluster_epochs: int | None = None
    qat_epochs: int | None = None
    base_epochs: int | None = None
    npu: str | None = None

    def __post_init__(self) -> None:
        if not 0 < self.sparsity < 1:
            raise BadInput(
                f"A sparsity of {self.sparsity:g} cannot be; choose a share over 0 and under 1, such as 0.5."
            )
        if self.ramp not in RAMPS:
            raise BadInput(f"There is no schedule {self.ramp!r}; there are {' and '.join(RAMPS)}.")
        if not 2 <= self.clusters <= 256:
            raise BadInput(f"{self.clusters} clusters cannot be; choose 2 to 256.")
        if self.init not in INITS:
            raise BadInput(f"There is no centroid initialisation {self.init!r}; there are {', '.join(INITS)}.")
        if self.npu is not None and self.npu not in ACCELERATORS:
            raise BadInput(f"Vela does not know {self.npu!r}; it knows {', '.join(ACCELERATORS)}.")
        for name in ("prune_epochs", "cluster_epochs", "qat_epochs", "base_epochs"):
            epochs = getattr(self, name)
            if epochs is not None and not 1 <= epochs <= MAX_EPOCHS:
                raise BadInput(f"{epochs} epochs cannot be; choose 1 to {MAX_EPOCHS}.")

    def epochs(self, step: str) -> int | None:
        """Return the epochs wanted for a step, or None for the usual."""
        wanted: int | None = getattr(self, f"{step.lower()}_epochs")
        return wanted

    def of_step(self, step: str) -> dict[str, Any]:
        """Return the settings that change what a step makes: they name its result."""
        settings: dict[str, Any] = {"excluded": sorted(self.excluded), "epochs": self.epochs(step)}
        if step == PRUNE:
            settings |= {"sparsity": self.sparsity, "ramp": self.ramp}
        if step == CLUSTER:
            settings |= {"clusters": self.clusters, "init": self.init}
        return settings

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able description; `from_json` reads it."""
        return {name: getattr(self, name) for name in self.__slots__} | {"excluded": list(self.excluded)}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Options":
        """Read a description; what it leaves out is as usual.

        Raises:
            BadInput: a field is unknown or impossible.
        """
        try:
            return cls(**{**data, "excluded": tuple(data.get("excluded", ()))})
        except TypeError as error:
            raise BadInput(f"The settings cannot be read: {error}.") from error


def seeds_of(count: int) -> tuple[int, ...]:
    """Return the seeds 0, 1, …

    Raises:
        BadInput: none, or too many.
    """
    if not 1 <= count <= MAX_SEEDS:
        raise BadInput(f"{count} seeds cannot be; choose 1 to {MAX_SEEDS}.")
    return tuple(range(count))
