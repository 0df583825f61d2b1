"""What is old goes, once a day, by a real worker process on a real database."""

import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from lab.workspace import daemon, jobs
from lab.workspace.settings import settings
from lab.workspace.store import Clip, Job, JobEvent, Project, Serving, now, open_store
from lab.workspace.store.tables import Audit
from tests.lab.workspace.test_quota import add
from tests.servers import ROOT, end

DAYS = 30
EACH_SECOND = "from lab.workspace import serving; serving.SWEEP_S = 1.0; serving.main()"
"""A worker whose days are a second long."""

ALL = (Project.created, Clip.created, Clip.deleted, Job.created, Job.finished)


@pytest.fixture
def store(database, monkeypatch):
    monkeypatch.setenv("LAB_RETENTION_DAYS", str(DAYS))
    return open_store(settings())


def project(store, name):
    """Return a project with two sounds, one of them deleted, and a job that ended and had said a line."""
    number = store.project(name).id
    for seed in (2 * number, 2 * number + 1):
        add(store, number, seed)
    store.delete_clips([store.clips(number)[0].id])
    job = jobs.submit(store, "a:b", {}, number)
    jobs.say(store, job.id, jobs.LOG, f"a line of {name}")
    with store.session() as session:
        session.execute(update(Job).where(Job.id == job.id).values(state=jobs.DONE, finished=now()))
    return number


def age(store, project_id, days, *columns):
    """Let what lies in these columns of a project's rows have happened days ago."""
    at = now() - timedelta(days=days)
    with store.session() as session:
        for column in columns:
            key = Project.id if column.class_ is Project else column.class_.project_id
            session.execute(update(column.class_).where(key == project_id, column.is_not(None)).values({column: at}))


def is_told(store):
    """Whether the log of what was done says that a project went: the last that a sweep does."""
    with store.session() as session:
        return session.scalar(select(Audit.id).where(Audit.person == "retention")) is not None


def wait(until, limit_s=120):
    deadline = time.monotonic() + limit_s
    while not until():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def test_a_worker_clears_as_it_begins_and_keeps_what_is_young(store):
    old, used, young = (project(store, name) for name in ("Old", "Used", "Young"))
    age(store, old, DAYS + 1, *ALL)
    age(store, used, DAYS + 1, Project.created, Clip.deleted, Job.created, Job.finished)  # a sound came in lately
    age(store, young, DAYS - 1, *ALL)
    stray = store.files.folder / "ab" / f"ab{0:062}"
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"of a crash")
    os.utime(stray, (time.time() - 7_200,) * 2)
    daemon.ensure_worker(settings())
    wait(lambda: is_told(store))
    assert daemon.stop_worker(settings())
    assert [row.name for row in store.projects()] == ["Used", "Young"]
    with store.session() as session:
        assert sorted(session.scalars(select(JobEvent.data))) == ["a line of Young"]
        clips = sorted((row.project_id, row.deleted is None) for row in session.scalars(select(Clip)))
    assert clips == [(used, True), (young, False), (young, True)]
    assert len(store.files.paths()) == 3
    assert not stray.exists()
    told = (store.config.log_dir / "worker.log").read_text()
    assert "swept files=1 sounds=0 bytes=10" in told
    assert "expired projects=1 files=3 lines=1" in told  # the old project took its own log along


def test_a_worker_that_goes_on_clears_again_the_next_day(store):
    number = project(store, "Old")
    worker = subprocess.Popen([sys.executable, "-c", EACH_SECOND], cwd=ROOT, env=os.environ)
    try:
        wait(lambda: serves(store))
        assert [row.name for row in store.projects()] == ["Old"]  # it had begun, and swept, before it said so
        age(store, number, DAYS + 1, *ALL)
        wait(lambda: is_told(store))
    finally:
        end(worker)
    assert store.projects() == store.files.paths() == []
    assert worker.returncode == 0


def serves(store):
    with store.session() as session:
        return session.scalar(select(Serving.name)) is not None
