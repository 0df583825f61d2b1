from types import SimpleNamespace

import numpy as np
import pytest

from lab.study.ear import LEFT, Ear
from lab.workspace import takes
from lab.workspace.store import open_store
from lab.workspace.takes import Take
from pages.ui import recording, webrtc
from tests.pages.conftest import labels, press, text


@pytest.fixture
def switch(monkeypatch):
    """Stand in for streamlit-webrtc, which needs a browser."""
    state = SimpleNamespace(playing=False, signalling=False)
    monkeypatch.setattr(webrtc, "microphone", lambda ear, key: state)
    return state


@pytest.fixture
def hearing(switch, monkeypatch):
    """Let the microphone be on and sound come."""
    switch.playing = True
    monkeypatch.setattr(Ear, "hears", property(lambda ear: True))
    return switch


def test_an_idle_page_says_where_sound_goes_and_waits_for_the_microphone(open_page, switch):
    page = open_page("record")
    assert "nowhere else" in text(page)
    assert "Turn the microphone on first." in text(page)
    assert next(each for each in page.button if each.label == "Record").disabled


def test_record_starts_a_take_and_offers_to_stop_it(open_page, hearing):
    page = press(open_page("record"), "Record")
    assert "Stop" in labels(page)
    assert "0 clips saved so far" in text(page)
    ear = page.session_state["_record_ear"]
    assert ear.take.label == "alarm"
    press(page, "Stop")
    assert ear.take is None


def test_saved_clips_are_listed_with_what_must_be_told_of_them(open_page, hearing):
    page = open_page("record")
    ear = page.session_state["_record_ear"]
    ear.keep(open_store().projects()[0].id, np.arange(16_000, dtype=np.int16), "alarm", "kitchen", "recorded here")
    page.run()
    assert "Saved: 1 clip, 16 kHz, mono, 16 bit." in text(page)
    assert "kitchen.wav" in text(page)


def test_an_interrupted_take_is_told_until_somebody_has_read_it(open_page, switch):
    store = open_store()
    project = store.project("My first detector").id
    takes.interrupt(store.config, Take("take-1", project, "alarm", 0.0, 2, 6.0, 7.5), LEFT)
    page = open_page("record")
    assert "2 clips (6.0 s) labelled “alarm” are saved; about 1.5 s were not yet cut and are lost." in text(page)
    page = press(page, "I see")
    assert "interrupted" not in text(page)


def test_a_connection_that_never_comes_offers_the_other_way_with_the_reason(open_page, switch, monkeypatch):
    monkeypatch.setattr(recording.live, "HANDSHAKE_S", -1.0)
    switch.signalling = True
    page = open_page("record")
    page.run()
    assert "did not reach each other by WebRTC" in text(page)
    assert "LAB_TURN_URL" in text(page)


def test_a_problem_of_the_take_is_shown(open_page, switch):
    page = open_page("record")
    page.session_state["_record_ear"].problem = "The disk is full: nothing was saved."
    page.run()
    assert "The disk is full" in text(page)


@pytest.mark.parametrize(
    ("url", "fine"),
    [
        ("http://localhost:8501/record", True),
        ("http://127.0.0.1:8501/record", True),
        ("https://lab.school/record", True),
        ("http://192.168.1.20:8501/record", False),
        ("http://lab.school/record", False),
    ],
)
def test_an_address_without_a_microphone_is_explained(url, fine):
    problem = webrtc.origin_problem(url)
    assert (problem is None) == fine
    assert fine or "https" in problem
    assert fine or (":8501" in url) == (":8501." in problem)  # the very address to open instead


def test_an_address_without_a_microphone_asks_for_no_consent_and_names_the_other_way(open_page, monkeypatch):
    monkeypatch.setattr(webrtc, "origin", lambda: webrtc.origin_problem("http://lab.school/record"))
    page = open_page("record")
    assert "add the file on Sounds" in text(page)
    assert "nowhere else" not in text(page)
    assert "Record" not in labels(page)


def test_a_microphone_that_is_on_and_brings_no_sound_yet_is_not_called_off(open_page, switch):
    switch.signalling = True
    page = open_page("record")
    assert "Waits until sound comes." in text(page)
    heard = page.session_state["_record_ear"]
    assert recording.status(heard, True) == "Connecting: no sound has come yet."
    assert recording.status(heard, False) == "The microphone is off."


def test_the_same_sound_twice_is_told_and_counted_once(open_page, hearing):
    page = open_page("record")
    ear, project = page.session_state["_record_ear"], open_store().projects()[0].id
    for _ in range(2):
        ear.keep(project, np.arange(16_000, dtype=np.int16), "alarm", "kitchen", "recorded here")
    page.run()
    assert "Saved: 1 clip, 16 kHz, mono, 16 bit. 1 more had been here already" in text(page)
    assert "The same sound was here already." in text(page)
