from types import SimpleNamespace

import numpy as np
import pytest

from lab.deploy.live import Hop
from lab.deploy.prepared import prepared_detector
from lab.errors import Missing
from lab.study.ear import Ear
from lab.workspace.store import open_store
from pages.ui import bundles, watching, webrtc
from tests.pages.conftest import press, text

pytestmark = pytest.mark.usefixtures("bundled")


@pytest.fixture
def hearing(monkeypatch):
    """Let the page's microphone be on, and eight seconds be heard."""
    monkeypatch.setattr(webrtc, "microphone", lambda ear, key: SimpleNamespace(playing=True, signalling=False))
    monkeypatch.setattr(Ear, "hears", property(lambda ear: True))
    sound = np.arange(128_000).astype(np.int16)
    monkeypatch.setattr(Ear, "last", lambda ear, seconds: (sound[: int(seconds * 16_000)], (Hop(200, 127, True),)))


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


def test_a_false_alarm_is_kept_as_no_alarm_and_can_be_taken_out(open_page, hearing):
    page = open_page("board")
    page.toggle(key="watch-twin").set_value(True).run()
    project = open_store().projects()[0].id
    heard = page.session_state["_listen_ear"]
    samples, _ = heard.last(watching.KEPT_S)
    kept = heard.keep(project, samples, watching.quiet_label(heard.detector), "no alarm", "corrected here")
    page.session_state[watching.KEPT] = (project, "Kept", kept.clip_id)
    page.run()
    [clip] = open_store().clips(project)
    assert (clip.label, clip.seconds) == ("not_alarm", 8.0)
    page = press(page, "Undo")
    assert list(open_store().clips(project)) == []
    assert "Taken out again" in text(page)


def test_try_it_is_the_other_half_of_the_page(open_page):
    page = open_page("board")
    page.segmented_control(key="board-part").set_value("Try it without a board").run()
    assert not page.exception
    assert "It was no alarm?" not in [each.value for each in page.subheader]
