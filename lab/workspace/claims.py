"""Whose job is next, and what becomes of one that was cut off: the worker's words to the job table."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, true, update

from lab.workspace import jobs
from lab.workspace.store import Job, Store, now

MAX_ATTEMPTS, SUSPECT = 24, 6
"""Worker, cluster or machine may go away without a job's fault, but not for ever; one that might be why goes last."""
BEGUN = "Starting"
"""What a running job's row says from when a process has it until its task says more; before that it says nothing."""
LOST = f"It was cut off {MAX_ATTEMPTS} times: its worker or cluster went away while it ran. See the worker's log."


def next_id(store: Store) -> int | None:
    """Return the job whose turn it is; None if none is queued."""
    with store.session() as session:
        return session.scalar(_next_in_turn((), only_short=False))


def claim(store: Store, worker: str, passing: Collection[int] = (), only_short: bool = False) -> Job | None:
    """Take the oldest queued job of who has the fewest running; the update finds it queued for one worker only.

    Args:
        store: whose.
        worker: who takes it.
        passing: jobs to pass over for now.
        only_short: start no other task than those of seconds.
    """
    fresh = {"done": 0, "total": 0, "message": "", "error": None, "finished": None}
    with store.session() as session:
        job_id = session.scalar(_next_in_turn(passing, only_short))
        if job_id is None:
            return None
        mine = {"worker": worker, "attempts": Job.attempts + 1, "started": now(), "heartbeat": now()}
        taken = session.execute(
            update(Job)
            .where(Job.id == job_id, Job.state == jobs.QUEUED)
            .values(state=jobs.RUNNING, **fresh, **mine)
            .returning(Job.id)
        ).scalar()
    return jobs.job(store, job_id) if taken else None


def _next_in_turn(passing: Collection[int], only_short: bool) -> Select[int]:
    """Return a query for the job to start next: one person's hundred jobs keep nobody else waiting.

    Tasks of seconds, for which a person waits, go first; what was cut off again and again goes last.
    A row that another worker is about to take is passed over, where the database can (SQLite has one writer).
    """
    running = (
        select(Job.owner, func.count().label("jobs")).where(Job.state == jobs.RUNNING).group_by(Job.owner).subquery()
    )
    return (
        select(Job.id)
        .outerjoin(running, running.c.owner == Job.owner)
        .where(Job.state == jobs.QUEUED, Job.id.not_in(passing), Job.task.in_(jobs.SHORT) if only_short else true())
        .order_by(Job.attempts >= SUSPECT, Job.task.not_in(jobs.SHORT), func.coalesce(running.c.jobs, 0), Job.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Job)
    )


def tell(store: Store, job_id: int, message: str) -> None:
    """Write why a queued job waits where its person reads it."""
    with store.session() as session:
        session.execute(update(Job).where(Job.id == job_id, Job.state == jobs.QUEUED).values(message=message))


def put_back(store: Store, message: str, *which: ColumnElement[bool]) -> None:
    """Queue running jobs again, through no fault of theirs: it does not count as an attempt."""
    queued = {"state": jobs.QUEUED, "worker": None, "message": message, "attempts": Job.attempts - 1}
    with store.session() as session:
        session.execute(update(Job).where(Job.state == jobs.RUNNING, *which).values(**queued))


def take_back(store: Store, *which: ColumnElement[bool], begun: bool = False, message: str = "") -> None:
    """Queue running jobs that were cut off again, a few times; it counts only where a process had begun with one.

    Args:
        store: whose.
        which: conditions on jobs.
        begun: a process had begun with them, even if their rows do not say so yet.
        message: what their rows say meanwhile; by default what they said last.
    """
    dead = (Job.state == jobs.RUNNING, *which)
    with store.session() as session:
        session.execute(update(Job).where(*dead, Job.stop_asked).values(finished=now(), **end({"cancelled": True})))
        if not begun:
            idle = update(Job).where(*dead, Job.message == "")
            session.execute(idle.values(state=jobs.QUEUED, worker=None, attempts=Job.attempts - 1))
        tired = update(Job).where(*dead, Job.attempts >= MAX_ATTEMPTS)
        session.execute(tired.values(finished=now(), **end({"error": LOST})))
        said = {"message": message} if message else {}
        session.execute(update(Job).where(*dead).values(state=jobs.QUEUED, worker=None, **said))


def end(outcome: dict[str, Any]) -> dict[str, Any]:
    """Return the columns of a job that ended so."""
    if "result" in outcome:
        return {"state": jobs.DONE, "result": outcome["result"]}
    if "cancelled" in outcome:
        return {"state": jobs.CANCELLED, "error": "Stopped on request."}
    return {"state": jobs.FAILED, "error": outcome["error"]}
