from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from lab.deploy.events import EventRule
from lab.deploy.live import Hop
from lab.deploy.prepared import prepared_detector
from lab.deploy.twin import Twin
from lab.sound import synth
from lab.study.ear import Ear
from lab.workspace import jobs
from lab.workspace.context import run_inline
from lab.workspace.store import open_store
from pages.ui import listening, telling, webrtc
from pages.ui.detectors import Choice
from tests.pages import seed
from tests.pages.conftest import press, text

REPORT = {
    "seconds": 4.2, "weights": 11_297, "held_out": {
        "alarms of other makers": {"windows": 250, "before": 0.864, "after": 0.912},
        "your sounds, held back": {"windows": 0, "before": None, "after": None},
    },
}  # fmt: skip


@pytest.fixture
def switch(monkeypatch):
    """Stand in for streamlit-webrtc, which needs a browser."""
    state = SimpleNamespace(playing=False, signalling=False)
    monkeypatch.setattr(webrtc, "microphone", lambda ear, key: state)
    return state


@pytest.fixture
def hearing(switch, monkeypatch):
    """Let the microphone be on and four seconds of a wrong alarm be heard."""
    switch.playing = True
    monkeypatch.setattr(Ear, "hears", property(lambda ear: True))
    sound, hops = np.arange(64_000).astype(np.int16), (Hop(200, 127, True),)
    monkeypatch.setattr(Ear, "last", lambda ear, seconds: (sound, hops))
    return switch


def test_the_prepared_detector_listens_at_first(open_page, switch):
    page = open_page("listen")
    assert page.session_state["_listen_ear"].detector == prepared_detector()
    assert next(each for each in page.button if each.label == "That was wrong").disabled
    assert next(each for each in page.button if each.label == "Teach it").disabled


def test_what_was_wrong_is_kept_the_other_way_round_and_can_be_taken_out(open_page, hearing):
    page = press(open_page("listen"), "That was wrong")
    store = open_store()
    project = store.projects()[0].id
    (clip,) = store.clips(project)
    assert (clip.label, clip.seconds) == ("not_alarm", 4.0)
    assert "Kept the last 4.0 s as **not_alarm**" in text(page)
    page = press(page, "Undo")
    assert list(store.clips(project)) == []


def test_a_t3_is_called_by_its_name_once_its_rhythm_is_complete():
    detector = prepared_detector()
    heard = Twin(detector).hear(synth.test_alarm("t3", 10.0, -20.0))
    decisions = zip(heard.codes.tolist(), heard.beats.tolist(), strict=True)
    hops = [Hop(number, code, True, beat) for number, (code, beat) in enumerate(decisions, 32)]
    assert not telling.is_t3(hops[:60], detector)
    assert telling.is_t3(hops, detector)
    assert not telling.is_t3([replace(hop, beat=False) for hop in hops], detector), "a tone that stays has no rhythm"
    assert not telling.is_t3([replace(hop, code=-128) for hop in hops], detector), "nothing sounded like an alarm"


def test_a_tone_that_is_no_event_yet_is_waited_for_where_a_rhythm_is_asked():
    detector = prepared_detector()
    quiet, sure = [Hop(number, -128, False) for number in range(60)], [Hop(60 + n, 110, False) for n in range(3)]
    assert telling.waits([*quiet, *sure], detector)
    assert not telling.waits([*quiet, *sure[:2]], detector)
    assert not telling.waits([*sure, *quiet], detector), "that was long ago"
    assert not telling.waits([*quiet, *sure], replace(detector, rule=EventRule())), "its rule asks for no rhythm"


def test_who_listens_is_said_by_name():
    made = prepared_detector()
    assert telling.who(Choice("", ""), made).startswith(
        "The prepared detector listens, on the same code the board runs."
    )
    assert telling.who(Choice("", "5f"), replace(made, name="Kettle")).startswith("“Kettle” listens")


def test_silence_of_the_detector_was_wrong_about_an_alarm():
    quiet = [Hop(1, -128, False), Hop(2, -90, False)]
    assert listening.wrong_label(prepared_detector(), quiet) == "alarm"


def test_a_lesson_is_submitted_with_project_and_detector(open_page, hearing, submitted):
    page = press(press(open_page("listen"), "That was wrong"), "Teach it")
    assert submitted
    assert "Waiting for the worker" in str([each.proto for each in page.get("progress")])


def test_a_second_press_asks_for_no_second_lesson(open_page, hearing, submitted):
    page = press(press(press(open_page("listen"), "That was wrong"), "Teach it"), "Teach it")
    project = open_store().projects()[0].id
    (row,) = jobs.jobs(open_store(), project)
    jobs.cancel(open_store(), row.id)
    press(page, "Teach it")
    assert [each.state for each in jobs.jobs(open_store(), project)] == ["queued", "cancelled"]


def test_a_lesson_is_prepared_once_while_somebody_listens(open_page, hearing, submitted):
    listening._get_ready.clear()
    for _ in range(2):
        open_page("listen")
    rows = jobs.jobs(open_store())
    assert [row.task for row in rows] == [listening.GET_READY] * open_store().config.workers
    assert run_inline(rows[0].task, rows[0].args, open_store().config) == {}


def test_before_and_after_are_shown_and_the_taught_detector_listens(open_page, switch):
    taught = seed.detector("Kitchen alarm, taught")
    made = prepared_detector()
    sha = seed.artifact("taught.detector", replace(made, name=taught.name).to_bytes())
    seed.job(listening.TEACH, result={**REPORT, "detector": sha, "artifacts": {"taught.detector": sha}})
    open_store().save_run(seed.project().id, "teach", taught.name, REPORT, {"taught.detector": sha})
    page = open_page("listen")
    assert "86.4 %" in text(page)
    assert "91.2 %" in text(page)
    assert "your sounds, held back" not in text(page)
    assert page.session_state["_listen_ear"].detector.name == "Kitchen alarm, taught"


def test_a_failed_lesson_says_why(open_page, switch):
    seed.job(listening.TEACH, "failed", error="Only a detector that ends in dense layers can be taught.")
    assert "Only a detector that ends in dense layers" in text(open_page("listen"))


def test_a_test_alarm_is_played_softly(open_page, switch):
    page = press(open_page("listen"), "Play a test alarm")
    assert page.get("audio")
    assert "Played softly" in text(page)
