"""How weights lie after each step: the article's figure, for any kernel."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.deploy.tflite import read_graph
from lab.optimize import techniques
from lab.optimize.paths import Path
from lab.study.tree.kept import Kept
from lab.study.tree.measure import KERNELS
from lab.study.tree.nodes import trainings
from lab.study.tree.options import Options
from lab.study.tree.problems import Problem

BINS = 81
"""Odd, so that zero has a bin of its own."""


def densities(
    problem: Problem, paths: Sequence[Path], options: Options, seed: int, kept: Kept, files: dict[str, bytes]
) -> dict[str, list[dict[str, Any]]]:
    """Return each kernel's density after every step that a walk took.

    Args:
        problem, paths, options, seed: of the walk.
        kept: its finished nodes.
        files: its .tflite files by "LABEL.SEED".

    Returns:
        Layer name → rows of {step, edges, share, zeros, values}: BINS + 1 edges, the share of weights in each bin,
        the share of zeros, and how many distinct values there are. Float nodes first, then the leaves' int8 codes.
    """
    model = problem.build()
    names = techniques.shrinkable(model, options.excluded)
    made: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
    for node in trainings(paths):
        result = kept.get(node.key(problem.key, options, seed))
        if result is None or result.weights is None:
            continue
        model.set_weights(result.weights)
        for name, values in techniques.kernels(model, names).items():
            made[name].append(_density(node.label, values))
    for path in paths:
        tflite = files.get(f"{path.label}.{seed}")
        if tflite is not None:
            for name, codes in _shipped(tflite, names).items():
                made[name].append(_density(f"{path.label} (int8)", codes))
    return made


def _density(step: str, values: NDArray[Any]) -> dict[str, Any]:
    most = float(np.abs(values).max()) or 1.0
    counts, edges = np.histogram(values, BINS, (-most, most))
    return {
        "step": step, "edges": [round(float(edge), 6) for edge in edges],
        "share": [round(float(count) / values.size, 6) for count in counts],
        "zeros": round(float(np.mean(values == 0)), 4), "values": len(np.unique(values)),
    }  # fmt: skip


def _shipped(tflite: bytes, names: Sequence[str]) -> dict[str, NDArray[np.int64]]:
    """Return the int8 codes of each kernel by its layer's name; zero means zero."""
    graph = read_graph(tflite)
    made = {}
    for operator in graph.operators:
        if operator.name not in KERNELS:
            continue
        tensor = graph.tensors[operator.inputs[1]]
        name = next((name for name in names if f"/{name}/" in f"/{tensor.name}/".replace("quant_", "")), None)
        if name is not None and tensor.data is not None:
            made[name] = tensor.data.astype(np.int64)
    return made
