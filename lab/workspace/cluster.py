"""The Dask side of the worker: processes that run one job each."""

import contextlib
import logging
import time
import uuid
from collections.abc import Callable
from typing import Any

from lab.workspace.context import plain, run_in_dask, stop_name, topic_of
from lab.workspace.needs import check_fits, needed
from lab.workspace.scratch import clear
from lab.workspace.settings import Settings
from lab.workspace.store import Job

log = logging.getLogger(__name__)

OURS = {
    "distributed.worker.daemon": False,  # tasks start processes of their own, which daemonic workers may not
    "distributed.scheduler.allowed-failures": 0,
    "distributed.deploy.lost-worker-timeout": "600s",  # on a busy machine a process that died takes long to be back
}
DESERTED_S = 120.0
RESTART_TIMEOUT_S = 20
CONNECT_TIMEOUT_S = 10
LOOPBACK = "127.0.0.1"


class Cluster:
    """A local Dask cluster of single-threaded processes, or a team's scheduler.

    Started at the first job, so that an idle worker is small.

    Args:
        config: `dask_scheduler` names a team's scheduler, `workers` counts local processes.
    """

    def __init__(self, config: Settings) -> None:
        self.config = config
        self._client: Any = None
        self._cluster: Any = None
        self._addresses: dict[int, str] = {}
        self._futures: dict[int, Any] = {}
        self._tokens: dict[int, str] = {}
        self._declared: set[str] = set()
        self._seen: list[dict[str, float]] = []
        self._manned = time.monotonic()

    @property
    def job_ids(self) -> set[int]:
        """Return which jobs are with Dask."""
        return set(self._futures)

    def start(self) -> None:
        """Connect, or start the local processes."""
        if self._client is not None and self._client.status == "closed" and not self._futures:
            self.close()  # the scheduler went away
        if self._client is not None:
            return
        import dask
        from distributed import Client, LocalCluster

        dask.config.set(OURS)
        if self.config.dask_scheduler:
            self._client = Client(self.config.dask_scheduler, timeout=CONNECT_TIMEOUT_S, set_as_default=False)
            return
        # No dashboard; Dask's health page still listens, so it gets a free port rather than 8787.
        self._cluster = LocalCluster(
            n_workers=self.config.workers, threads_per_worker=1, processes=True, dashboard_address=None,
            scheduler_kwargs={"dashboard_address": f"{LOOPBACK}:0"}, host=LOOPBACK,
            memory_limit=self.config.job_memory_mb * 2**20,
        )  # fmt: skip
        self._client = Client(self._cluster, set_as_default=False)

    @property
    def is_connected(self) -> bool:
        """Whether a scheduler is there, though it may be too busy to answer."""
        return self._client is not None and self._client.status == "running"

    @property
    def is_deserted(self) -> bool:
        """Whether none of the local processes has been there for two minutes: they will not be back."""
        if self._cluster is None or self._cluster.scheduler_info["workers"]:
            self._manned = time.monotonic()
        return time.monotonic() - self._manned > DESERTED_S

    def submit(self, job: Job, heard: Callable[[dict[str, Any]], None]) -> None:
        """Start a job; `heard` gets what it says, from another thread.

        Raises:
            Unfit: the team's cluster has no worker for it; `Gone`, which is one, if it had.
        """
        self.start()
        resources = self._resources(job.task)
        # A team's scheduler serves several labs, whose job numbers may be the same.
        token = self._tokens[job.id] = f"{job.id}-{uuid.uuid4().hex[:12]}"

        def listen(event: tuple[float, dict[str, Any]]) -> None:
            said = event[1]
            if "address" in said:
                self._addresses[job.id] = said["address"]
            heard(said)

        self._client.subscribe_topic(topic_of(token), listen)
        self._futures[job.id] = self._client.submit(
            run_in_dask, token, job.id, job.task, job.args, job.project_id, job.owner, plain(self.config),
            key=f"lab-run-{token}", pure=False, retries=0,
            resources=resources or None,
        )  # fmt: skip

    def _resources(self, task: str) -> dict[str, float]:
        if not self.config.dask_scheduler:
            return {}
        if self._client.status != "running":
            raise TimeoutError("the scheduler does not answer")
        told = self._client.sync(self._client.scheduler.identity, n_workers=-1, callback_timeout=CONNECT_TIMEOUT_S)
        workers: list[dict[str, float]] = [worker["resources"] for worker in told["workers"].values()]
        self._declared.update(*workers)  # whose only worker restarts is still declared
        self._seen += [each for each in workers if each not in self._seen]
        needs = needed(task, self._declared)
        check_fits(needs, workers, self._seen)
        return needs

    def finished(self) -> list[tuple[int, dict[str, Any]]]:
        """Return (job id, outcome) of jobs that ended since the last call."""
        ended = [(job_id, future) for job_id, future in self._futures.items() if future.done()]
        outcomes = [(job_id, _outcome(future)) for job_id, future in ended]
        for job_id, _ in ended:
            self._forget(job_id)
        return outcomes

    def _forget(self, job_id: int) -> None:
        self._futures.pop(job_id, None)
        self._addresses.pop(job_id, None)
        token = self._tokens.pop(job_id)
        clear(self.config.home, token)  # a process that was ended could not
        with contextlib.suppress(Exception):  # the scheduler may be gone, and the topic with it
            self._client.unsubscribe_topic(topic_of(token))

    def ask_to_stop(self, job_id: int) -> None:
        """Set the event that a job looks at between steps."""
        from distributed import Event

        Event(stop_name(self._tokens[job_id]), client=self._client).set()

    def kill(self, job_id: int) -> None:
        """End the process that runs a job; Dask starts a fresh one."""
        address = self._addresses.get(job_id)
        token = self._tokens[job_id]
        self._futures[job_id].cancel()
        self._forget(job_id)
        if address:
            self._client.restart_workers([address], timeout=RESTART_TIMEOUT_S, raise_for_error=False)
        clear(self.config.home, token)

    def close(self) -> None:
        """End the local processes, or leave the team's scheduler; the next job starts afresh."""
        for part in (self._client, self._cluster):
            try:
                if part is not None:
                    part.close()
            except Exception:  # what is broken is left behind; the lab goes on
                log.exception("closing=%s", type(part).__name__)
        self._client = self._cluster = None
        for mine in (self._futures, self._addresses, self._tokens):
            mine.clear()


def _outcome(future: Any) -> dict[str, Any]:
    if future.status not in ("finished", "error"):
        return {"lost": True}
    error = future.exception()
    if error is None:
        return dict(future.result())
    return {"died": f"{type(error).__name__}: {error}"}
