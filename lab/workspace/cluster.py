"""The Dask side of the worker: processes that run one job each."""

from collections.abc import Callable
from typing import Any

from lab.workspace.context import plain, run_in_dask, stop_name, topic_of
from lab.workspace.settings import Settings
from lab.workspace.store import Job

RESTART_TIMEOUT_S = 30


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

    @property
    def busy(self) -> int:
        """Return how many jobs are with Dask."""
        return len(self._futures)

    def start(self) -> None:
        """Connect, or start the local processes."""
        if self._client is not None:
            return
        import dask
        from distributed import Client, LocalCluster

        # Tasks start processes of their own, which Dask's daemonic workers may not.
        dask.config.set({"distributed.worker.daemon": False, "distributed.scheduler.allowed-failures": 0})
        if self.config.dask_scheduler:
            self._client = Client(self.config.dask_scheduler, set_as_default=False)
            return
        self._cluster = LocalCluster(
            n_workers=self.config.workers, threads_per_worker=1, processes=True, dashboard_address=None,
            host="127.0.0.1", memory_limit=0,
        )  # fmt: skip
        self._client = Client(self._cluster, set_as_default=False)

    def submit(self, job: Job, heard: Callable[[dict[str, Any]], None]) -> None:
        """Start a job; `heard` gets what it says, from another thread."""
        self.start()

        def listen(event: tuple[float, dict[str, Any]]) -> None:
            said = event[1]
            if "address" in said:
                self._addresses[job.id] = said["address"]
            else:
                heard(said)

        self._client.subscribe_topic(topic_of(job.id), listen)
        self._futures[job.id] = self._client.submit(
            run_in_dask, job.id, job.task, job.args, job.project_id, plain(self.config),
            key=f"lab-job-{job.id}-{job.attempts}", pure=False, retries=0,
        )  # fmt: skip

    def finished(self) -> list[tuple[int, dict[str, Any]]]:
        """Return (job id, outcome) of jobs that ended since the last call."""
        ended = [(job_id, future) for job_id, future in self._futures.items() if future.done()]
        for job_id, _ in ended:
            self._forget(job_id)
        return [(job_id, _outcome(future)) for job_id, future in ended]

    def _forget(self, job_id: int) -> None:
        self._futures.pop(job_id, None)
        self._addresses.pop(job_id, None)
        self._client.unsubscribe_topic(topic_of(job_id))

    def ask_to_stop(self, job_id: int) -> None:
        """Set the event that a job looks at between steps."""
        from distributed import Event

        Event(stop_name(job_id), client=self._client).set()

    def kill(self, job_id: int) -> None:
        """End the process that runs a job; Dask starts a fresh one."""
        address = self._addresses.get(job_id)
        self._futures[job_id].cancel()
        self._forget(job_id)
        if address:
            self._client.restart_workers([address], timeout=RESTART_TIMEOUT_S, raise_for_error=False)

    def close(self) -> None:
        """End the local processes, or leave the team's scheduler."""
        if self._client is not None:
            self._client.close()
        if self._cluster is not None:
            self._cluster.close()
        self._client = self._cluster = None


def _outcome(future: Any) -> dict[str, Any]:
    error = future.exception()
    if error is None:
        return dict(future.result())
    return {
        "error": "The process that ran this job died, perhaps for want of memory. Try again with less data.",
        "traceback": f"{type(error).__name__}: {error}",
    }
