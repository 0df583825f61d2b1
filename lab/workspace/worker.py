"""`python -m lab worker`: the one process of an instance that runs its jobs.

It holds a lock in LAB_HOME while it lives. It claims queued jobs, writes down
what they say, stops what should stop, and takes over jobs whose worker died.
"""

import contextlib
import fcntl
import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import FrameType
from typing import IO, Any

from sqlalchemy import select, update

from lab.workspace import jobs
from lab.workspace.cluster import Cluster
from lab.workspace.settings import Settings, settings
from lab.workspace.store import Job, Store, now, open_store

log = logging.getLogger(__name__)

POLL_S = 0.2
HEARTBEAT_S = 5.0
DEAD_AFTER_S = 30.0
STOP_GRACE_S = 8.0
IDLE_EXIT_S = 6 * 3600.0
MAX_ATTEMPTS = 3
LOCK_FILE = "worker.lock"
_started: list["subprocess.Popen[bytes]"] = []  # kept, so that Python does not complain that they outlive it


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
        self._stopping: dict[int, float] = {}
        self._last_beat = 0.0
        self.last_busy = time.monotonic()

    def step(self) -> None:
        """Do everything that is due once."""
        for job_id, outcome in self.cluster.finished():
            self._finish(job_id, outcome)
        if time.monotonic() - self._last_beat >= HEARTBEAT_S:
            self._last_beat = time.monotonic()
            self._beat()
            self._reap()
        self._stop_asked()
        while self.cluster.busy < self.store.config.workers and (row := self._claim()):
            log.info("job=%s task=%s attempt=%s", row.id, row.task, row.attempts)
            self.cluster.submit(row, lambda said, job_id=row.id: self._heard(job_id, said))  # type: ignore[misc]
        if self.cluster.busy:
            self.last_busy = time.monotonic()

    def _claim(self) -> Job | None:
        """Take the oldest queued job; the update finds it queued for one worker only."""
        with self.store.session() as session:
            job_id = session.scalar(select(Job.id).where(Job.state == jobs.QUEUED).order_by(Job.id).limit(1))
            if job_id is None:
                return None
            taken = session.execute(
                update(Job)
                .where(Job.id == job_id, Job.state == jobs.QUEUED)
                .values(state=jobs.RUNNING, worker=self.name, attempts=Job.attempts + 1, started=now(), heartbeat=now())
                .returning(Job.id)
            ).scalar()
        return jobs.job(self.store, job_id) if taken else None

    def _heard(self, job_id: int, said: dict[str, Any]) -> None:
        if "progress" in said:
            done, total, message = said["progress"]
            self._update(job_id, done=done, total=total, message=message)
        elif "metric" in said:
            jobs.say(self.store, job_id, jobs.METRIC, said["metric"])
        else:
            jobs.say(self.store, job_id, jobs.LOG, said["log"])

    def _finish(self, job_id: int, outcome: dict[str, Any]) -> None:
        self._stopping.pop(job_id, None)
        if "traceback" in outcome:
            jobs.say(self.store, job_id, jobs.LOG, outcome["traceback"])
        if "result" in outcome:
            self._update(job_id, state=jobs.DONE, result=outcome["result"], finished=now())
        elif "cancelled" in outcome:
            self._update(job_id, state=jobs.CANCELLED, error="Stopped on request.", finished=now())
        else:
            self._update(job_id, state=jobs.FAILED, error=outcome["error"], finished=now())
        log.info("job=%s ended=%s", job_id, next(iter(outcome)))

    def _update(self, job_id: int, **values: Any) -> None:
        with self.store.session() as session:
            session.execute(update(Job).where(Job.id == job_id, Job.state == jobs.RUNNING).values(**values))

    def _beat(self) -> None:
        with self.store.session() as session:
            mine = update(Job).where(Job.worker == self.name, Job.state == jobs.RUNNING)
            session.execute(mine.values(heartbeat=now()))

    def _reap(self) -> None:
        """Queue jobs of dead workers again, a few times."""
        dead = (Job.state == jobs.RUNNING, Job.heartbeat < now() - timedelta(seconds=DEAD_AFTER_S))
        with self.store.session() as session:
            session.execute(update(Job).where(*dead, Job.stop_asked).values(state=jobs.CANCELLED, finished=now()))
            session.execute(
                update(Job)
                .where(*dead, Job.attempts >= MAX_ATTEMPTS)
                .values(state=jobs.FAILED, finished=now(), error=f"Its worker died {MAX_ATTEMPTS} times; see the log.")
            )
            session.execute(update(Job).where(*dead).values(state=jobs.QUEUED, worker=None))

    def _stop_asked(self) -> None:
        with self.store.session() as session:
            query = select(Job.id).where(Job.worker == self.name, Job.state == jobs.RUNNING, Job.stop_asked)
            asked = session.scalars(query).all()
        for job_id in asked:
            if job_id not in self._stopping:
                self._stopping[job_id] = time.monotonic()
                self.cluster.ask_to_stop(job_id)
            elif time.monotonic() - self._stopping[job_id] > STOP_GRACE_S:
                self.cluster.kill(job_id)
                self._finish(job_id, {"cancelled": True})

    def close(self) -> None:
        """Stop; running jobs go back to the queue and do not count as an attempt."""
        with self.store.session() as session:
            mine = update(Job).where(Job.worker == self.name, Job.state == jobs.RUNNING)
            session.execute(mine.values(state=jobs.QUEUED, worker=None, attempts=Job.attempts - 1))
        self.cluster.close()


