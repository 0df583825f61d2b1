"""A real worker with real Dask processes behind a real job table."""

import os
import signal
import sqlite3
import time
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import OperationalError

from lab.errors import BadInput
from lab.workspace import claims, daemon, jobs, serving, worker
from lab.workspace.settings import settings
from lab.workspace.store import Job, now, open_store
from lab.workspace.worker import Worker

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
TASKS = "tests.lab.workspace.tasks"


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    home = tmp_path_factory.mktemp("worker-home")
    old = os.environ.get("LAB_HOME")
    os.environ["LAB_HOME"] = str(home)
    try:
        return open_store(settings())
    finally:
        os.environ.pop("LAB_HOME") if old is None else os.environ.__setitem__("LAB_HOME", old)


@pytest.fixture(scope="module")
def served(store):
    serving = Worker(store, "test-worker")
    yield serving
    serving.close()


def run(served, until, limit_s=180):
    """Step the worker until a condition holds; fail after a while: processes start anew slowly on a busy machine."""
    deadline = time.monotonic() + limit_s
    while not until():
        assert time.monotonic() < deadline, "the worker did not get there in time"
        served.step()
        time.sleep(0.02)


def ended(store, job):
    return lambda: jobs.job(store, job.id).state not in jobs.OPEN_STATES


def finish(served, task, args=None):
    job = jobs.submit(served.store, f"{TASKS}:{task}", args or {})
    run(served, ended(served.store, job))
    return jobs.job(served.store, job.id)


def test_a_task_gives_its_result_and_what_it_said(served):
    row = finish(served, "add", {"a": 2, "b": 3})
    assert (row.state, row.result) == (jobs.DONE, {"sum": 5})
    assert (row.done, row.total, row.message) == (1, 2, "half way")
    assert [event.data for event in jobs.events(served.store, row.id, jobs.LOG)] == ["adding"]
    assert [event.data for event in jobs.events(served.store, row.id, jobs.METRIC)] == [{"epoch": 1.0, "loss": 0.5}]


def test_bad_input_is_one_sentence_without_a_traceback(served):
    row = finish(served, "refuse")
    assert (row.state, row.error) == (jobs.FAILED, "Two labels are needed; got one.")
    assert not jobs.events(served.store, row.id, jobs.LOG)


def test_a_defect_keeps_its_traceback_in_the_log(served):
    row = finish(served, "defect")
    assert row.state == jobs.FAILED
    assert "should not have: KeyError" in row.error
    assert "tasks.py" in jobs.events(served.store, row.id, jobs.LOG)[0].data


def test_a_result_that_is_not_plain_data_is_a_defect_of_the_task(served):
    row = finish(served, "not_json")
    assert row.state == jobs.FAILED
    assert "not JSON serializable" in row.error


def test_a_task_that_reports_often_arrives_whole_and_in_order(served):
    row = finish(served, "chatter")
    assert (row.state, row.done, row.total) == (jobs.DONE, 2_000, 2_000)
    assert [event.data for event in jobs.events(served.store, row.id, jobs.LOG)] == ["said all"]


def test_a_database_that_is_away_for_a_moment_loses_nothing(served, monkeypatch):
    job = jobs.submit(served.store, f"{TASKS}:add", {"a": 2, "b": 2})
    run(served, lambda: jobs.job(served.store, job.id).state == jobs.RUNNING)
    run_dry(served, job.id)
    with monkeypatch.context() as away:
        away.setattr(served.store, "session", broken_session)
        with pytest.raises(OperationalError):
            served.step()
    run(served, ended(served.store, job))
    assert jobs.job(served.store, job.id).result == {"sum": 4}
    assert [event.data for event in jobs.events(served.store, job.id, jobs.LOG)] == ["adding"]


def broken_session():
    raise OperationalError("SELECT 1", {}, sqlite3.OperationalError("database is locked"))


def run_dry(served, job_id, limit_s=60):
    """Wait until Dask has finished a job, without stepping the worker."""
    served.cluster._futures[job_id].result(timeout=limit_s)


def test_a_job_whose_project_is_deleted_stops(served, tmp_path):
    project = served.store.project("Doomed")
    job = jobs.submit(served.store, f"{TASKS}:until_stopped", {}, project.id)
    run(served, lambda: jobs.job(served.store, job.id).done > 0)
    served.store.delete_project(project.id)
    run(served, lambda: not served.cluster.job_ids)
    assert finish(served, "add", {"a": 1, "b": 1}).state == jobs.DONE


