"""`python -m lab worker`: the one process of an instance that runs its jobs.

It holds a lock in LAB_HOME while it lives, steps the worker, tells MLflow, and once a day clears what is old.
"""

import logging
import signal
import time
from types import FrameType

from lab.errors import BadInput
from lab.workspace import logs
from lab.workspace.daemon import LOCK_FILE, lock
from lab.workspace.settings import Settings, settings
from lab.workspace.store import Store, open_store
from lab.workspace.store.retention import expire
from lab.workspace.store.sweeping import sweep
from lab.workspace.tracking import Sender
from lab.workspace.worker import RETRY_S, Worker, worker_name

log = logging.getLogger(__name__)

POLL_S = 0.2
IDLE_EXIT_S = 6 * 3600.0
SWEEP_S = 24 * 3600.0


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
        sender = Sender(worker.store)
        stopping = False

        def stop(_number: int, _frame: FrameType | None) -> None:
            nonlocal stopping
            stopping = True

        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, stop)
        log.info("worker=%s home=%s", worker.name, config.home)
        try:
            worker.adopt()
            swept = time.monotonic() - SWEEP_S
            while not stopping and (config.home / LOCK_FILE).exists() and _is_needed(worker):
                if time.monotonic() - swept >= SWEEP_S:
                    _swept(worker.store)
                    swept = time.monotonic()
                time.sleep(POLL_S if _stepped(worker) and _stepped(sender) else RETRY_S)
                worker.problem = sender.problem
        finally:
            sender.close()
            worker.close()


def _swept(store: Store) -> None:
    """Clear away what crashes left, and what is older than LAB_RETENTION_DAYS."""
    try:
        sweep(store)
        expire(store)
    except Exception:  # a disk or database that is away: jobs matter more
        log.exception("sweep failed")


def _is_needed(worker: Worker) -> bool:
    return time.monotonic() - worker.last_busy <= IDLE_EXIT_S


def _stepped(part: Worker | Sender) -> bool:
    try:
        part.step()
    except Exception:  # a full disk, a database that is away: running jobs go on meanwhile
        log.exception("step failed")
        return False
    return True
