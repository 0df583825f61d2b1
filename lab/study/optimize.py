"""The tree from the command line and for the pages: a walk, its files, its tables."""

import logging
import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path as File
from typing import Any

from lab.atomic import write_bytes
from lab.deploy.detector import Detector
from lab.errors import BadInput
from lab.optimize.paths import LEGAL, Path, named
from lab.progress import OnProgress, ignore
from lab.study.projects import data_named
from lab.study.tree import Options, Problem, problem_named, walk
from lab.study.tree.finding import find
from lab.study.tree.goal import Goal
from lab.study.tree.kept import Kept
from lab.study.tree.options import seeds_of
from lab.study.tree.script import toolkit_script
from lab.study.tree.table import summary, to_csv, to_markdown
from lab.study.tree.walk import Walk
from lab.workspace.store import open_store

log = logging.getLogger(__name__)
ALL = "all"
DATA_SHARE = 10
"""Percent of the progress that reading or making data takes."""


def paths_named(names: str | Sequence[str]) -> list[Path]:
    """Return the paths of some names, or all of them.

    Raises:
        BadInput: an unknown name, or none.
    """
    wanted = [name for name in (names.replace(",", " ").split() if isinstance(names, str) else names) if name]
    if not wanted:
        raise BadInput(f"Name some paths, or {ALL!r}.")
    if wanted == [ALL]:
        return list(LEGAL)
    return [named(name) for name in dict.fromkeys(wanted)]


def optimize(
    model: str, data: str | None, paths: str | Sequence[str], seeds: int, out: File, options: Options,
    spec: str = "default", alpha: float = 0.25, on_progress: OnProgress = ignore,
) -> dict[str, Any]:  # fmt: skip
    """Walk the tree and write every .tflite, table and script; the CLI's `optimize`.

    Args:
        model: one of `lab.study.tree.MODELS` or a Keras file.
        data: project, folder, zip or .npz; None for the embedded sounds of "alarm".
        paths: names of leaves, or "all".
        seeds: how many.
        out: folder for the files.
        options: of the steps.
        spec: features of "alarm".
        alpha: width of "mobilenet_v1".
        on_progress: called after each epoch.

    Returns:
        The object that `python -m lab optimize --json` prints.
    """
    started = time.monotonic()
    chosen, many = paths_named(paths), seeds_of(seeds)
    problem = load_problem(model, data, spec, alpha, on_progress)
    made = walk(problem, chosen, options, many, Kept(open_store()), share(on_progress, DATA_SHARE, 100))
    out.mkdir(parents=True, exist_ok=True)
    files = written(problem, made, chosen, options)
    for name, content in files.items():
        write_bytes(out / name, content)
    rows = [{**_plain(row), "tflite": _where(row, out, files)} for row in made.rows]
    return {
        "model": problem.name, "dataset": problem.dataset, "options": options.to_json(), "rows": rows,
        "trained": made.trained, "out": str(out), "seconds": round(time.monotonic() - started, 1),
    }  # fmt: skip


def search(
    model: str, data: str | None, goal: Goal, seeds: int, out: File, options: Options,
    spec: str = "default", alpha: float = 0.25, on_progress: OnProgress = ignore,
) -> dict[str, Any]:  # fmt: skip
    """Find the smallest leaf that is accurate enough and write its files; the CLI's `optimize --find`.

    Args:
        model, data, seeds, out, options, spec, alpha, on_progress: as `optimize`.
        goal: what is wanted.

    Returns:
        The object that `python -m lab optimize --find --json` prints.
    """
    started, many = time.monotonic(), seeds_of(seeds)
    problem = load_problem(model, data, spec, alpha, on_progress)
    told = share(on_progress, DATA_SHARE, 100)
    found = find(problem, goal, options, many, Kept(open_store()), told, log_said)
    out.mkdir(parents=True, exist_ok=True)
    files = written(problem, found.best.made, [found.best.path], found.best.options)
    for name, content in files.items():
        write_bytes(out / name, content)
    rows = [{**_plain(row), "tflite": _where(row, out, files)} for row in found.best.rows]
    return {
        "model": problem.name, "dataset": problem.dataset, **found.to_json(goal), "rows": rows, "out": str(out),
        "seconds": round(time.monotonic() - started, 1),
    }  # fmt: skip


def log_said(state: dict[str, Any]) -> None:
    """Log each sentence of a search."""
    if "said" in state:
        log.info("%s", state["said"])


def load_problem(model: str, data: str | None, spec: str, alpha: float, on_progress: OnProgress = ignore) -> Problem:
    """Return model and data by their names, as the command line takes them."""
    told = share(on_progress, 0, DATA_SHARE)
    if data is None:
        return problem_named(model, None, spec, alpha, on_progress=told)
    if File(data).suffix == ".npz" or model == "mobilenet_v1":
        if not File(data).exists():
            raise BadInput(f"{data} is not there.")
        return problem_named(model, File(data), spec, alpha, on_progress=told)
    with data_named(data) if data else nullcontext() as dataset:
        return problem_named(model, dataset, spec, alpha, on_progress=told)


def written(problem: Problem, made: Walk, paths: Sequence[Path], options: Options) -> dict[str, bytes]:
    """Return the files of a walk by name: models, detectors where a board can hear with them, tables, scripts."""
    files: dict[str, bytes] = {}
    for name, tflite in made.files.items():
        files[f"{name}.tflite"] = tflite
        detector = as_detector(problem, name, tflite)
        if detector is not None:
            files[f"{name}.detector"] = detector.to_bytes()
    table = summary(made.rows)
    files["table.csv"] = to_csv(table).encode()
    files["table.md"] = to_markdown(table).encode()
    for path in paths:
        files[f"{path.label}.py"] = toolkit_script(path, options, problem.batch).encode()
    return files


def as_detector(problem: Problem, name: str, tflite: bytes) -> Detector | None:
    """Return a leaf as a detector, or None where no board computes its features or nothing is an alarm."""
    if problem.spec is None or "alarm" not in problem.labels:
        return None
    from lab.deploy.prepared import prepared_detector

    usual = prepared_detector()
    made = Detector(f"{problem.name} {name}", tflite, problem.spec, problem.labels, ("alarm",), dataset=problem.dataset)
    return replace(made, threshold=usual.threshold, rule=usual.rule)


def share(on_progress: OnProgress, start: int, end: int) -> OnProgress:
    """Return a callback whose own steps fill start to end out of 100."""
    return lambda done, total, message: on_progress(start + (end - start) * done // max(1, total), 100, message)


def _where(row: dict[str, Any], out: File, files: dict[str, bytes]) -> str | None:
    name = f"{row['path']}.{row['seed']}.tflite"
    return str(out / name) if name in files else None


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with every column of the contract; a failed one has them empty."""
    columns = (
        "accuracy_fp32", "accuracy_fake_int8", "accuracy_int8", "tflite_bytes", "gzip_bytes", "sparsity", "clusters",
        "flash_bytes", "ram_bytes", "cycles", "cycles_why", "npu_weights_bytes", "npu_ms", "npu_why", "seconds", "kept",
        "promises",
    )  # fmt: skip
    return {
        "path": row["path"],
        "seed": row["seed"],
        **{name: row.get(name) for name in columns},
        "failed": row["failed"],
    }
