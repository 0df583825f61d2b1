"""The walk as a job: JSON in, JSON out, files as artifacts."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path as File
from typing import Any

from lab.errors import BadInput
from lab.study.optimize import as_detector, paths_named, share, written
from lab.study.projects import project_dataset
from lab.study.tree.density import densities
from lab.study.tree.finding import find as search
from lab.study.tree.goal import Goal
from lab.study.tree.kept import Kept
from lab.study.tree.options import Options, seeds_of
from lab.study.tree.outcome import outcome
from lab.study.tree.problems import Problem, problem_named
from lab.study.tree.walk import walk
from lab.workspace.context import JobContext

DATA_SHARE = 10
KIND = "optimize"


def optimize(args: dict[str, Any], context: JobContext) -> dict[str, Any]:
    """Walk the tree on a model of the lab or on an uploaded one; keep a run with every file.

    Args:
        args: model, paths, seeds, options; project_id, and `data`: "embedded", "project" or the hash of an uploaded
            .npz; `spec`, `alpha`; `file` and `file_name` of an uploaded Keras model.
        context: of the job.
    """
    options = Options.from_json(dict(args.get("options") or {}))
    paths, seeds = paths_named(list(args["paths"])), seeds_of(int(args.get("seeds", 1)))
    kept = Kept(context.store)
    with _problem(args, context) as problem:
        context.log(f"{problem.name}: {len(problem.train):,} examples train, {len(problem.score):,} score.")
        made = walk(problem, paths, options, seeds, kept, share(context.progress, DATA_SHARE, 99), context.metric)
        weights = densities(problem, paths, options, seeds[0], kept, made.files)
        told = outcome(problem, made, options, weights)
        files = written(problem, made, paths, options)
        artifacts = {
            name: context.store.put_artifact(name.rsplit(".", 1)[-1], name, data).sha256 for name, data in files.items()
        }
        hears = any(as_detector(problem, name, data) for name, data in made.files.items())
    context.progress(100, 100, "done")
    result = {**told, "artifacts": artifacts, "hears": hears}
    if context.project_id is not None:
        data = {key: value for key, value in result.items() if key not in ("artifacts", "densities")}
        result["run_id"] = context.store.save_run(
            context.project_id, KIND, problem.name, data, artifacts, context.job_id
        ).id
    return result


def find(args: dict[str, Any], context: JobContext) -> dict[str, Any]:
    """Find the smallest leaf that is accurate enough; keep a run with its files.

    Args:
        args: as `optimize`, with `goal` (floor, measure, ceiling, trials) instead of paths.
        context: of the job. Its metrics tell nodes, rows and {"said": a sentence}.
    """
    goal, options = Goal.from_json(dict(args["goal"])), Options.from_json(dict(args.get("options") or {}))
    seeds = seeds_of(int(args.get("seeds", 1)))
    with _problem(args, context) as problem:
        context.log(f"{problem.name}: {len(problem.train):,} examples train, {len(problem.score):,} score.")
        told = share(context.progress, DATA_SHARE, 99)
        found = search(problem, goal, options, seeds, Kept(context.store), told, context.metric)
        files = written(problem, found.best.made, [found.best.path], found.best.options)
        artifacts = {
            name: context.store.put_artifact(name.rsplit(".", 1)[-1], name, data).sha256 for name, data in files.items()
        }
    context.progress(100, 100, "done")
    result = {"model": problem.name, "dataset": problem.dataset, **found.to_json(goal), "artifacts": artifacts}
    if context.project_id is not None:
        data = {key: value for key, value in result.items() if key != "artifacts"}
        result["run_id"] = context.store.save_run(
            context.project_id, KIND, problem.name, data, artifacts, context.job_id
        ).id
    return result


@contextmanager
def _problem(args: dict[str, Any], context: JobContext) -> Iterator[Problem]:
    told = share(context.progress, 0, DATA_SHARE)
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-tree-") as folder:
        model = str(args["model"])
        if args.get("file"):
            name = File(str(args.get("file_name") or "model.keras")).name
            path = File(folder) / name
            path.write_bytes(context.store.read_artifact(str(args["file"])))
            model = str(path)
        data: Any = None
        source = str(args.get("data", "embedded"))
        if source == "project":
            data = project_dataset(context.store, int(args["project_id"]))
        elif source != "embedded":
            data = File(folder) / "data.npz"
            data.write_bytes(context.store.read_artifact(source))
        elif model != "alarm":
            raise BadInput(f"{model} needs data: sounds of the project, or an .npz file.")
        yield problem_named(
            model, data, str(args.get("spec", "default")), float(args.get("alpha", 0.25)), on_progress=told
        )