def test_a_process_that_dies_three_times_fails_its_job_and_the_next_one_runs(served):
    row = finish(served, "die")
    assert (row.error, row.attempts) == (
        "The process that ran this job died 3 times, perhaps for want of memory. Try again with less data.", 3,
    )  # fmt: skip
    assert finish(served, "add", {"a": 1, "b": 1}).state == jobs.DONE


def test_a_job_whose_process_was_killed_once_is_done_the_second_time(served, tmp_path):
    flag = tmp_path / "flag"
    job = jobs.submit(served.store, f"{TASKS}:die_once", {"flag": str(flag)})
    run(served, lambda: flag.exists() and served.cluster._addresses.get(job.id))
    (pid,) = served.cluster._client.run(os.getpid, workers=[served.cluster._addresses[job.id]]).values()
    os.kill(pid, signal.SIGKILL)
    run(served, ended(served.store, job))
    row = jobs.job(served.store, job.id)
    assert (row.state, row.result, row.attempts) == (jobs.DONE, {"attempt": 2}, 2)


def test_a_cluster_whose_processes_are_gone_for_good_is_started_afresh(store, monkeypatch):
    monkeypatch.setattr("lab.workspace.cluster.DESERTED_S", 0.5)
    monkeypatch.setattr(worker, "HEARTBEAT_S", 0.1)
    monkeypatch.setattr(worker, "RETRY_S", 0.0)
    lonely = Worker(store, "lonely")
    try:
        finish(lonely, "add", {"a": 1, "b": 1})
        lonely.cluster._cluster.scale(0)
        run(lonely, lambda: lonely.cluster._cluster is None)
        assert finish(lonely, "add", {"a": 1, "b": 2}).result == {"sum": 3}
    finally:
        lonely.close()


def test_cancel_stops_a_task_between_steps(served):
    job = jobs.submit(served.store, f"{TASKS}:until_stopped", {})
    run(served, lambda: jobs.job(served.store, job.id).done > 0)
    jobs.cancel(served.store, job.id)
    run(served, ended(served.store, job))
    assert jobs.job(served.store, job.id).state == jobs.CANCELLED


def test_cancel_kills_a_task_that_does_not_listen(served, tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "STOP_GRACE_S", 0.5)
    job = jobs.submit(served.store, f"{TASKS}:deaf", {"started": str(tmp_path / "started")})
    run(served, (tmp_path / "started").exists)
    jobs.cancel(served.store, job.id)
    run(served, ended(served.store, job))
    assert jobs.job(served.store, job.id).state == jobs.CANCELLED
    assert finish(served, "add", {"a": 1, "b": 1}).state == jobs.DONE


def test_a_queued_job_is_cancelled_at_once(store):
    job = jobs.submit(store, f"{TASKS}:add", {"a": 1, "b": 1})
    jobs.cancel(store, job.id)
    assert jobs.job(store, job.id).state == jobs.CANCELLED


def test_a_job_of_a_dead_worker_runs_again_but_not_for_ever(store):
    reaper = Worker(store, "reaper")
    job = jobs.submit(store, f"{TASKS}:add", {"a": 1, "b": 1})
    for attempt in range(1, claims.MAX_ATTEMPTS + 1):
        with store.session() as session:
            long_ago = now() - timedelta(minutes=5)
            values = {"state": jobs.RUNNING, "worker": "dead", "attempts": attempt, "heartbeat": long_ago}
            values["message"] = claims.BEGUN
            session.execute(update(Job).where(Job.id == job.id).values(**values))
        reaper._reap()
        expected = jobs.QUEUED if attempt < claims.MAX_ATTEMPTS else jobs.FAILED
        assert jobs.job(store, job.id).state == expected


