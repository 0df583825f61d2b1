"""A team's scheduler: a separate Dask scheduler and worker over TCP."""

import contextlib
import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from lab.workspace import jobs, worker
from lab.workspace.settings import settings
from lab.workspace.store import open_store
from lab.workspace.worker import Worker

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
ROOT = Path(__file__).resolve().parents[3]
TASKS = "tests.lab.workspace.tasks"


@contextlib.contextmanager
def scheduler(folder):
    """Start a scheduler with one worker, which has no database of ours; yield its address."""
    told = folder / "scheduler.json"
    nowhere = os.environ | {"LAB_HOME": "/proc/nowhere", "DATABASE_URL": "sqlite:////proc/nowhere/x.sqlite"}
    common = ["--host", "127.0.0.1", "--no-dashboard"]
    parts = [start("scheduler", [*common, "--port", "0", "--scheduler-file", str(told)], nowhere)]
    try:
        wait(told.exists)
        address = json.loads(told.read_text())["address"]
        parts.append(start("worker", [address, *common, "--nthreads", "1"], nowhere))
        yield address, parts[0]
    finally:
        for part in reversed(parts):
            part.terminate()
            part.wait(30)


def start(part, arguments, environment):
    command = [sys.executable, "-m", f"distributed.cli.dask_{part}", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait(until, step=lambda: None, limit_s=60):
    deadline = time.monotonic() + limit_s
    while not until():
        assert time.monotonic() < deadline, "it did not happen in time"
        step()
        time.sleep(0.02)


def test_a_remote_worker_reports_without_a_database_and_two_labs_share_it(lab_home, tmp_path):
    with scheduler(tmp_path) as (address, _):
        labs = []
        for name in ("one", "two"):
            home = tmp_path / name
            url = f"sqlite:///{home / 'lab.sqlite'}"
            config = replace(settings(), home=home, database_url=url, dask_scheduler=address)
            labs.append(Worker(open_store(config), name))
        made = [jobs.submit(lab.store, f"{TASKS}:add", {"a": n, "b": 1}) for n, lab in enumerate(labs)]
        assert made[0].id == made[1].id
        for lab, job in zip(labs, made, strict=True):
            wait(lambda lab=lab, job=job: jobs.job(lab.store, job.id).state == jobs.DONE, lab.step)
        rows = [jobs.job(lab.store, job.id) for lab, job in zip(labs, made, strict=True)]
        assert [row.result for row in rows] == [{"sum": 1}, {"sum": 2}]
        assert [row.message for row in rows] == ["half way", "half way"]
        for lab in labs:
            lab.close()


def test_a_job_whose_scheduler_goes_away_is_queued_again_and_given_up_after_a_few_times(
    lab_home, tmp_path, monkeypatch
):
    monkeypatch.setattr(worker, "RETRY_S", 0.0)
    monkeypatch.setattr(worker, "MAX_ATTEMPTS", 2)
    monkeypatch.setattr("lab.workspace.cluster.CONNECT_TIMEOUT_S", 1)
    with scheduler(tmp_path) as (address, process):
        lab = Worker(open_store(replace(settings(), dask_scheduler=address)), "lab")
        job = jobs.submit(lab.store, f"{TASKS}:wait_for_file", {"file": str(tmp_path / "never")})
        wait(lambda: jobs.job(lab.store, job.id).done == 1, lab.step)
        process.kill()
        wait(lambda: jobs.job(lab.store, job.id).state == jobs.FAILED, lab.step)
    row = jobs.job(lab.store, job.id)
    assert (row.attempts, row.error) == (2, worker.LOST)
    lab.close()
