from types import SimpleNamespace

import numpy as np
import pytest
import streamlit as st

from lab.deploy.live import Hop
from lab.deploy.prepared import prepared_detector
from lab.errors import Missing
from lab.study.ear import Ear
from lab.workspace import jobs
from lab.workspace.store import open_store
from pages.ui import bundles, flashing, usb, watching, webrtc
from tests.pages import seed
from tests.pages.conftest import press, text

pytestmark = pytest.mark.usefixtures("bundled")


@pytest.fixture
def hearing(monkeypatch):
    """Let the page's microphone be on, and eight seconds be heard."""
    monkeypatch.setattr(webrtc, "microphone", lambda ear, key: SimpleNamespace(playing=True, signalling=False))
    monkeypatch.setattr(Ear, "hears", property(lambda ear: True))
    sound = np.arange(128_000).astype(np.int16)
    monkeypatch.setattr(
        Ear, "last", lambda ear, seconds, ago_s=0.0: (_part(sound, seconds, ago_s), (Hop(200, 127, True),))
    )


def _part(sound, seconds, ago_s):
    end = max(0, len(sound) - round(ago_s * 16_000))
    return sound[max(0, end - round(seconds * 16_000)) : end]


@pytest.fixture
def told(monkeypatch):
    """Let the page's monitor tell of presses: what is put in the list, at every run, as a browser repeats its state."""
    said = []

    def component(key, on_wrong_change, **more):
        st.session_state[key] = {"wrong": said}
        on_wrong_change()

    monkeypatch.setattr(watching, "_component", lambda: component)
    return said


def press_of(at, began_s, ended_s=0.0):
    return {"at": at, "began_s": began_s, "ended_s": ended_s}


def test_the_monitor_and_the_way_from_a_false_alarm_are_there_at_first(open_page):
    page = open_page("board")
    assert "It was no alarm?" in [each.value for each in page.subheader]
    assert page.toggle(key="watch-twin").value is False
    assert "0 labelled sounds" in text(page)


def test_without_a_bundle_the_page_says_what_is_missing(open_page, monkeypatch):
    def missing(name):
        raise Missing("The browser's parts cannot be bundled: esbuild is missing. Run `make setup`.")

    monkeypatch.setattr(bundles, "component", missing)
    assert "esbuild is missing" in next(each.value for each in open_page("board").error)


def test_the_twin_hears_when_it_is_asked_to(open_page, hearing):
    page = open_page("board")
    page.toggle(key="watch-twin").set_value(True).run()
    assert not page.exception
    assert page.session_state["_listen_ear"].hears
    sent = watching._twin_hops(page.session_state["_listen_ear"])
    assert sent == {"stream": 1, "hops": [], "model": prepared_detector().model_sha256}


def test_the_sound_of_a_false_alarm_is_kept_once_and_can_be_taken_out(open_page, hearing, told):
    page = open_page("board")
    page.toggle(key="watch-twin").set_value(True).run()
    told.append(press_of(1_000.0, 3.0, 1.0))
    page = page.run().run()
    [clip] = open_store().clips(open_store().projects()[0].id)
    assert (clip.label, clip.seconds) == ("not_alarm", 6.0)  # four before it began, two of itself
    assert "Kept 6.0 s of it as **not_alarm**" in text(page)
    assert {"Teach it", "then flash it"} <= {link.label for link in page.get("page_link")}
    page = press(page, "Undo")
    assert list(open_store().clips(clip.project_id)) == []
    assert "Taken out again" in text(page)


def test_each_of_several_presses_is_kept(open_page, hearing, told):
    page = open_page("board")
    page.toggle(key="watch-twin").set_value(True).run()
    told += [press_of(1.0, 3.0), press_of(2.0, 90.0, 80.0), press_of(3.0, 9.0, 0.5)]
    page = page.run()
    sounds = [clip.seconds for clip in open_store().clips(open_store().projects()[0].id)]
    assert sounds == [7.0, 5.0]  # eight seconds were heard: nothing of the second, half of the third


def test_without_a_twin_nothing_is_kept_and_the_page_says_why(open_page, told):
    told.append(press_of(1.0, 3.0))
    assert "Nothing was kept: the twin was off." in text(open_page("board"))


@pytest.mark.parametrize(
    "said",
    [None, 7, "wrong", [None, 3, {}], [press_of("1", 1.0)], [press_of(1, -1.0)], [press_of(1, 1.0, 2.0)],
     [press_of(float("nan"), 1.0)], [press_of(1, float("inf"))], [press_of(True, 1.0)]],
)  # fmt: skip
def test_what_is_no_press_is_left_out(said):
    assert watching.presses(said) == []


def test_the_newest_detector_and_micnode_are_compiled_and_flashed_from_here(open_page, monkeypatch):
    offered = []
    monkeypatch.setattr(usb, "_component", lambda: lambda data, **more: offered.append(data))
    sha = seed.finetune_done()
    page = press(open_page("board", "mend-flash"), "Compile Kitchen alarm")
    row = jobs.jobs(open_store())[0]
    assert (row.task, row.args["board"]) == (seed.COMPILE, "pico")
    assert next(button for button in page.button if button.label == "Build MicNode").disabled
    files = {"usb_microphone_pico.uf2": seed.artifact("a.uf2", b"microphone")}
    seed.job(flashing.APP, args={"app": "usb_microphone", "board": "pico"}, result={"artifacts": files})
    seed.compile_done(sha)
    page = page.run()
    names = [each["name"].split(" ·")[0] for each in offered[-1]["firmware"]]
    assert names == ["Kitchen alarm", "MicNode on Raspberry Pi Pico"]
    assert not {"Build MicNode", "Compile Kitchen alarm"} & {button.label for button in page.button}


def test_try_it_is_the_other_half_of_the_page(open_page):
    page = open_page("board")
    page.segmented_control(key="board-part").set_value("Try it without a board").run()
    assert not page.exception
    assert "It was no alarm?" not in [each.value for each in page.subheader]
