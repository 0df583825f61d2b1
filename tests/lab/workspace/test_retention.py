"""What nobody touched for long goes, after it was told; by a clock of the test's own, on either database."""

from dataclasses import replace
from datetime import timedelta

import pytest

from lab.workspace import jobs
from lab.workspace.settings import settings
from lab.workspace.store import Job, Store, now
from lab.workspace.store.retention import ERASING, ending, expire, keep
from lab.workspace.store.tables import Audit, Edit, JobEvent
from tests.lab.workspace.test_quota import add


@pytest.fixture
def store(database):
    made = Store(replace(settings(), retention_days=100))
    yield made
    made.engine.dispose()


def later(days):
    return now() + timedelta(days=days)


def test_projects_are_told_beforehand_then_go_with_their_files(store):
    old = store.project("Old").id
    add(store, old, 1)
    assert ending(store, "local", later(85)) == []
    assert [(each.name, each.days) for each in ending(store, "local", later(90))] == [("Old", 9)]
    assert [each.days for each in ending(store, "local", later(101))] == [0]
    assert expire(store, later(99)) == {"projects": 0, "files": 0, "lines": 0}
    assert expire(store, later(101)) == {"projects": 1, "files": 1, "lines": 0}
    assert store.find_project("Old") is None
    assert store.files.paths() == []
    with store.session() as session:
        assert [(line.person, line.action) for line in session.query(Audit)] == [("retention", "delete project")]


def test_a_touch_keeps_a_project_as_long_again(store):
    project = store.project("Old").id
    keep(store, project)
    with store.session() as session:
        session.query(Edit).one().created = later(50)
    assert ending(store, "local", later(101)) == []
    assert expire(store, later(101))["projects"] == 0
    assert expire(store, later(151))["projects"] == 1


def test_a_project_with_open_jobs_stays(store):
    row = jobs.submit(store, "a:b", {}, store.project("Busy").id)
    assert expire(store, later(101))["projects"] == 0
    jobs.cancel(store, row.id)
    assert expire(store, later(101))["projects"] == 1


def test_deleted_sounds_and_logs_of_old_jobs_go(store):
    project = store.project("Old").id
    add(store, project, 1)
    store.delete_clips([store.clips(project)[0].id])
    row = jobs.submit(store, "a:b", {}, project)
    jobs.say(store, row.id, jobs.LOG, "a line")
    with store.session() as session:
        session.get(Job, row.id).finished = now()
        session.get(Job, row.id).state = jobs.DONE
        session.query(Edit).delete()
        session.add(Edit(project_id=project, said="touched", before=[], created=later(99)))
    assert expire(store, later(101)) == {"projects": 0, "files": 1, "lines": 1}
    with store.session() as session:
        assert session.query(JobEvent).count() == 0
    assert store.find_project("Old") is not None


def test_nothing_goes_where_no_age_is_set_but_the_job_that_deleted_a_person(database):
    store = Store(settings())
    store.project("Old")
    row = jobs.submit(store, ERASING, {})
    with store.session() as session:
        session.get(Job, row.id).finished = now()
    assert expire(store, later(10_000)) == {"projects": 0, "files": 0, "lines": 0}
    assert store.find_project("Old") is not None
    assert jobs.jobs(store) == []
    assert ending(store, "local", later(10_000)) == []
    store.engine.dispose()
