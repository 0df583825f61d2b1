"""The tree as work: which nodes must train, in what order, and what each is called when it is kept."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from lab.optimize.paths import LEGAL, QAT, Path
from lab.study.tree.options import Options

VERSION = 1
"""Rises when every training gives other results: what was kept before is trained again."""
VERSIONS = {QAT: 3}
"""The same for one step."""


@dataclass(frozen=True, slots=True)
class Node:
    """One training: the float model at the root, or a step after its parent.

    Attributes:
        steps: from the root.
    """

    steps: tuple[str, ...] = ()

    @property
    def parent(self) -> "Node | None":
        """Return the node before the last step."""
        return Node(self.steps[:-1]) if self.steps else None

    @property
    def label(self) -> str:
        """Return its name: "base", "prune", "prune+cluster", "PCQAT"."""
        if self.steps[-1:] == (QAT,):
            return Path(self.steps).label
        return "+".join(self.steps) or "base"

    def key(self, problem_key: str, options: Options, seed: int) -> str:
        """Return the hash that names its result: of the model, the data, and all settings on the way."""
        way = [[step, options.of_step(step), *([VERSIONS[step]] if step in VERSIONS else [])] for step in self.steps]
        told = json.dumps([VERSION, problem_key, options.base_epochs, seed, way], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()


def node_of(path: Path) -> Node:
    """Return the training that a leaf ships: a PTQ leaf ships its float model, converted."""
    return Node(path.steps)


def trainings(paths: Iterable[Path]) -> list[Node]:
    """Return the nodes that must train for some leaves, each once, parents first."""
    wanted: dict[Node, None] = {}
    for path in sorted(paths, key=lambda each: LEGAL.index(each)):
        node = node_of(path)
        for count in range(len(node.steps) + 1):
            wanted.setdefault(Node(node.steps[:count]))
    return list(wanted)
