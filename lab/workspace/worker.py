"""`python -m lab worker`: the one process of an instance that runs its jobs.

It holds a lock in LAB_HOME while it lives. It claims queued jobs, writes down
what they say, stops what should stop, and takes over jobs whose worker died.
"""

import hashlib
import logging
import os
import platform
import queue
import signal
import time
import uuid
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import Any

from sqlalchemy import ColumnElement, Select, delete, func, select, update

from lab import __version__
from lab.errors import BadInput
from lab.workspace import jobs, logs
from lab.workspace.cluster import Cluster
from lab.workspace.daemon import LOCK_FILE, ensure_worker, lock, running_pid, stop_worker
from lab.workspace.settings import Settings, settings
from lab.workspace.store import Job, JobEvent, Serving, Store, now, open_store
from lab.workspace.store.sweeping import sweep

__all__ = ["Worker", "ensure_worker", "main", "running_pid", "stop_worker"]

log = logging.getLogger(__name__)

POLL_S = 0.2
HEARTBEAT_S = 5.0
DEAD_AFTER_S = 30.0
STOP_GRACE_S = 8.0
RETRY_S = 5.0
IDLE_EXIT_S = 6 * 3600.0
FORGET_AFTER_S = 24 * 3600.0
MAX_ATTEMPTS = 3
TOO_LONG = "It ran longer than {} minutes, the most that a job may run here (LAB_JOB_MINUTES). Try it with less data."
LOST = f"It was cut off {MAX_ATTEMPTS} times: its worker or cluster went away while it ran. See the worker's log."


def worker_name(home: Path) -> str:
    """Return a fresh name for this LAB_HOME's worker; all its names share their beginning."""
    return f"{_name_root(home)}{uuid.uuid4().hex[:8]}"


def _name_root(home: Path) -> str:
    return f"{os.uname().nodename[:60]}-{hashlib.sha256(str(home).encode()).hexdigest()[:8]}-"


