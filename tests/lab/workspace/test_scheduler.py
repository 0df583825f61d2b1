"""A team's scheduler: a separate Dask scheduler and worker over TCP."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from lab.workspace import jobs, needs, worker
from lab.workspace.context import find_task
from lab.workspace.settings import settings
from lab.workspace.store import open_store
from lab.workspace.worker import Worker
from tests.servers import free_port

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
ROOT = Path(__file__).resolve().parents[3]
TASKS = "tests.lab.workspace.tasks"


@contextlib.contextmanager
def scheduler(folder, *resources):
    """Start a scheduler with a worker for each text of resources, none of which has a database of ours."""
    told = folder / "scheduler.json"
    nowhere = os.environ | {"LAB_HOME": "/proc/nowhere", "DATABASE_URL": "sqlite:////proc/nowhere/x.sqlite"}
    common = ["--host", "127.0.0.1", "--no-dashboard"]
    parts = [start("scheduler", [*common, "--port", "0", "--scheduler-file", str(told)], nowhere)]
    try:
        wait(lambda: told.exists() and told.read_text())
        address = json.loads(told.read_text())["address"]
        for each in resources or ("",):
            declared = ["--resources", each] if each else []
            parts.append(start("worker", [address, *common, "--nthreads", "1", *declared], nowhere))
        yield address, parts
    finally:
        for part in reversed(parts):
            part.terminate()
            part.wait(30)


def start(part, arguments, environment):
    command = [sys.executable, "-m", f"distributed.cli.dask_{part}", *arguments]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait(until, step=lambda: None, limit_s=180):
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


def test_a_job_whose_scheduler_goes_away_waits_says_so_and_can_be_cancelled(lab_home, tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "RETRY_S", 0.5)
    monkeypatch.setattr("lab.workspace.cluster.CONNECT_TIMEOUT_S", 1)
    with scheduler(tmp_path) as (address, (process, _)):
        lab = Worker(open_store(replace(settings(), dask_scheduler=address)), "lab")
        job = jobs.submit(lab.store, f"{TASKS}:wait_for_file", {"file": str(tmp_path / "never")})
        wait(lambda: jobs.job(lab.store, job.id).done == 1, lab.step)
        process.kill()
        wait(lambda: jobs.job(lab.store, job.id).message == worker.AWAY, lab.step)
        row = jobs.job(lab.store, job.id)
        assert (row.state, row.attempts) == (jobs.QUEUED, 1)
        jobs.cancel(lab.store, job.id)
        lab.step()
        assert jobs.job(lab.store, job.id).state == jobs.CANCELLED
    lab.close()


def test_a_job_is_taken_only_once_there_is_a_cluster_to_give_it_to(lab_home, monkeypatch):
    monkeypatch.setattr("lab.workspace.cluster.CONNECT_TIMEOUT_S", 1)
    lab = Worker(open_store(replace(settings(), dask_scheduler=f"tcp://127.0.0.1:{free_port()}")), "lab")
    job = jobs.submit(lab.store, f"{TASKS}:add", {"a": 1, "b": 1})
    claims = []
    monkeypatch.setattr(lab, "_claim", claims.append)
    lab.step()
    assert (jobs.job(lab.store, job.id).message, claims) == (worker.AWAY, [])
    lab.close()


def test_a_scheduler_that_is_slow_to_answer_costs_no_running_job(lab_home, tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "RETRY_S", 0.5)
    with scheduler(tmp_path) as (address, (process, _)):
        lab = Worker(open_store(replace(settings(), dask_scheduler=address, workers=2)), "lab")
        job = jobs.submit(lab.store, f"{TASKS}:wait_for_file", {"file": str(tmp_path / "go")})
        wait(lambda: jobs.job(lab.store, job.id).done == 1, lab.step)
        monkeypatch.setattr("lab.workspace.cluster.CONNECT_TIMEOUT_S", 1)
        os.kill(process.pid, signal.SIGSTOP)
        try:
            other = jobs.submit(lab.store, f"{TASKS}:add", {"a": 1, "b": 1})
            wait(lambda: jobs.job(lab.store, other.id).message == worker.AWAY, lab.step)
        finally:
            os.kill(process.pid, signal.SIGCONT)
        monkeypatch.setattr("lab.workspace.cluster.CONNECT_TIMEOUT_S", 10)
        (tmp_path / "go").touch()
        wait(lambda: all(jobs.job(lab.store, each.id).state == jobs.DONE for each in (job, other)), lab.step)
        assert jobs.job(lab.store, job.id).attempts == 1
        lab.close()


def test_jobs_go_to_the_workers_that_declare_what_they_need(lab_home, tmp_path, monkeypatch):
    monkeypatch.setitem(needs.NEEDS, f"{TASKS}:where", {needs.TOOLCHAIN: 1.0, needs.MEMORY: 2e9})
    with scheduler(tmp_path, "GPU=1 memory=8e9", "arm-toolchain=1 memory=4e9") as (address, parts):
        lab = Worker(open_store(replace(settings(), dask_scheduler=address, workers=4)), "lab")
        lab.cluster.start()
        lab.cluster._client.wait_for_workers(2, timeout=180)
        made = [jobs.submit(lab.store, f"{TASKS}:where", {}) for _ in range(4)]
        wait(lambda: all(jobs.job(lab.store, job.id).state == jobs.DONE for job in made), lab.step)
        ran = {jobs.job(lab.store, job.id).result["pid"] for job in made}
        assert ran == {child.pid for child in psutil.Process(parts[2].pid).children(recursive=True)} & ran
        assert len(ran) == 1
        lab.close()


def test_a_job_that_no_worker_can_run_waits_a_while_lets_others_pass_and_says_so(lab_home, tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "UNFIT_PATIENCE_S", 600.0)
    monkeypatch.setattr(worker, "UNFIT_RETRY_S", 0.5)
    monkeypatch.setitem(needs.NEEDS, f"{TASKS}:where", {needs.GPU: 1.0, needs.TOOLCHAIN: 1.0})
    with scheduler(tmp_path, "GPU=1", "arm-toolchain=1") as (address, _):
        lab = Worker(open_store(replace(settings(), dask_scheduler=address, workers=1)), "lab")
        lab.cluster.start()
        lab.cluster._client.wait_for_workers(2, timeout=180)
        hopeless = jobs.submit(lab.store, f"{TASKS}:where", {})
        other = jobs.submit(lab.store, f"{TASKS}:add", {"a": 1, "b": 1})
        wait(lambda: jobs.job(lab.store, other.id).state == jobs.DONE, lab.step)
        row = jobs.job(lab.store, hopeless.id)
        assert (row.state, row.message[:39]) == (jobs.QUEUED, "No worker of the cluster can run this: ")
        monkeypatch.setattr(worker, "UNFIT_PATIENCE_S", 0.0)
        wait(lambda: jobs.job(lab.store, hopeless.id).state == jobs.FAILED, lab.step)
        row = jobs.job(lab.store, hopeless.id)
        assert "one with GPU 1, arm-toolchain 1 is needed, and they declare " in row.error
        lab.close()


def test_a_job_waits_for_a_worker_that_could_run_it_and_went_away(lab_home, tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "UNFIT_PATIENCE_S", 0.0)
    monkeypatch.setattr(worker, "UNFIT_RETRY_S", 0.5)
    monkeypatch.setitem(needs.NEEDS, f"{TASKS}:where", {needs.TOOLCHAIN: 1.0})
    with scheduler(tmp_path, "GPU=1", "arm-toolchain=1") as (address, parts):
        lab = Worker(open_store(replace(settings(), dask_scheduler=address, workers=1)), "lab")
        lab.cluster.start()
        lab.cluster._client.wait_for_workers(2, timeout=180)
        first = jobs.submit(lab.store, f"{TASKS}:where", {})
        wait(lambda: jobs.job(lab.store, first.id).state == jobs.DONE, lab.step)
        parts[2].terminate()
        parts[2].wait(30)
        wait(lambda: len(lab.cluster._client.scheduler_info()["workers"]) == 1)
        second = jobs.submit(lab.store, f"{TASKS}:where", {})
        wait(lambda: jobs.job(lab.store, second.id).message.startswith("No worker of the cluster"), lab.step)
        again = [address, "--host", "127.0.0.1", "--no-dashboard", "--nthreads", "1", "--resources", "arm-toolchain=1"]
        parts.append(start("worker", again, os.environ))
        wait(lambda: jobs.job(lab.store, second.id).state == jobs.DONE, lab.step)
        lab.close()


def test_a_job_whose_lab_died_frees_the_cluster_for_the_next(lab_home, tmp_path):
    with scheduler(tmp_path) as (address, _):
        config = replace(settings(), dask_scheduler=address)
        dying = Worker(open_store(config), worker.worker_name(config.home))
        endless = jobs.submit(dying.store, f"{TASKS}:until_stopped", {})
        wait(lambda: jobs.job(dying.store, endless.id).done > 0, dying.step)
        dying.cluster._client.close()
        lab = Worker(dying.store, worker.worker_name(config.home))
        jobs.cancel(lab.store, endless.id)
        lab.adopt()
        other = jobs.submit(lab.store, f"{TASKS}:add", {"a": 1, "b": 1})
        wait(lambda: jobs.job(lab.store, other.id).state == jobs.DONE, lab.step)
        assert jobs.job(lab.store, endless.id).state == jobs.CANCELLED
        lab.close()


def test_every_need_is_one_of_a_task_that_there_is():
    for name in needs.NEEDS:
        assert callable(find_task(name)), name


def test_a_need_counts_only_where_a_worker_has_declared_it():
    assert needs.needed("lab.study.tasks:compile_firmware", {"GPU"}) == {}
    assert needs.needed("lab.study.tasks:compile_firmware", {"arm-toolchain"}) == {"arm-toolchain": 1.0}
    needs.check_fits({"GPU": 1.0}, [])
    with pytest.raises(needs.Gone, match="one with GPU 1 is needed, and they declare nothing"):
        needs.check_fits({"GPU": 1.0}, [{}], [{"GPU": 1.0}, {}])
    with pytest.raises(
        needs.Unfit, match=r"one with memory 2000 MB is needed, and they declare memory 954 MB; nothing"
    ):
        needs.check_fits({"memory": 2_000 * needs.MB}, [{"memory": 1e9}, {}])
