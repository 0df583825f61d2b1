"""The job table: what was asked for, how far it is, what came of it.

States: queued → running → done | failed | cancelled. The table is the
truth; pages read it, the worker writes it.
"""

import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lab.errors import BadInput
from lab.workspace.store import LOCAL_OWNER, Job, JobEvent, Store, now, required
from lab.workspace.store.quota import OverQuota

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
OPEN_STATES = (QUEUED, RUNNING)
LOG, METRIC = "log", "metric"
MAX_ARGS_BYTES = 100_000
SHORT = ("lab.study.tasks:teach", "lab.study.tasks:get_ready", "lab.study.take_home:take_home")
"""Tasks of seconds, for which a person waits: they go before all others."""


def submit(
    store: Store, task: str, args: dict[str, Any], project_id: int | None = None, owner: str = LOCAL_OWNER
) -> Job:
    """Queue a task.

    Args:
        store: where.
        task: dotted name and function, such as "lab.study.tasks:demo".
        args: JSON-able; ids and settings, never live objects.
        project_id: whose; deleting the project deletes the job.
        owner: who asked.

    Raises:
        BadInput: the arguments are not JSON, or too long.
        OverQuota: the person has as many open jobs as they may (LAB_QUOTA_JOBS).
    """
    try:
        size = len(json.dumps(args))
    except (TypeError, ValueError) as error:
        raise BadInput(f"A job's settings must be plain data: {error}.") from error
    if size > MAX_ARGS_BYTES:
        raise BadInput(f"A job's settings take {size} bytes; {MAX_ARGS_BYTES} are the most.")
    with store.session() as session:
        _check_open(session, owner, store.config.quota_jobs)
        session.add(made := Job(task=task, args=args, project_id=project_id, owner=owner))
    return made


def _check_open(session: Session, owner: str, most: int) -> None:
    if not most:
        return
    open_jobs = select(func.count()).select_from(Job).where(Job.owner == owner, Job.state.in_(OPEN_STATES))
    count = session.scalar(open_jobs) or 0
    if count >= most:
        raise OverQuota(
            f"{count} of your jobs wait or run, and {most} may. Nothing was asked for: let one end, or cancel it."
        )


def job(store: Store, job_id: int) -> Job:
    """Return a job as it is now.

    Raises:
        LabError: there is none of that number.
    """
    with store.session() as session:
        return required(session.get(Job, job_id))


def jobs(store: Store, project_id: int | None = None, limit: int = 50) -> Sequence[Job]:
    """Return the newest jobs, of one project or of all."""
    query = select(Job).order_by(Job.id.desc()).limit(limit)
    with store.session() as session:
        return session.scalars(query.where(Job.project_id == project_id) if project_id else query).all()


def cancel(store: Store, job_id: int) -> None:
    """Ask a job to stop. A queued one ends at once, a running one within seconds."""
    with store.session() as session:
        queued = update(Job).where(Job.id == job_id, Job.state == QUEUED)
        session.execute(queued.values(state=CANCELLED, finished=now(), error="Stopped before it began."))
        session.execute(update(Job).where(Job.id == job_id, Job.state == RUNNING).values(stop_asked=True))


def say(store: Store, job_id: int, kind: str, data: Any) -> None:
    """Add a log line or a metric to a job."""
    with store.session() as session:
        session.add(JobEvent(job_id=job_id, kind=kind, data=data))


def events(store: Store, job_id: int, kind: str, after: int = 0, limit: int = 2_000) -> Sequence[JobEvent]:
    """Return what a job said since event number `after`, oldest first.

    Args:
        store: where.
        job_id: which job.
        kind: "log" (text lines) or "metric" (number series of an epoch).
        after: number of the last event already seen.
        limit: events at most; the newest are kept.
    """
    query = select(JobEvent).where(JobEvent.job_id == job_id, JobEvent.kind == kind, JobEvent.id > after)
    with store.session() as session:
        return session.scalars(query.order_by(JobEvent.id.desc()).limit(limit)).all()[::-1]


def seconds_running(row: Job) -> float:
    """Return how long a job has run, or ran."""
    return ((row.finished or now()) - row.started).total_seconds() if row.started else 0.0


def seconds_left(row: Job) -> float | None:
    """Return how long a running job may still take, from its pace so far, or None."""
    if row.state != RUNNING or not row.total or row.done <= 0:
        return None
    return max(0.0, seconds_running(row) * (row.total - row.done) / row.done)