class Worker:
    """Claims jobs and sees them through.

    Args:
        store: whose jobs.
        name: told in the job table, so that a dead worker's jobs are found.
    """

    def __init__(self, store: Store, name: str) -> None:
        self.store = store
        self.name = name
        self.cluster = Cluster(store.config)
        self.last_busy = time.monotonic()
        self._said: queue.SimpleQueue[tuple[int, dict[str, Any]]] = queue.SimpleQueue()
        self._unwritten: list[tuple[int, dict[str, Any]]] = []
        self._ended: dict[int, dict[str, Any]] = {}
        self._stopping: dict[int, float] = {}
        self._late: set[int] = set()
        self._last_beat = 0.0
        self._claim_after = 0.0

    def step(self) -> None:
        """Do everything that is due once. May be called again after it raised: nothing is forgotten."""
        self._ended.update(self.cluster.finished())
        self._write_down()
        for job_id in list(self._ended):
            self._finish(job_id, self._ended[job_id])
            del self._ended[job_id]
        if time.monotonic() - self._last_beat >= HEARTBEAT_S:
            self._beat()
            self._reap()
            self._last_beat = time.monotonic()
        self._stop_unwanted()
        self._start_queued()
        if self.cluster.job_ids:
            self.last_busy = time.monotonic()

    def _start_queued(self) -> None:
        while (
            time.monotonic() >= self._claim_after
            and len(self.cluster.job_ids) < self.store.config.workers
            and (row := self._claim())
        ):
            with logs.about(job=row.id, person=row.owner, project=row.project_id):
                log.info("task=%s attempt=%s", row.task, row.attempts)
                self._start(row)

    def _start(self, row: Job) -> None:
        try:
            self.cluster.submit(row, lambda said, job_id=row.id: self._said.put((job_id, said)))  # type: ignore[misc]
        except Exception:  # no scheduler answers, or a process could not start: try again later
            log.exception("started=no")
            self._ended.update({job_id: {"lost": True} for job_id in self.cluster.job_ids | {row.id}})
            self.cluster.close()
            self._claim_after = time.monotonic() + RETRY_S

    def _claim(self) -> Job | None:
        """Take the oldest queued job of who has the fewest running; the update finds it queued for one worker only."""
        fresh = {"done": 0, "total": 0, "message": "", "error": None, "finished": None}
        with self.store.session() as session:
            job_id = session.scalar(_next_in_turn())
            if job_id is None:
                return None
            mine = {"worker": self.name, "attempts": Job.attempts + 1, "started": now(), "heartbeat": now()}
            taken = session.execute(
                update(Job)
                .where(Job.id == job_id, Job.state == jobs.QUEUED)
                .values(state=jobs.RUNNING, **fresh, **mine)
                .returning(Job.id)
            ).scalar()
        return jobs.job(self.store, job_id) if taken else None

    def _write_down(self) -> None:
        """Write what jobs said since the last step, in one transaction; only the newest progress of each."""
        while not self._said.empty():
            self._unwritten.append(self._said.get())
        if not self._unwritten:
            return
        newest = {job_id: said["progress"] for job_id, said in self._unwritten if "progress" in said}
        with self.store.session() as session:
            ids = {job_id for job_id, _ in self._unwritten}
            there = set(session.scalars(select(Job.id).where(Job.id.in_(ids))))  # one may have been deleted
            for job_id, (done, total, message) in newest.items():
                session.execute(self._mine(job_id).values(done=done, total=total, message=message))
            session.add_all(
                JobEvent(job_id=job_id, kind=kind, data=said[kind])
                for job_id, said in self._unwritten
                for kind in (jobs.LOG, jobs.METRIC)
                if kind in said and job_id in there
            )
        self._unwritten.clear()

    def _finish(self, job_id: int, outcome: dict[str, Any]) -> None:
        if "traceback" in outcome:
            self._unwritten.append((job_id, {jobs.LOG: outcome.pop("traceback")}))
            self._write_down()
        if job_id in self._late and "cancelled" in outcome:
            outcome = {"error": TOO_LONG.format(self.store.config.job_minutes)}
        if "lost" in outcome:
            self._take_back(Job.id == job_id, Job.worker == self.name)
        else:
            with self.store.session() as session:
                session.execute(self._mine(job_id).values(finished=now(), **_end(outcome)))
        self._stopping.pop(job_id, None)
        self._late.discard(job_id)
        with logs.about(job=job_id):
            log.info("ended=%s", next(iter(outcome)))

    def _mine(self, job_id: int) -> Any:
        return update(Job).where(Job.id == job_id, Job.worker == self.name, Job.state == jobs.RUNNING)

    def _beat(self) -> None:
        held = self.cluster.job_ids | self._ended.keys()
        with self.store.session() as session:
            mine = update(Job).where(Job.worker == self.name, Job.state == jobs.RUNNING, Job.id.in_(held))
            session.execute(mine.values(heartbeat=now()))
            session.merge(Serving(name=self.name, data=self._told(), seen=now()))
            session.execute(delete(Serving).where(Serving.seen < now() - timedelta(seconds=FORGET_AFTER_S)))

    def _told(self) -> dict[str, Any]:
        """Return what the admin page and the metrics tell of this worker."""
        return {
            "host": os.uname().nodename, "pid": os.getpid(), "version": __version__,
            "python": platform.python_version(), "slots": self.store.config.workers,
            "jobs": sorted(self.cluster.job_ids), "cluster": "team" if self.store.config.dask_scheduler else "local",
        }  # fmt: skip

    def _reap(self) -> None:
        self._take_back(Job.heartbeat < now() - timedelta(seconds=DEAD_AFTER_S))

    def adopt(self) -> None:
        """Queue again what earlier workers of this LAB_HOME left running; only for who holds its lock."""
        root = _name_root(self.store.config.home)
        self._take_back(Job.worker.startswith(root, autoescape=True), Job.worker != self.name)

    def _take_back(self, *which: ColumnElement[bool]) -> None:
        """Queue running jobs that were cut off again, a few times."""
        dead = (Job.state == jobs.RUNNING, *which)
        with self.store.session() as session:
            session.execute(
                update(Job).where(*dead, Job.stop_asked).values(finished=now(), **_end({"cancelled": True}))
            )
            tired = update(Job).where(*dead, Job.attempts >= MAX_ATTEMPTS)
            session.execute(tired.values(finished=now(), **_end({"error": LOST})))
            session.execute(update(Job).where(*dead).values(state=jobs.QUEUED, worker=None))

    def _stop_unwanted(self) -> None:
        """Stop what was cancelled, deleted, taken over or too long: first ask, then end its process."""
        if not self.cluster.job_ids:
            return
        minutes = self.store.config.job_minutes
        with self.store.session() as session:
            mine = (Job.worker == self.name, Job.state == jobs.RUNNING)
            wanted = set(session.scalars(select(Job.id).where(*mine, Job.stop_asked.is_(False))))
            if minutes:
                began = now() - timedelta(minutes=minutes)
                self._late |= wanted & set(session.scalars(select(Job.id).where(*mine, Job.started < began)))
        for job_id in self.cluster.job_ids - (wanted - self._late):
            if job_id not in self._stopping:
                self._stopping[job_id] = time.monotonic()
                self.cluster.ask_to_stop(job_id)
            elif time.monotonic() - self._stopping[job_id] > STOP_GRACE_S:
                self._ended[job_id] = {"cancelled": True}
                self.cluster.kill(job_id)

    def close(self) -> None:
        """Stop; running jobs go back to the queue and do not count as an attempt."""
        try:
            with self.store.session() as session:
                mine = update(Job).where(Job.worker == self.name, Job.state == jobs.RUNNING)
                session.execute(mine.values(state=jobs.QUEUED, worker=None, attempts=Job.attempts - 1))
                session.execute(delete(Serving).where(Serving.name == self.name))
        finally:
            self.cluster.close()


