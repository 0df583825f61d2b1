import os
import time

from lab.workspace import takes
from lab.workspace.settings import ice_servers, settings
from lab.workspace.takes import Take

TAKE = Take("take-1", 7, "alarm", 0.0, 2, 4.0, 5.5)


def test_a_take_that_is_being_recorded_is_not_told_as_interrupted():
    takes.note(settings(), TAKE)
    assert takes.noted(settings(), 7)
    assert takes.interrupted(settings(), 7) == []


def test_a_take_that_nobody_follows_any_more_was_interrupted():
    takes.note(settings(), TAKE)
    (path,) = (settings().home / "takes").iterdir()
    long_ago = time.time() - 2 * takes.ALIVE_S
    os.utime(path, (long_ago, long_ago))
    assert takes.interrupted(settings(), 7) == [TAKE]
    assert TAKE.lost_s == 1.5
    assert takes.interrupted(settings(), 8) == []


def test_a_damaged_note_is_passed_over():
    takes.note(settings(), TAKE)
    (path,) = (settings().home / "takes").iterdir()
    path.write_text("{half")
    assert takes.interrupted(settings(), 7) == []


def test_no_server_outside_is_asked_unless_a_setting_names_one(monkeypatch):
    monkeypatch.delenv("LAB_TURN_URL", raising=False)
    assert ice_servers() == []


def test_only_relays_get_the_secret(monkeypatch):
    monkeypatch.setenv("LAB_TURN_URL", "turn:relay:3478, stun:other:3478")
    monkeypatch.setenv("LAB_TURN_USER", "lab")
    monkeypatch.setenv("LAB_TURN_SECRET", "word")
    assert ice_servers() == [
        {"urls": "turn:relay:3478", "username": "lab", "credential": "word"},
        {"urls": "stun:other:3478"},
    ]
