"""What became of people's work, looked at once everything has come to its end."""

import collections
import contextlib
from typing import Any

from lab.errors import LabError
from lab.sound.files import read_clip
from lab.workspace import jobs
from lab.workspace.settings import settings
from lab.workspace.store import Job, Run, Store
from scripts.chaos.instance import Instance

STUCK_S = 60.0


def found(made: Instance) -> dict[str, Any]:
    """Return the figures."""
    store = Store(settings())
    rows = jobs.jobs(store, made.project, 10_000)
    with store.session() as session:
        runs = list(session.query(Run).where(Run.project_id == made.project))
    confirmed = made.confirmed()
    unserved = [life.longest_s for life in made.served.values()]
    lost = [row.id for row in rows if row.state == jobs.DONE and not _has_run(row, runs)]
    result = {
        "confirmed_clips": len(confirmed), "lost_clips": _lost_clips(store, made.project, confirmed),
        "finished_runs": len(runs), "lost_runs": lost + [run.id for run in runs if not _whole(store, run)],
        "jobs": dict(collections.Counter(row.state for row in rows)),
        "untrue_jobs": [row.id for row in rows if row.state in jobs.OPEN_STATES],
        "failures": collections.Counter(str(row.error)[:160] for row in rows if row.state == jobs.FAILED),
        "longest_unserved_s": round(max(unserved, default=0.0), 1),
        "longest_unmoved_s": round(max((life.longest_s for life in made.moved.values()), default=0.0), 1),
        "stuck_jobs": sum(seconds > STUCK_S for seconds in unserved),
        "attempts_most": max((row.attempts for row in rows), default=0),
        "page_runs": made.visits, "visits_cut_off": made.visit_errors, "page_errors": made.page_errors[:5],
    }  # fmt: skip
    store.engine.dispose()
    return result


def _lost_clips(store: Store, project: int, confirmed: list[dict[str, Any]]) -> list[int]:
    there = {clip.id: clip for clip in store.clips(project)}
    return [row["clip"] for row in confirmed if not _is_there(store, there.get(row["clip"]), row)]


def _is_there(store: Store, clip: Any, told: dict[str, Any]) -> bool:
    if clip is None or clip.label != told["label"]:
        return False
    with contextlib.suppress(LabError):
        samples = read_clip(store.read_artifact(clip.sha256))[0].samples
        return abs(len(samples) / 16_000 - told["seconds"]) < 1e-3
    return False


def _has_run(row: Job, runs: list[Run]) -> bool:
    return any(run.job_id == row.id and run.id == (row.result or {}).get("run_id") for run in runs)


def _whole(store: Store, run: Run) -> bool:
    with contextlib.suppress(LabError):
        return bool(run.artifacts) and all(store.read_artifact(sha256) for sha256 in run.artifacts.values())
    return False