def _next_in_turn() -> Select[int]:
    """Return a query for the job to start next: one person's hundred jobs keep nobody else waiting.

    A row that another worker is about to take is passed over, where the database can (SQLite has one writer).
    """
    running = (
        select(Job.owner, func.count().label("jobs")).where(Job.state == jobs.RUNNING).group_by(Job.owner).subquery()
    )
    return (
        select(Job.id)
        .outerjoin(running, running.c.owner == Job.owner)
        .where(Job.state == jobs.QUEUED)
        .order_by(func.coalesce(running.c.jobs, 0), Job.id)
        .limit(1)
        .with_for_update(skip_locked=True, of=Job)
    )


def _end(outcome: dict[str, Any]) -> dict[str, Any]:
    if "result" in outcome:
        return {"state": jobs.DONE, "result": outcome["result"]}
    if "cancelled" in outcome:
        return {"state": jobs.CANCELLED, "error": "Stopped on request."}
    return {"state": jobs.FAILED, "error": outcome["error"]}


def main(config: Settings | None = None) -> None:
    """Serve the job table until stopped, or idle for hours. Returns at once if another worker serves it.

    Raises:
        BadInput: LAB_WORKERS is 0, so that it would never run a job.
    """
    config = config or settings()
    if not config.workers:
        raise BadInput("A worker needs LAB_WORKERS of 1 or more; it is 0, which is for the pages that a worker serves.")
    logs.configure()
    with lock(config.home) as held:
        if held is None:
            log.info("served=already home=%s", config.home)
            return
        worker = Worker(open_store(config), worker_name(config.home))
        stopping = False

        def stop(_number: int, _frame: FrameType | None) -> None:
            nonlocal stopping
            stopping = True

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        log.info("worker=%s home=%s", worker.name, config.home)
        try:
            worker.adopt()
            _swept(worker.store)
            while not stopping and (config.home / LOCK_FILE).exists() and _is_needed(worker):
                time.sleep(POLL_S if _stepped(worker) else RETRY_S)
        finally:
            worker.close()


def _swept(store: Store) -> None:
    try:
        sweep(store)
    except Exception:  # a disk or database that is away: jobs matter more
        log.exception("sweep failed")


def _is_needed(worker: Worker) -> bool:
    return time.monotonic() - worker.last_busy <= IDLE_EXIT_S


def _stepped(worker: Worker) -> bool:
    try:
        worker.step()
    except Exception:  # a full disk, a database that is away: running jobs go on meanwhile
        log.exception("step failed")
        return False
    return True
