"""What a walk came to, as data: rows, table, densities, what was left alone, and what it ran on."""

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from lab.optimize import techniques
from lab.study.tree.options import Options
from lab.study.tree.problems import Problem
from lab.study.tree.table import summary
from lab.study.tree.walk import Walk

PACKAGES = ("tensorflow", "tf_keras", "tensorflow-model-optimization", "ai-edge-litert")


def outcome(problem: Problem, made: Walk, options: Options, densities: dict[str, Any]) -> dict[str, Any]:
    """Return what a page shows of a walk, JSON-able.

    Args:
        problem, made, options: of the walk.
        densities: of its weights.

    Returns:
        model, labels, dataset, options, rows, summary, densities, left (layers that no step shrinks), trained, scored
        (held-out examples behind each accuracy), batch (examples a step) and on (when, where and with what).
    """
    return {
        "model": problem.name, "labels": list(problem.labels), "dataset": problem.dataset,
        "options": options.to_json(), "rows": made.rows, "summary": summary(made.rows), "densities": densities,
        "left": left(problem.build(), options.excluded), "trained": made.trained, "scored": len(problem.score),
        "batch": problem.batch, "on": circumstances(),
    }  # fmt: skip


def left(model: Any, excluded: Sequence[str]) -> list[str]:
    """Return the names of layers with a kernel that neither pruning nor clustering touches."""
    names = techniques.shrinkable(model, excluded)
    kernels = ("kernel", "depthwise_kernel")
    return [layer.name for layer in model.layers if any(hasattr(layer, name) for name in kernels)
            and layer.name not in names]  # fmt: skip


def circumstances() -> dict[str, Any]:
    """Return the day, the machine and the versions of what trains and converts."""
    versions = {}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    return {"day": datetime.now(UTC).date().isoformat(), "machine": machine(), "versions": versions}


def machine() -> str:
    """Return what this runs on, in words."""
    gpu = os.environ.get("CUDA_VISIBLE_DEVICES", "-1")
    return f"{os.cpu_count()} cores, {platform.machine()}, {'no GPU' if gpu in ('', '-1') else f'GPU {gpu}'}"
