import pytest

from lab.workspace.store import open_store, shelf
from lab.workspace.store.shelf import Search


@pytest.fixture
def store(database):
    return open_store()


@pytest.fixture
def project(store):
    found = store.project("Kitchen")
    for number, (name, label, seconds, peak) in enumerate(
        [("b 100%.wav", "alarm", 2.0, 0.5), ("A.wav", "alarm", 0.5, 0.9), ("c.wav", "", 3.0, 0.0)]
    ):
        store.add_clip(
            found.id, bytes([number]), name, label, f"take {number}", seconds, peak, licence="CC BY", notes=["Mixed."]
        )
    return found


def names(store, project, **asked):
    return [clip.name for clip in shelf.page(store, project.id, Search(**asked), 0, 10)[0]]


def test_a_page_is_a_part_of_what_is_found_and_tells_how_many_there_are(store, project):
    clips, total = shelf.page(store, project.id, Search(sort="name"), 1, 1)
    assert ([clip.name for clip in clips], total) == (["b 100%.wav"], 3)


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, ["b 100%.wav", "A.wav", "c.wav"]),
        ({"sort": "name"}, ["A.wav", "b 100%.wav", "c.wav"]),
        ({"sort": "length", "descending": True}, ["c.wav", "b 100%.wav", "A.wav"]),
        ({"labels": ("",)}, ["c.wav"]),
        ({"text": "100%"}, ["b 100%.wav"]),
        ({"text": "%"}, ["b 100%.wav"]),
        ({"text": "cc by"}, ["b 100%.wav", "A.wav", "c.wav"]),
        ({"text": "mixed"}, ["b 100%.wav", "A.wav", "c.wav"]),
        ({"text": "'; DROP TABLE clips; --"}, []),
        ({"warnings": ("silent", "too short")}, ["A.wav", "c.wav"]),
    ],
)
def test_searches_find_what_they_say_in_their_order(store, project, asked, expected):
    assert names(store, project, **asked) == expected


def test_facts_count_what_is_there_and_not_what_was_deleted(store, project):
    store.delete_clips(shelf.found_ids(store, project.id, Search(text="b 100")))
    assert shelf.facts(store, project.id) == shelf.Facts(2, 3.5, 2, {"silent": 1, "too short": 1})
