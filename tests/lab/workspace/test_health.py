"""How an instance is, told without secrets, on either database."""

import json
import os
import re
import threading
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from lab.workspace import health, jobs
from lab.workspace.metrics import metrics_text
from lab.workspace.settings import settings
from lab.workspace.store import Job, Serving, now, open_store
from lab.workspace.store.artifacts import ArtifactFiles
from lab.workspace.worker import Worker


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(health, "REMEMBERED_S", -1.0)
    monkeypatch.setattr(health, "PATIENCE_S", 60.0)


def parts():
    return {part.name: part for part in health.health().parts}


def values():
    families = text_string_to_metric_families(metrics_text(sessions=3))
    return {
        (sample.name, *sorted(sample.labels.values())): sample.value for family in families for sample in family.samples
    }


def submit(store, minutes_ago):
    job = jobs.submit(store, "lab.study.tasks:demo", {}, owner="ada")
    with store.session() as session:
        long_ago = now() - timedelta(minutes=minutes_ago)
        session.execute(update(Job).where(Job.id == job.id).values(created=long_ago))
    return job


def test_an_instance_at_rest_is_well_and_its_worker_sleeps(database):
    found = health.health()
    assert found.well, found
    assert parts()["worker"].said == "It sleeps; the next job starts it."
    assert json.loads(json.dumps(found.to_json()))["parts"]["database"]["well"] is True


def test_a_job_that_nobody_takes_is_told_and_a_worker_that_beats_is_well(database):
    store = open_store()
    submit(store, 5)
    assert re.match(r"No worker is there, and a job has waited for 30\d s", parts()["worker"].said)
    served = Worker(store, "one")
    served._beat()
    assert parts()["worker"].well
    (fact,) = health.workers(store)
    assert (fact.alive, fact.data["pid"], fact.data["cluster"]) == (True, os.getpid(), "local")
    served.close()
    assert health.workers(store) == []


def test_a_worker_that_fell_silent_is_not_there_and_is_forgotten_in_a_day(database):
    store = open_store()
    with store.session() as session:
        session.add(Serving(name="silent", seen=now() - timedelta(minutes=1)))
        session.add(Serving(name="long gone", seen=now() - timedelta(days=2)))
    submit(store, 5)
    assert not parts()["worker"].well
    served = Worker(store, "fresh")
    served._beat()
    assert [fact.name for fact in health.workers(store)] == ["fresh", "silent"]


def test_a_database_that_is_away_is_told_without_its_password(lab_home, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://lab:s3cret@127.0.0.1:1/lab")
    told = json.dumps(health.health().to_json())
    assert not health.health().well
    assert "s3cret" not in told
    assert 'lab_part_up{part="database"} 0.0' in metrics_text()


def test_a_disk_that_is_nearly_full_is_told(lab_home, monkeypatch):
    monkeypatch.setattr(health, "LOW_BYTES", 2**60)
    assert "nearly full" in parts()["disk"].said


@pytest.mark.skipif(os.getuid() == 0, reason="root may write everywhere")
def test_a_folder_that_nobody_may_write_is_told(lab_home, monkeypatch):
    monkeypatch.setenv("LAB_ARTIFACTS_URL", "file:///proc/artifacts")
    assert "cannot be written" in parts()["artifacts"].said


def test_metrics_count_what_is_in_the_database(database):
    store = open_store()
    project = store.project("Kitchen")
    store.add_clip(project.id, b"RIFF one", "a.wav", "alarm", "take-1", 1.5, 0.25)
    store.save_run(project.id, "demo", "one", {}, {})
    submit(store, 2)
    ended = submit(store, 3)
    with store.session() as session:
        values_of = {"state": jobs.DONE, "started": now() - timedelta(seconds=90), "finished": now()}
        session.execute(update(Job).where(Job.id == ended.id).values(**values_of))
    Worker(store, "one")._beat()
    found = values()
    assert (found["lab_jobs", "queued"], found["lab_jobs", "done"]) == (1, 1)
    for name in ("lab_clips", "lab_runs", "lab_runs_untracked", "lab_projects"):
        assert found[name,] == 1
    assert found["lab_sessions",] == 3
    assert found["lab_files_bytes",] == 8
    assert 119 < found["lab_queue_age_seconds",] < 180
    assert found["lab_job_duration_seconds_count", "done", "lab.study.tasks:demo"] == 1
    assert 89 < found["lab_job_duration_seconds_sum", "done", "lab.study.tasks:demo"] < 91
    assert found["lab_worker_heartbeat_age_seconds", "one"] < 30
    assert found["lab_part_up", "disk"] == 1
    assert settings().home.name not in metrics_text()


def test_a_part_that_hangs_is_told_in_time_and_asked_once(lab_home, monkeypatch):
    monkeypatch.setattr(health, "PATIENCE_S", 0.3)
    asked, go = [], threading.Event()

    def hang(files):
        asked.append(1)
        go.wait(60)
        return "It answers."

    monkeypatch.setattr(ArtifactFiles, "check", hang)
    try:
        open_store()
        told = [parts()["artifacts"].said for _ in range(3)]
    finally:
        go.set()
    assert told == ["It has not answered for 0 s."] * 3
    assert len(asked) == 1