def main(config: Settings | None = None) -> None:
    """Serve the job table until stopped, or idle for hours. Returns at once if another worker serves it."""
    config = config or settings()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s", stream=sys.stderr)
    with _lock(config.home) as held:
        if held is None:
            log.info("another worker serves home=%s", config.home)
            return
        worker = Worker(open_store(config), name=f"{os.uname().nodename}-{os.getpid()}")
        stopping = False

        def stop(_number: int, _frame: FrameType | None) -> None:
            nonlocal stopping
            stopping = True

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        log.info("worker=%s serves home=%s", worker.name, config.home)
        try:
            while not stopping and (config.home / LOCK_FILE).exists():
                worker.step()
                if time.monotonic() - worker.last_busy > IDLE_EXIT_S:
                    break
                time.sleep(POLL_S)
        finally:
            worker.close()


@contextlib.contextmanager
def _lock(home: Path) -> Iterator[IO[str] | None]:
    home.mkdir(parents=True, exist_ok=True)
    with (home / LOCK_FILE).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
            return
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield file


def running_pid(home: Path) -> int | None:
    """Return the process id of the worker that serves a LAB_HOME, or None."""
    path = home / LOCK_FILE
    if not path.exists():
        return None
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            return int(file.read() or 0) or None
        return None


def ensure_worker(config: Settings | None = None) -> None:
    """Start a detached worker if none serves this LAB_HOME. Returns at once."""
    config = config or settings()
    if running_pid(config.home):
        return
    config.log_dir.mkdir(parents=True, exist_ok=True)
    with (config.log_dir / "worker.log").open("ab") as out:
        started = subprocess.Popen(
            [sys.executable, "-m", "lab", "worker"], cwd=Path(__file__).resolve().parents[2],
            env={**os.environ, "LAB_HOME": str(config.home)}, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
            start_new_session=True,
        )  # fmt: skip
    _started.append(started)


def stop_worker(config: Settings | None = None, wait_s: float = 20.0) -> bool:
    """Ask this LAB_HOME's worker to end; return whether one ran.

    Its running jobs go back to the queue.
    """
    home = (config or settings()).home
    pid = running_pid(home)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + wait_s
    while running_pid(home) == pid and time.monotonic() < deadline:
        time.sleep(0.05)
    return True
