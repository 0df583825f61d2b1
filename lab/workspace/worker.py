"""The worker: claims queued jobs, writes down what they say, stops what should stop, and takes over jobs whose
worker died. `serving.py` is the process that lets it.
"""

import hashlib
import logging
import os
import platform
import queue
import time
import uuid
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select, update

from lab import __version__
from lab.workspace import jobs, logs, workshop
from lab.workspace.claims import BEGUN, claim, end, next_id, put_back, take_back, tell
from lab.workspace.cluster import Cluster
from lab.workspace.needs import Gone, Unfit
from lab.workspace.scratch import clear
from lab.workspace.store import Job, JobEvent, Serving, Store, now

log = logging.getLogger(__name__)

HEARTBEAT_S = 5.0
DEAD_AFTER_S = 30.0
STOP_GRACE_S = 8.0
RETRY_S = 5.0
SILENT_S = 120.0
"""How long a scheduler that is still connected may not answer: on a busy machine it is slow, and its jobs run on."""
FORGET_AFTER_S = 24 * 3600.0
UNFIT_PATIENCE_S, UNFIT_RETRY_S = 40.0, 4.0
GONE_PATIENCE_S = 600.0
"""For a process that could run a job and went away: on a busy machine it takes long to be back."""
DEATHS, MISSES = 3, 6
"""So often a job may lose its process, or find database or file store away, before it fails."""
TOO_LONG = "It ran longer than {} minutes, the most that a job may run here (LAB_JOB_MINUTES). Try it with less data."
AWAY = "Waiting for the cluster, which does not answer."
AGAIN = "Its process died; it starts again."
DIED = f"The process that ran this job died {DEATHS} times, perhaps for want of memory. Try again with less data."
TOO_MUCH = "It wrote {} MB; {} MB are the most that a job may write here (LAB_JOB_DISK_MB). Try it with less data."


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
        self.problem = ""
        self._said: queue.SimpleQueue[tuple[int, dict[str, Any]]] = queue.SimpleQueue()
        self._unwritten: list[tuple[int, dict[str, Any]]] = []
        self._ended: dict[int, dict[str, Any]] = {}
        self._stopping: dict[int, float] = {}
        self._over: dict[int, str] = {}
        self._long: set[int] = set()
        self._deaths: Counter[int] = Counter()
        self._misses: Counter[int] = Counter()
        self._unfit: dict[int, tuple[float, float]] = {}
        self._last_beat = 0.0
        self._claim_after = 0.0
        self._silent_since: float | None = None

    def step(self) -> None:
        """Do everything that is due once. May be called again after it raised: nothing is forgotten."""
        self._ended.update(self.cluster.finished())
        self._write_down()
        for job_id in list(self._ended):
            self._finish(job_id)
            del self._ended[job_id]
        if time.monotonic() - self._last_beat >= HEARTBEAT_S:
            self._beat()
            self._reap()
            self._last_beat = time.monotonic()
            if self.cluster.is_deserted:
                log.warning("cluster=deserted")
                self._start_afresh()
        self._stop_unwanted()
        self._start_queued()
        if self.cluster.job_ids:
            self.last_busy = time.monotonic()

    def _start_queued(self) -> None:
        while (
            time.monotonic() >= self._claim_after
            and len(self.cluster.job_ids) < self.store.config.workers
            and self._is_ready()
            and (row := self._claim(only_short=self._long_are_enough()))
        ):
            with logs.about(job=row.id, person=row.owner, project=row.project_id):
                log.info("task=%s attempt=%s", row.task, row.attempts)
                self._start(row)
                self._long = (self._long & self.cluster.job_ids) | ({row.id} if row.task not in jobs.SHORT else set())

    def _is_ready(self) -> bool:
        """Start the cluster at the first job, before its row says that it runs: that takes long on a busy machine."""
        if self.cluster.is_connected:
            return True
        if (waiting := next_id(self.store)) is None:
            return False
        try:
            self.cluster.start()
        except Exception:  # no scheduler answers, or a process could not start: try again later
            log.exception("started=no")
            self._wait_for_scheduler()
            tell(self.store, waiting, AWAY)
            return False
        return True

    def _start(self, row: Job) -> None:
        try:
            self.cluster.submit(row, lambda said, job_id=row.id: self._said.put((job_id, said)))  # type: ignore[misc]
            self._unfit.pop(row.id, None)
            self._silent_since = None
        except Unfit as error:
            self._put_off(row, error)
        except Exception:  # no scheduler answers, or a process could not start: try again later
            log.exception("started=no")
            self._wait_for_scheduler()
            put_back(self.store, AWAY, Job.id == row.id, Job.worker == self.name)

    def _wait_for_scheduler(self) -> None:
        """Ask again later; give up what runs on a cluster only once it is gone, or silent for long."""
        self._silent_since = self._silent_since or time.monotonic()
        if self.cluster.is_connected and time.monotonic() - self._silent_since < SILENT_S:
            self._claim_after = time.monotonic() + RETRY_S
        else:
            self._start_afresh()

    def _start_afresh(self) -> None:
        """Give up the cluster and what it runs; the next job gets another."""
        self._ended.update({job_id: {"lost": True} for job_id in self.cluster.job_ids})
        self.cluster.close()
        self._silent_since = None
        self._claim_after = time.monotonic() + RETRY_S

    def _put_off(self, row: Job, why: Unfit) -> None:
        """Let a job wait a while for a process that can run it; then it ends and says what is missing."""
        since, _ = self._unfit.get(row.id, (time.monotonic(), 0.0))
        if time.monotonic() - since > (GONE_PATIENCE_S if isinstance(why, Gone) else UNFIT_PATIENCE_S):
            self._ended[row.id] = {"error": str(why)}
            return
        self._unfit[row.id] = since, time.monotonic() + UNFIT_RETRY_S
        put_back(self.store, str(why), Job.id == row.id, Job.worker == self.name)

    def _long_are_enough(self) -> bool:
        """Whether the last process is kept for short tasks: in a workshop, where no training may hold up all."""
        most = self.store.config.workers - 1 if workshop.is_on() else self.store.config.workers
        return len(self._long & self.cluster.job_ids) >= max(1, most)

    def _claim(self, only_short: bool = False) -> Job | None:
        """Take the next job in turn, but for those that lately found no process that could run them."""
        wait = {job_id for job_id, (_, again) in self._unfit.items() if time.monotonic() < again}
        return claim(self.store, self.name, wait, only_short)

    def _write_down(self) -> None:
        """Write what jobs said since the last step, in one transaction; only the newest progress of each."""
        while not self._said.empty():
            self._unwritten.append(self._said.get())
        if not self._unwritten:
            return
        newest = {job_id: said["progress"] for job_id, said in self._unwritten if "progress" in said}
        self._weigh()
        with self.store.session() as session:
            ids = {job_id for job_id, _ in self._unwritten}
            there = set(session.scalars(select(Job.id).where(Job.id.in_(ids))))  # one may have been deleted
            for job_id in {job_id for job_id, said in self._unwritten if "address" in said}:
                session.execute(self._mine(job_id).where(Job.message == "").values(message=BEGUN))
            for job_id, (done, total, message) in newest.items():
                session.execute(self._mine(job_id).values(done=done, total=total, message=message))
            session.add_all(
                JobEvent(job_id=job_id, kind=kind, data=said[kind])
                for job_id, said in self._unwritten
                for kind in (jobs.LOG, jobs.METRIC)
                if kind in said and job_id in there
            )
        self._unwritten.clear()

    def _weigh(self) -> None:
        """Note the jobs that have written more than they may."""
        limit_mb = self.store.config.job_disk_mb
        for job_id, said in self._unwritten:
            if said.get("written", 0) > limit_mb * 2**20:
                self._over.setdefault(job_id, TOO_MUCH.format(said["written"] // 2**20, limit_mb))

    def _finish(self, job_id: int) -> None:
        outcome = self._ended[job_id] = self._judged(job_id, self._ended[job_id])  # once, however often this is tried
        if "traceback" in outcome:
            self._unwritten.append((job_id, {jobs.LOG: outcome.pop("traceback")}))
            self._write_down()
        if "lost" in outcome:
            why = outcome.get("why", "")
            take_back(self.store, Job.id == job_id, Job.worker == self.name, begun=bool(why), message=why)
        else:
            with self.store.session() as session:
                session.execute(self._mine(job_id).values(finished=now(), **end(outcome)))
        self._stopping.pop(job_id, None)
        self._over.pop(job_id, None)
        self._unfit.pop(job_id, None)
        with logs.about(job=job_id):
            log.info("ended=%s", next(iter(outcome)))

    def _judged(self, job_id: int, outcome: dict[str, Any]) -> dict[str, Any]:
        """Return how a job goes on: what went away may not have been its own fault, but not every time."""
        if "died" in outcome:
            self._deaths[job_id] += 1
            if self._deaths[job_id] < DEATHS:
                return {"lost": True, "why": AGAIN}
            return {"error": DIED, "traceback": outcome["died"]}
        if "away" in outcome:
            self._misses[job_id] += 1
            self._claim_after = time.monotonic() + RETRY_S
            return (
                {"lost": True, "why": outcome["away"]} if self._misses[job_id] < MISSES else {"error": outcome["away"]}
            )
        if job_id in self._over and "cancelled" in outcome:
            return {"error": self._over[job_id]}
        return outcome

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
            "problem": self.problem,
        }  # fmt: skip

    def _reap(self) -> None:
        take_back(self.store, Job.heartbeat < now() - timedelta(seconds=DEAD_AFTER_S))

    def adopt(self) -> None:
        """Queue again what earlier workers of this LAB_HOME left running; only for who holds its lock."""
        clear(self.store.config.home)
        root = _name_root(self.store.config.home)
        take_back(self.store, Job.worker.startswith(root, autoescape=True), Job.worker != self.name)

    def _stop_unwanted(self) -> None:
        """Stop what was cancelled, deleted, taken over or too long: first ask, then end its process."""
        if not self.cluster.job_ids:
            return
        minutes = self.store.config.job_minutes
        with self.store.session() as session:
            mine = (Job.worker == self.name, Job.state == jobs.RUNNING)
            wanted = set(session.scalars(select(Job.id).where(*mine, Job.stop_asked.is_(False))))
            if minutes:
                late = select(Job.id).where(*mine, Job.started < now() - timedelta(minutes=minutes))
                self._over |= dict.fromkeys(wanted & set(session.scalars(late)), TOO_LONG.format(minutes))
        for job_id in self.cluster.job_ids - (wanted - self._over.keys()):
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
                session.execute(delete(Serving).where(Serving.name == self.name))
            put_back(self.store, "", Job.worker == self.name)
        finally:
            self.cluster.close()