def test_a_job_that_no_process_had_begun_is_taken_back_without_counting(store):
    reaper = Worker(store, "reaper")
    job = jobs.submit(store, f"{TASKS}:add", {"a": 1, "b": 1})
    with store.session() as session:
        long_ago = now() - timedelta(minutes=5)
        values = {"state": jobs.RUNNING, "worker": "dead", "attempts": claims.MAX_ATTEMPTS, "heartbeat": long_ago}
        session.execute(update(Job).where(Job.id == job.id).values(**values))
    reaper._reap()
    row = jobs.job(store, job.id)
    assert (row.state, row.worker, row.attempts) == (jobs.QUEUED, None, claims.MAX_ATTEMPTS - 1)
    jobs.cancel(store, job.id)


def test_a_job_says_that_a_process_has_begun_with_it_before_its_task_says_anything(served, tmp_path):
    job = jobs.submit(served.store, f"{TASKS}:deaf", {"started": str(tmp_path / "started")})
    run(served, lambda: jobs.job(served.store, job.id).message == claims.BEGUN)
    jobs.cancel(served.store, job.id)
    served.cluster.kill(job.id)
    run(served, ended(served.store, job))


def test_a_new_worker_of_the_same_home_takes_over_at_once_and_of_another_does_not(store):
    job = jobs.submit(store, f"{TASKS}:add", {})
    other = jobs.submit(store, f"{TASKS}:add", {})
    for row, home in ((job, store.config.home), (other, store.config.home / "other")):
        values = {"state": jobs.RUNNING, "worker": worker.worker_name(home), "attempts": 1, "heartbeat": now()}
        with store.session() as session:
            session.execute(update(Job).where(Job.id == row.id).values(**values))
    Worker(store, worker.worker_name(store.config.home)).adopt()
    assert jobs.job(store, job.id).state == jobs.QUEUED
    assert jobs.job(store, other.id).state == jobs.RUNNING
    with store.session() as session:
        session.execute(update(Job).where(Job.id.in_([job.id, other.id])).values(state=jobs.CANCELLED))


def test_two_workers_never_claim_the_same_job(store):
    first, second = Worker(store, "first"), Worker(store, "second")
    made = {jobs.submit(store, f"{TASKS}:add", {}).id for _ in range(6)}
    claimed = [claim() for claim in (first._claim, second._claim) * 3]
    assert {row.id for row in claimed} == made
    with store.session() as session:
        session.execute(update(Job).where(Job.id.in_(made)).values(state=jobs.CANCELLED))


def test_a_detached_worker_starts_once_survives_a_kill_and_resumes(lab_home, tmp_path):
    config = settings()
    mine = open_store(config)
    job = jobs.submit(mine, f"{TASKS}:die_once", {"flag": str(tmp_path / "flag")})
    daemon.ensure_worker(config)
    daemon.ensure_worker(config)
    wait(lambda: (tmp_path / "flag").exists() and jobs.job(mine, job.id).state == jobs.RUNNING)
    first = daemon.running_pid(config.home)
    assert daemon.stop_worker(config)
    assert jobs.job(mine, job.id).state == jobs.QUEUED
    daemon.ensure_worker(config)
    wait(lambda: jobs.job(mine, job.id).state == jobs.DONE)
    assert daemon.running_pid(config.home) != first
    assert daemon.stop_worker(config)


def test_where_a_worker_runs_elsewhere_pages_start_none(lab_home, monkeypatch):
    monkeypatch.setenv("LAB_WORKERS", "0")
    daemon.ensure_worker(settings())
    assert not lab_home.exists()
    with pytest.raises(BadInput, match="needs LAB_WORKERS of 1 or more"):
        serving.main(settings())


def test_a_job_survives_the_sudden_death_of_its_worker(lab_home, tmp_path):
    config = settings()
    mine = open_store(config)
    job = jobs.submit(mine, f"{TASKS}:die_once", {"flag": str(tmp_path / "flag")})
    daemon.ensure_worker(config)
    wait(lambda: (tmp_path / "flag").exists() and jobs.job(mine, job.id).message == claims.BEGUN)
    first = daemon.running_pid(config.home)
    os.kill(first, signal.SIGKILL)
    wait(lambda: daemon.running_pid(config.home) is None)
    daemon.ensure_worker(config)
    wait(lambda: jobs.job(mine, job.id).state == jobs.DONE)
    row = jobs.job(mine, job.id)
    assert (row.result, row.attempts) == ({"attempt": 2}, 2)
    assert daemon.stop_worker(config)


def wait(until, limit_s=60):
    deadline = time.monotonic() + limit_s
    while not until():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)
