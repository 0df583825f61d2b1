"""Whose job is next, and what ends one: on either database."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from lab.errors import Away, BadInput, LabError
from lab.workspace import jobs, worker
from lab.workspace.settings import settings
from lab.workspace.store import Job, now, open_store
from lab.workspace.store.schema import open_engine
from lab.workspace.worker import Worker

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")
TASKS = "tests.lab.workspace.tasks"


@pytest.fixture
def store(database):
    return open_store(settings())


@pytest.fixture
def served(store):
    worker_ = Worker(store, "steadfast")
    yield worker_
    worker_.close()


def test_nobody_waits_for_anothers_hundred_jobs(store):
    hers = [jobs.submit(store, f"{TASKS}:add", {}, owner="ada").id for _ in range(5)]
    his = [jobs.submit(store, f"{TASKS}:add", {}, owner="ben").id for _ in range(2)]
    server = Worker(store, "one")
    assert [server._claim().id for _ in range(7)] == [hers[0], his[0], hers[1], his[1], *hers[2:]]
    assert server._claim() is None


def test_a_job_that_was_cut_off_again_and_again_keeps_nobody_waiting(store):
    often, new, fewer = (jobs.submit(store, f"{TASKS}:add", {}).id for _ in range(3))
    with store.session() as session:
        session.execute(update(Job).where(Job.id == often).values(attempts=6))
        session.execute(update(Job).where(Job.id == fewer).values(attempts=5))
    server = Worker(store, "one")
    assert [server._claim().id for _ in range(3)] == [new, fewer, often]


def test_two_workers_share_a_queue_without_taking_a_job_twice(store):
    made = {jobs.submit(store, f"{TASKS}:add", {}).id for _ in range(12)}
    first, second = Worker(store, "first"), Worker(store, "second")
    assert {claim().id for claim in (first._claim, second._claim) * 6} == made


def test_a_job_that_runs_too_long_is_ended_and_says_so(store, monkeypatch, tmp_path):
    monkeypatch.setenv("LAB_JOB_MINUTES", "30")
    served = Worker(open_store(settings()), "limited")
    job = jobs.submit(store, f"{TASKS}:until_stopped", {})
    try:
        steps(served, lambda: jobs.job(store, job.id).message == "waiting")
        with store.session() as session:
            session.execute(update(Job).where(Job.id == job.id).values(started=now() - timedelta(minutes=31)))
        steps(served, lambda: jobs.job(store, job.id).state not in jobs.OPEN_STATES)
        row = jobs.job(store, job.id)
        assert (row.state, row.error[:37]) == (jobs.FAILED, "It ran longer than 30 minutes, the mo")
    finally:
        served.close()


@pytest.mark.parametrize("database", ["SQLite"], indirect=True)
def test_a_job_that_takes_too_much_memory_is_ended_and_says_so(store, monkeypatch):
    monkeypatch.setenv("LAB_JOB_MEMORY_MB", "400")
    served = Worker(open_store(settings()), "limited")
    job = jobs.submit(store, f"{TASKS}:hoard", {"megabytes": 600})
    try:
        steps(served, lambda: jobs.job(store, job.id).state not in jobs.OPEN_STATES, 180)  # three processes start anew
        row = jobs.job(store, job.id)
        assert (row.state, row.error, row.attempts) == (jobs.FAILED, worker.DIED, 3)
    finally:
        served.close()


@pytest.mark.parametrize("database", ["SQLite"], indirect=True)
@pytest.mark.parametrize("deaf", [False, True])
def test_a_job_that_writes_too_much_is_ended_says_so_and_leaves_nothing(store, monkeypatch, tmp_path, deaf):
    monkeypatch.setenv("LAB_JOB_DISK_MB", "20")
    monkeypatch.setattr(worker, "STOP_GRACE_S", 0.5)
    served = Worker(open_store(settings()), "limited")
    told = tmp_path / "told"
    job = jobs.submit(store, f"{TASKS}:litter", {"megabytes": 30, "told": str(told), "deaf": deaf})
    try:
        steps(served, lambda: jobs.job(store, job.id).state not in jobs.OPEN_STATES)
        row = jobs.job(store, job.id)
        assert (row.state, row.error) == (jobs.FAILED, worker.TOO_MUCH.format(30, 20))
        assert not Path(told.read_text()).exists()
        assert not Path(told.read_text()).parent.exists()
    finally:
        served.close()


@pytest.mark.parametrize("database", ["PostgreSQL"], indirect=True)
def test_a_database_that_is_killed_in_mid_job_loses_nothing(store, served, postgresql, tmp_path):
    job = waiting(store, served, "wait_for_file", tmp_path / "go")
    postgresql.restart()
    (tmp_path / "go").touch()
    steps(served, lambda: jobs.job(store, job.id).state == jobs.DONE)


@pytest.mark.parametrize("database", ["PostgreSQL"], indirect=True)
def test_a_job_whose_own_process_finds_the_database_away_runs_again_and_says_why(store, served, postgresql, tmp_path):
    job = waiting(store, served, "save", tmp_path / "go")
    postgresql.kill()
    try:
        (tmp_path / "go").touch()
        steps(served, lambda: not served.cluster.job_ids)  # it has ended; nobody can write down how
    finally:
        postgresql.start()
    steps(served, lambda: "The database cannot be opened" in jobs.job(store, job.id).message)
    assert jobs.job(store, job.id).state == jobs.QUEUED
    steps(served, lambda: jobs.job(store, job.id).state == jobs.DONE)
    assert (jobs.job(store, job.id).attempts, jobs.job(store, job.id).result) == (2, {"project": "Kitchen"})


@pytest.mark.parametrize("database", ["SQLite"], indirect=True)
def test_a_job_that_finds_the_file_store_away_again_and_again_fails_and_says_so(store, served, monkeypatch):
    monkeypatch.setattr(worker, "RETRY_S", 0.1)
    job = jobs.submit(store, f"{TASKS}:find_store_away", {})
    steps(served, lambda: jobs.job(store, job.id).state not in jobs.OPEN_STATES)
    row = jobs.job(store, job.id)
    assert (row.state, row.error, row.attempts) == (jobs.FAILED, "The file store does not answer.", worker.MISSES)


@pytest.mark.parametrize("database", ["PostgreSQL"], indirect=True)
def test_two_machines_may_open_a_new_database_at_once(database, postgresql, tmp_path):
    url = settings().database_url
    with ThreadPoolExecutor(4) as pool:
        engines = list(pool.map(lambda home: open_engine.__wrapped__(url, tmp_path / home), "abcd"))
    for engine in engines:
        engine.dispose()
    assert open_store().project("Kitchen").name == "Kitchen"


def test_a_database_that_is_not_there_is_told_in_a_sentence(lab_home, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://lab@127.0.0.1:1/lab")
    with pytest.raises(Away, match="The database cannot be opened"):
        open_store(settings())


@pytest.mark.parametrize("name", ["LAB_WORKERS", "LAB_JOB_MINUTES", "LAB_JOB_MEMORY_MB", "LAB_JOB_DISK_MB"])
def test_a_setting_that_is_no_number_is_told_by_name(lab_home, monkeypatch, name):
    monkeypatch.setenv(name, "many")
    with pytest.raises(BadInput, match=f"{name} must be a whole number"):
        settings()


def waiting(store, served, task, file):
    """Return a job whose process waits for a file."""
    job = jobs.submit(store, f"{TASKS}:{task}", {"file": str(file)})
    steps(served, lambda: jobs.job(store, job.id).message == "waiting for a file")
    return job


def steps(served, until, limit_s=60):
    """Step the worker, as its loop does, until a condition holds; fail after a while."""
    deadline = time.monotonic() + limit_s
    while True:
        try:
            if until():
                return
            served.step()
        except LabError:  # the database is away
            time.sleep(0.2)
        assert time.monotonic() < deadline, "the worker did not get there in time"
        time.sleep(0.02)
