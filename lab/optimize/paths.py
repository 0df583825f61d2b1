"""The legal ways from a trained model to a small one, as a tree.

Pruning comes before clustering, and training with quantization in mind (QAT)
comes last; where it does not, the finished model is quantized after training
(PTQ). QAT keeps what came before: after pruning it is PQAT, after clustering
CQAT, after both PCQAT. Source: the collaborative optimization article.
"""

from dataclasses import dataclass

from lab.errors import BadInput

PRUNE, CLUSTER, QAT = "prune", "cluster", "QAT"
STEPS = (PRUNE, CLUSTER, QAT)
_COLLABORATIVE = {(): "QAT", (PRUNE,): "PQAT", (CLUSTER,): "CQAT", (PRUNE, CLUSTER): "PCQAT"}


@dataclass(frozen=True, slots=True)
class Path:
    """Steps in the order they are taken; none is quantization after training.

    Raises:
        BadInput: an unknown step, one taken twice, or another order than prune, cluster, QAT.
    """

    steps: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.steps != tuple(step for step in STEPS if step in self.steps):
            raise BadInput(f"Path {self.steps} is not legal; steps are some of {STEPS}, each once, in this order.")

    @property
    def label(self) -> str:
        """Return its name, such as "prune+PTQ" or "PCQAT"."""
        before = self.steps[:-1]
        return _COLLABORATIVE[before] if self.is_qat else "+".join((*self.steps, "PTQ"))

    @property
    def is_qat(self) -> bool:
        """Whether it ends with quantization-aware training."""
        return self.steps[-1:] == (QAT,)

    @property
    def parent(self) -> "Path | None":
        """Return the path without its last step; PTQ, which has none, is the root."""
        return Path(self.steps[:-1]) if self.steps else None


LEGAL = tuple(
    Path((*prune, *cluster, *qat)) for prune in ((), (PRUNE,)) for cluster in ((), (CLUSTER,)) for qat in ((), (QAT,))
)
"""The eight leaves, each after its parent."""


def named(label: str) -> Path:
    """Return the path of a label.

    Raises:
        BadInput: there is none.
    """
    for path in LEGAL:
        if path.label == label:
            return path
    raise BadInput(f"There is no path {label!r}; there are {', '.join(path.label for path in LEGAL)}.")
