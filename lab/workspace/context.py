"""What a task may say and ask while it runs, and how it is called."""

import importlib
import json
import logging
import time
import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from lab.errors import Away, Cancelled, LabError
from lab.progress import OnEpoch, OnProgress, ignore, ignore_epoch
from lab.workspace import logs
from lab.workspace.incoming import given
from lab.workspace.scratch import scratch
from lab.workspace.settings import Settings
from lab.workspace.store import Store, open_store, store_of

log = logging.getLogger(__name__)

STOP_CHECK_S = 0.5
PLAIN = (str, int, dict, list, type(None))
"""JSON as it is; other numbers, such as NumPy's, become floats."""
Say = Callable[[dict[str, Any]], None]


@dataclass(slots=True)
class JobContext:
    """Passed to every task: `def task(args, context) -> dict`.

    Attributes:
        job_id: number of the job.
        project_id: whose, or None.
        config: settings of the instance.
        say: sends progress, log lines and metrics to the worker.
        asked_to_stop: whether somebody pressed cancel.
        owner: id of who asked for the job; None for whoever runs the command line.
    """

    job_id: int
    project_id: int | None
    config: Settings
    say: Say
    asked_to_stop: Callable[[], bool]
    owner: str | None = None
    _checked: float = 0.0

    @property
    def store(self) -> Store:
        """Return the store as the job's owner has it: arguments that name another's rows or files find nothing."""
        whole = open_store(self.config)
        return whole if self.owner is None else store_of(whole, self.owner, self.project_id)

    def given(self, path: str) -> Path:
        """Return a file that the arguments name, where the job's owner may name it.

        Raises:
            BadInput: it is not there, or not theirs.
        """
        return given(self.config, self.owner, path)

    def progress(self, done: int, total: int, message: str) -> None:
        """Report steps done; raise Cancelled when asked to stop."""
        self.say({"progress": [done, total, message]})
        self.check()

    def metric(self, values: dict[str, Any]) -> None:
        """Report an epoch's numbers, or other JSON that a page draws meanwhile; raise Cancelled when asked to stop."""
        self.say({"metric": {name: v if isinstance(v, PLAIN) else float(v) for name, v in values.items()}})
        self.check()

    def log(self, line: str) -> None:
        """Add a line to the job's log."""
        self.say({"log": line})

    def check(self) -> None:
        """Raise Cancelled when asked to stop (looked up at most twice a second)."""
        if time.monotonic() - self._checked >= STOP_CHECK_S:
            self._checked = time.monotonic()
            if self.asked_to_stop():
                raise Cancelled


def find_task(name: str) -> Callable[[dict[str, Any], JobContext], dict[str, Any]]:
    """Return the function that a dotted name such as "lab.study.tasks:demo" means."""
    module, _, function = name.partition(":")
    return getattr(importlib.import_module(module), function)  # type: ignore[no-any-return]


def run_in_dask(
    token: str, job_id: int, task: str, args: dict[str, Any], project_id: int | None, person: str,
    config: dict[str, Any],
) -> dict[str, Any]:  # fmt: skip
    """Run a task in a Dask worker process; never raises.

    Progress travels through Dask's scheduler: only `context.store` opens the database.

    Returns:
        {"result": …}, {"cancelled": True}, {"away": one sentence}, {"error": one sentence} or
        {"error": …, "traceback": text}.
    """
    from distributed import Event, get_worker

    worker = get_worker()
    topic = topic_of(token)
    worker.log_event(topic, {"address": worker.address})
    stop = Event(stop_name(token), client=worker._get_client())
    restored = Settings(**{**config, "home": Path(config["home"])})
    key = worker.get_current_task()

    def asked_to_stop() -> bool:
        return _released(worker, key) or bool(stop.is_set())

    context = JobContext(
        job_id, project_id, restored, lambda said: worker.log_event(topic, said), asked_to_stop, person
    )
    logs.configure(everything=False)
    tell = (lambda written: context.say({"written": written})) if restored.job_disk_mb else None
    with logs.about(job=job_id, person=person, project=project_id), scratch(restored.home, token, tell):
        return outcome(lambda: find_task(task)(args, context))


def _released(worker: Any, key: Any) -> bool:
    """Whether nobody waits for a task any more: the lab's worker that asked for it is gone."""
    task = worker.state.tasks.get(key)
    return task is None or task.state == "cancelled"


def run_inline(
    task: str,
    args: dict[str, Any],
    config: Settings,
    on_progress: OnProgress = ignore,
    on_epoch: OnEpoch = ignore_epoch,
    project_id: int | None = None,
) -> dict[str, Any]:
    """Run a task in this process, as the command line does: no job, no worker.

    Args:
        task: dotted name and function.
        args: as for a job.
        config: whose store the task may open.
        on_progress: gets its steps; may raise Cancelled.
        on_epoch: gets its metrics.
        project_id: whose, or None.

    Returns:
        What the task gave. Its log lines go to this process's log.

    Raises:
        whatever the task raises.
    """

    def say(said: dict[str, Any]) -> None:
        if "progress" in said:
            on_progress(*said["progress"])
        elif "metric" in said:
            on_epoch(said["metric"])
        else:
            log.info("task=%s %s", task, said["log"])

    return find_task(task)(args, JobContext(0, project_id, config, say, lambda: False))


def outcome(call: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """Call a task and put what happens into plain data."""
    try:
        return {"result": json.loads(json.dumps(call()))}  # what is not JSON is a defect of the task, told as one
    except Cancelled:
        return {"cancelled": True}
    except Away as error:
        return {"away": str(error)}
    except LabError as error:
        return {"error": str(error)}
    except Exception as error:  # kept with the job; the page says that it is a defect
        return {
            "error": f"Something went wrong that should not have: {type(error).__name__}: {error}"[:2_000],
            "traceback": traceback.format_exc()[-20_000:],
        }


def plain(config: Settings) -> dict[str, Any]:
    """Return settings as plain data, to be sent to a worker process."""
    return {**asdict(config), "home": str(config.home)}


def topic_of(token: str) -> str:
    """Return the Dask topic on which one run of a job reports."""
    return f"lab-says-{token}"


def stop_name(token: str) -> str:
    """Return the name of the Dask event that asks one run of a job to stop."""
    return f"lab-stop-{token}"
