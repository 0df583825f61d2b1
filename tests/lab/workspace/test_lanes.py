"""Short tasks, for which a person waits, before long ones."""

import pytest

from lab.workspace import jobs
from lab.workspace.settings import settings
from lab.workspace.store import open_store
from lab.workspace.worker import Worker

TASKS = "tests.lab.workspace.tasks"
LESSON = jobs.SHORT[0]


@pytest.fixture
def store(database):
    return open_store(settings())


@pytest.fixture
def started(store, monkeypatch):
    """Return what a worker of two processes started; jobs of these never end."""
    monkeypatch.setenv("LAB_WORKERS", "2")
    worker = Worker(open_store(settings()), "one")
    ids = []
    monkeypatch.setattr(type(worker.cluster), "job_ids", property(lambda cluster: set(ids)))
    monkeypatch.setattr(worker, "_is_ready", lambda: True)
    monkeypatch.setattr(worker, "_start", lambda row: ids.append(row.id))
    return worker, ids


def test_a_lesson_goes_before_long_work_that_was_asked_for_earlier(store):
    jobs.submit(store, f"{TASKS}:add", {}, owner="ada")
    lesson = jobs.submit(store, LESSON, {}, owner="ada")
    assert Worker(store, "one")._claim().id == lesson.id


def test_in_a_workshop_one_process_is_kept_for_lessons(store, started, monkeypatch):
    monkeypatch.setenv("LAB_WORKSHOP", "1")
    worker, ids = started
    long = [jobs.submit(store, f"{TASKS}:add", {}, owner=name).id for name in ("ada", "ben")]
    worker._start_queued()
    assert ids == long[:1]
    lesson = jobs.submit(store, LESSON, {}, owner="eve").id
    worker._start_queued()
    assert ids == [long[0], lesson]


def test_elsewhere_long_work_may_have_every_process(store, started):
    worker, ids = started
    long = [jobs.submit(store, f"{TASKS}:add", {}, owner=name).id for name in ("ada", "ben")]
    worker._start_queued()
    assert ids == long
