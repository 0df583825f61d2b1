import json

import pytest

from lab.study import guide
from lab.workspace import jobs, workshop
from lab.workspace.store import Job, now, open_store
from lab.workspace.workshop import clearing, places
from lab.workspace.workshop.tries import Tries
from tests.pages.seed import tone_wav


@pytest.fixture
def store(database):
    return open_store()


def settled(store, name="Otter"):
    """Let somebody join and make a project with a sound, a lesson and an artifact of its own."""
    room = workshop.begin(store.config.home)
    person = places.who(store, room, workshop.join(store, room, room.code, name, "", Tries()))
    project = store.project("Mine", person.id)
    store.add_clip(project.id, tone_wav(1.0 + len(name) / 10), "a.wav", "alarm", "a", 1.0, 0.5)
    made = store.put_artifact("detector", "taught.detector", name.encode() * 100).sha256
    store.save_run(project.id, "teach", "Taught", {}, {"taught.detector": made})
    row = jobs.submit(store, "lab.study.tasks:teach", {"detector": made}, project.id, person.id)
    with store.session() as session:
        session.get(Job, row.id).state = jobs.DONE
        session.get(Job, row.id).finished = now()
    guide.mark(store, person.id, guide.HEARD)
    return person, project, made


def test_every_place_goes_with_its_files_and_the_leaders_own_project_stays(store):
    own = store.project("Leader's")
    store.add_clip(own.id, tone_wav(0.7), "own.wav", "alarm", "own", 0.7, 0.5)
    kept = store.files.paths()
    for name in ("Otter", "Mole"):
        settled(store, name)
    told = clearing.reset(store)
    assert (told.people, told.projects, told.files) == (2, 2, 4)
    assert store.files.paths() == kept
    assert [each.name for each in store.projects()] == ["Leader's"]
    assert workshop.places_of(store) == []
    assert jobs.jobs(store) == []


def test_a_reset_place_opens_nothing_any_more(store):
    room = workshop.begin(store.config.home)
    key = workshop.join(store, room, room.code, "", "", Tries())
    clearing.reset(store)
    assert places.who(store, room, key) is None


def test_a_file_that_others_hold_too_stays(store):
    _, _, made = settled(store)
    mine = store.project("Leader's")
    store.save_run(mine.id, "teach", "The same", {}, {"taught.detector": made})
    clearing.reset(store)
    assert store.read_artifact(made) == b"Otter" * 100


def test_trainings_of_a_place_are_forgotten_so_that_none_names_a_file_that_is_gone(store):
    _, _, made = settled(store)
    weights = store.put_artifact("weights", "w.npz", b"weights").sha256
    store.files.name("nodes/a.json", json.dumps({"files": {"tflite": made, "weights": weights}}).encode())
    store.files.name("nodes/b.json", json.dumps({"files": {}}).encode())
    clearing.reset(store)
    assert store.files.paths() == ["nodes/b.json"]


def test_work_that_still_waits_is_called_off_first(store, monkeypatch):
    person, project, _ = settled(store)
    row = jobs.submit(store, "lab.study.tasks:teach", {}, project.id, person.id)
    asked = []
    monkeypatch.setattr(
        clearing, "erase_project", lambda store, number: asked.append(jobs.job(store, row.id).state) or 0
    )
    clearing.reset(store)
    assert asked == [jobs.CANCELLED]
