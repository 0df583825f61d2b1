"""What MLflow is told of a run, as plain data: no MLflow here."""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lab import __version__
from lab.workspace import jobs
from lab.workspace.store import LOCAL_OWNER, Job, Project, Run, Store

PARAMETERS = ("arch", "augmentation", "board", "goal", "model", "options", "spec")
"""Parts of a run's data that say how, not how well."""
SUMMARY, KEY = "summary", "lab.run"
MAX_PARAMETER, MAX_NAME = 500, 250
_UNLAWFUL = re.compile(r"[^\w\-. /]")


@dataclass(frozen=True, slots=True)
class Told:
    """A run as MLflow keeps it.

    Attributes:
        experiment: what MLflow groups runs by: the project.
        name: of the run.
        parameters: how it was made.
        metrics: what came of it.
        series: (name, step, value) of each epoch.
        tags: what it belongs to; "lab.run" names it once and for all.
        files: name → SHA-256 of an artifact.
        data: everything, for `run.json`.
        began, ended: when, in UTC.
    """

    experiment: str
    name: str
    parameters: dict[str, str]
    metrics: dict[str, float]
    series: tuple[tuple[str, int, float], ...]
    tags: dict[str, str]
    files: dict[str, str]
    data: dict[str, Any]
    began: datetime
    ended: datetime


def told_of(store: Store, run: Run) -> Told:
    """Return what MLflow is told of a run of the store."""
    with store.session() as session:
        project = session.get(Project, run.project_id)
        job = session.get(Job, run.job_id) if run.job_id else None
    owner, where = (project.owner, project.name) if project else (LOCAL_OWNER, "deleted")
    rows = [event.data for event in jobs.events(store, run.job_id, jobs.METRIC)] if run.job_id else []
    tags = {
        KEY: f"{store.signature}/{run.id}", "lab.kind": run.kind, "lab.project": where, "lab.version": __version__,
        "lab.person": job.owner if job else owner, "lab.job": str(run.job_id or ""),
        "lab.dataset": str(run.data.get("dataset") or ""),
    }  # fmt: skip
    how = {"kind": run.kind, **(dict(job.args) if job else {}), **{k: run.data[k] for k in PARAMETERS if k in run.data}}
    return Told(
        experiment=where if owner == LOCAL_OWNER else f"{where} ({owner})", name=run.name,
        parameters={name: _text(value) for name, value in leaves(how) if value is not None},
        metrics=metrics_of(run.data), series=tuple(series_of(rows)), tags=tags,
        files=dict(run.artifacts), data=run.data,
        began=(job and job.started) or run.created, ended=(job and job.finished) or run.created,
    )  # fmt: skip


def leaves(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Yield (dotted name, value) of everything in nested dicts; a list is a value."""
    if not isinstance(value, dict):
        yield lawful(name), value
        return
    for key, inside in value.items():
        yield from leaves(inside, f"{name}.{key}" if name else str(key))


def metrics_of(data: dict[str, Any]) -> dict[str, float]:
    """Return the numbers in a run's data; of a table that sums up paths, a number for each path and column."""
    counted = {key: value for key, value in data.items() if key not in PARAMETERS}
    for row in counted.pop(SUMMARY, None) or ():
        if isinstance(row, dict) and "path" in row:
            counted[str(row["path"])] = {key: value for key, value in row.items() if key != "path"}
    return {name: float(value) for name, value in leaves(counted) if _is_number(value)}


def series_of(rows: Sequence[Any]) -> Iterator[tuple[str, int, float]]:
    """Yield (stage/name, epoch, value) of what a training said after each epoch."""
    for row in rows:
        if isinstance(row, dict) and _is_number(row.get("epoch")):
            stage = f"{row['stage']}/" if row.get("stage") else ""
            for name, value in row.items():
                if name != "epoch" and _is_number(value):
                    yield lawful(f"{stage}{name}"), int(row["epoch"]), float(value)


def lawful(name: str) -> str:
    """Return a name of only those characters that MLflow takes."""
    return _UNLAWFUL.sub("_", name)[:MAX_NAME].strip("/. ") or "value"


def _text(value: Any) -> str:
    return (value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))[:MAX_PARAMETER]


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
