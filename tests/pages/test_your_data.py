"""Your data and Admin: what is kept, taken and deleted; who sees what; consent before a sound is kept."""

from datetime import timedelta

import pytest

from lab.study.person import EMPTY, ERASE, EXPORT
from lab.workspace import audit, jobs
from lab.workspace.people import Person
from lab.workspace.store import Job, now, open_store
from pages.server import identity
from tests.pages import seed
from tests.pages.conftest import labels, press, text


def own_job(task, state="done", **fields):
    row = jobs.submit(open_store(), task, {})
    with open_store().session() as session:
        kept = session.get(Job, row.id)
        for name, value in {"state": state, "started": now(), "finished": now(), **fields}.items():
            setattr(kept, name, value)


def test_it_tells_what_is_kept(open_page):
    seed.examples()
    page = open_page("your_data")
    assert "12 sounds" in text(page)
    assert "Delete everything that is mine" in labels(page)


def test_everything_is_prepared_then_downloaded(open_page, submitted):
    page = press(open_page("your_data"), "Prepare everything as one zip")
    assert jobs.jobs(open_store())[0].task == EXPORT
    assert submitted
    sha256 = seed.artifact("my data.zip", b"zip")
    with open_store().session() as session:
        row = session.get(Job, jobs.jobs(open_store())[0].id)
        row.state, row.started, row.finished = "done", now(), now()
        row.result = {"projects": 1, "bytes": 3_000_000, "artifacts": {"my data.zip": sha256}}
    page.run()
    assert "Download 3.0 MB" in str(page.get("download_button"))


def test_deleting_everything_asks_for_the_name(open_page, submitted):
    page = press(open_page("your_data"), "Delete everything that is mine")
    assert next(each for each in page.button if each.label == "Delete for good").disabled
    assert page.text_input(key="erase-me-name").label == "Type **local** to confirm"
    assert jobs.jobs(open_store()) == []


def test_what_was_deleted_is_told(open_page):
    own_job(ERASE, result={"projects": 2, "sounds": 3, "files": 4, "bytes": 5_000_000})
    assert "Deleted: 2 projects, 4 files, 5.0 MB." in text(open_page("your_data"))


def test_deleted_sounds_can_be_emptied(open_page, submitted):
    seed.examples()
    open_store().delete_clips([clip.id for clip in seed.clips()[:2]])
    press(open_page("your_data"), "Empty 2 deleted sounds")
    assert jobs.jobs(open_store())[0].task == EMPTY


def test_a_share_is_drawn_where_there_is_one(open_page, monkeypatch):
    monkeypatch.setenv("LAB_QUOTA_MB", "50")
    monkeypatch.setenv("LAB_RETENTION_DAYS", "30")
    page = open_page("your_data")
    assert "0.0 of 50 MB are used." in str(page.get("progress")[0].proto)
    assert "nobody touches for 30 days" in text(page)


def test_home_tells_of_projects_that_end_and_keeps_them(open_page, monkeypatch):
    monkeypatch.setenv("LAB_RETENTION_DAYS", "30")
    number = open_store().project("Old").id
    from lab.workspace.store import Project

    with open_store().session() as session:
        session.get(Project, number).created = now() - timedelta(days=28)
    page = open_page("home")
    assert "**Old** will be deleted tomorrow" in text(page)
    page = press(page, "Keep it")
    assert "will be deleted" not in text(page)


@pytest.mark.parametrize(
    ("part", "shown"),
    [
        ("Health", "Every part does its work"), ("People", "1 person"), ("Jobs", "demo"), ("Disk", ""),
        ("Workers", "No worker"), ("Audit log", ""),
    ],
)  # fmt: skip
def test_who_runs_the_instance_sees_each_part(open_page, part, shown):
    seed.job(seed.DEMO, "running")
    with open_store().session() as session:
        audit.note(session, "local", "consent")
    page = open_page("admin")
    page.segmented_control(key="admin-part").set_value(part).run()
    assert not page.exception
    assert shown in text(page) + str([frame.value.to_string() for frame in page.dataframe])


def test_a_job_of_anybody_is_cancelled(open_page):
    seed.job(seed.DEMO, "running")
    page = open_page("admin")
    page.segmented_control(key="admin-part").set_value("Jobs").run()
    press(page, "Cancel")
    assert jobs.jobs(open_store())[0].stop_asked


def test_the_page_refuses_who_does_not_run_the_instance(open_page, monkeypatch):
    monkeypatch.setattr(identity, "person_here", lambda: Person("ada@example.org", "Ada"))
    page = open_page("admin")
    assert "For who runs this instance" in text(page)
    assert not page.segmented_control
    assert not page.dataframe


def test_nothing_is_kept_before_somebody_agreed(open_page):
    page = open_page("record")
    page.session_state["_consented"] = False
    page.run()
    assert "Before you keep a sound of this room" in text(page)
    assert next(each for each in page.button if each.label == "Record").disabled
    assert next(each for each in page.button if each.label == "Keep this recording").disabled
    page = press(page, "I agree, and so do the people in the room")
    assert "Before you keep a sound" not in text(page)
