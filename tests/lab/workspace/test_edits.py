import pytest

from lab.errors import BadInput
from lab.workspace.store import edits, open_store


@pytest.fixture
def store(database):
    return open_store()


@pytest.fixture
def project(store):
    return store.project("Kitchen")


def add(store, project, data=b"one", label="alarm"):
    return store.add_clip(project.id, data, f"{data.decode()}.wav", label, data.decode(), 1.0, 0.5)[0]


def seen(store, project):
    return {clip.name: clip.label for clip in store.clips(project.id)}


def test_labels_of_many_are_changed_and_each_gets_its_own_back(store, project):
    ids = [add(store, project, b"one").id, add(store, project, b"two", "whistle").id]
    assert edits.relabel(store, project.id, ids, "dog") == 2
    assert seen(store, project) == {"one.wav": "dog", "two.wav": "dog"}
    edit = edits.newest(store, project.id)
    assert edit.said == "2 sounds labelled “dog”."
    assert edits.undo(store, edit.id)
    assert seen(store, project) == {"one.wav": "alarm", "two.wav": "whistle"}


def test_an_edit_is_taken_back_once(store, project):
    edits.remove(store, project.id, [add(store, project).id])
    edit = edits.newest(store, project.id)
    assert edits.undo(store, edit.id)
    edits.remove(store, project.id, [store.clips(project.id)[0].id])
    assert not edits.undo(store, edit.id)
    assert seen(store, project) == {}


def test_thousands_go_in_one_edit_and_come_back(store, project):
    ids = [add(store, project, str(number).encode()).id for number in range(edits.MOST_IDS + 3)]
    assert edits.remove(store, project.id, ids) == len(ids)
    edits.undo(store, edits.newest(store, project.id).id)
    assert len(store.clips(project.id)) == len(ids)


def test_another_projects_clips_are_left_alone(store, project):
    other = store.project("Garage")
    clip = add(store, other)
    assert edits.remove(store, project.id, [clip.id]) == 0
    assert seen(store, other) == {"one.wav": "alarm"}
    assert edits.newest(store, project.id) is None


def test_a_moved_clip_keeps_its_facts_and_comes_back(store, project):
    other = store.project("Garage")
    clip = add(store, project)
    edits.move(store, project.id, [clip.id], other.id)
    (moved,) = store.clips(other.id)
    assert (moved.sha256, moved.recording_id, moved.peak) == (clip.sha256, "one", 0.5)
    assert seen(store, project) == {}
    edits.undo(store, edits.newest(store, project.id).id)
    assert (seen(store, project), seen(store, other)) == ({"one.wav": "alarm"}, {})


def test_a_move_to_where_the_sound_is_already_leaves_one_there(store, project):
    other = store.project("Garage")
    add(store, other, label="kept")
    edits.move(store, project.id, [add(store, project).id], other.id)
    assert seen(store, other) == {"one.wav": "kept"}
    edits.undo(store, edits.newest(store, project.id).id)
    assert (seen(store, project), seen(store, other)) == ({"one.wav": "alarm"}, {"one.wav": "kept"})


def test_a_move_to_the_same_project_is_refused(store, project):
    with pytest.raises(BadInput, match="choose another"):
        edits.move(store, project.id, [add(store, project).id], project.id)


def test_a_trimmed_clip_stands_in_for_the_whole_until_undone(store, project):
    clip = add(store, project)
    part = store.put_artifact("wav", "part.wav", b"on")
    fields = {name: getattr(clip, name) for name in edits.COPIED} | {"sha256": part.sha256, "seconds": 0.5}
    assert edits.replace(store, project.id, [clip.id], [fields], "trimmed") == 1
    assert [row.seconds for row in store.clips(project.id)] == [0.5]
    edits.undo(store, edits.newest(store, project.id).id)
    assert [row.seconds for row in store.clips(project.id)] == [1.0]
    edits.replace(store, project.id, [clip.id], [fields], "trimmed")  # its row is there, hidden
    assert [row.seconds for row in store.clips(project.id)] == [0.5]
