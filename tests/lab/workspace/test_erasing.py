import pytest

from lab.errors import LabError
from lab.workspace.store import edits, open_store
from lab.workspace.store.erasing import erase_project


@pytest.fixture
def store(database):
    return open_store()


def add(store, project, data):
    return store.add_clip(project.id, data, "a.wav", "alarm", "a", 1.0, 0.5)[0]


def test_everything_of_a_project_goes_and_what_others_share_stays(store):
    mine, other = store.project("Mine"), store.project("Other")
    alone, shared, hidden = (add(store, mine, data) for data in (b"alone", b"shared", b"hidden"))
    add(store, other, b"shared")
    edits.remove(store, mine.id, [hidden.id])
    assert erase_project(store, mine.id) == 2
    assert [project.name for project in store.projects()] == ["Other"]
    assert store.read_artifact(shared.sha256) == b"shared"
    for clip in (alone, hidden):
        with pytest.raises(LabError, match="gone"):
            store.read_artifact(clip.sha256)


def test_an_erased_sound_can_be_added_again(store):
    first = store.project("Mine")
    add(store, first, b"one")
    erase_project(store, first.id)
    again = add(store, store.project("Mine"), b"one")
    assert store.read_artifact(again.sha256) == b"one"
