"""In a real browser with a file at its microphone: what is recorded, and what becomes of it when things go wrong."""

import shutil
import subprocess

import numpy as np
import pytest

from lab.sound import synth
from lab.workspace.settings import settings
from lab.workspace.store import Store
from tests.e2e.microphone import (
    CHROMIUM,
    browser,
    edges_s,
    served,
    switch,
    sync_api,
    tone_hz,
    turn_on,
    write_wav,
)
from tests.servers import free_port

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium")
TONE_HZ = 3_150.0
BIN_HZ = 16_000 / 256
KEEP_STREAM = """
const ask = navigator.mediaDevices?.getUserMedia?.bind(navigator.mediaDevices);
if (ask) navigator.mediaDevices.getUserMedia = async (what) => (window.heldStream = await ask(what));
"""
RELAY_ONLY = """
const Plain = window.RTCPeerConnection;
window.RTCPeerConnection = function (config, ...more) {
  return new Plain({ ...config, iceTransportPolicy: "relay" }, ...more);
};
window.RTCPeerConnection.prototype = Plain.prototype;
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("recording")


@pytest.fixture(scope="module")
def address(home):
    with served(home) as (url, _):
        yield url


@pytest.fixture(scope="module")
def tools():
    with sync_api.sync_playwright() as opened:
        yield opened


@pytest.fixture(scope="module")
def wav(tmp_path_factory):
    """A T3 alarm, longer than any test: where Chromium plays a file again, 30 ms are too much."""
    return write_wav(tmp_path_factory.mktemp("wav") / "t3.wav", synth.test_alarm("t3", 60.0, -14.0))


@pytest.fixture
def store(home, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(home))
    return Store(settings())


def open_record(opened, address, project):
    page = opened.new_page()
    page.set_default_timeout(30_000)
    page.add_init_script(KEEP_STREAM)
    page.goto(f"{address}/record?project={project}")
    page.get_by_role("heading", name="Record", exact=True).wait_for()
    page.get_by_role("button", name="I agree").click()
    return page


def clips_of(store, project):
    return store.clips(store.project(project).id)


def start_take(page, seconds):
    """Start a take that is cut into clips of so many seconds."""
    page.get_by_text("Records 3 s.").wait_for()  # the page itself knows that sound comes
    page.get_by_text("A take, cut into clips").click()
    page.get_by_text("Records until you stop").wait_for()
    slider = page.get_by_role("slider", name="Length of a clip")
    for _ in range(3 - seconds):
        slider.press("ArrowLeft")
    page.get_by_text(f"saves a clip each {seconds} s").wait_for()
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_role("button", name="Stop", exact=True).wait_for()


def sound_of(store, clips):
    from lab.sound.files import read_clip

    return np.concatenate([read_clip(store.read_artifact(clip.sha256))[0].samples for clip in clips])


def test_a_take_has_the_tone_and_the_rhythm_that_were_played(tools, address, wav, store):
    store.project("rhythm")
    with browser(tools, wav) as opened:
        page = open_record(opened, address, "rhythm")
        turn_on(page)
        start_take(page, 2)
        page.get_by_text("4 clips saved so far").wait_for()
        page.get_by_text("of the sound received").first.wait_for()
        said = page.locator(".live .status").inner_text()
        page.get_by_role("button", name="Stop", exact=True).click()
        page.get_by_role("button", name="Record", exact=True).wait_for()
    share = float(said.split(" % of the sound")[0].split("·")[-1])
    clips = clips_of(store, "rhythm")[:4]
    samples = sound_of(store, clips)
    spacing = np.diff(edges_s(samples))
    assert share >= 99.8
    assert "no gap" in said
    assert {clip.label for clip in clips} == {"alarm"}
    assert len({clip.recording_id for clip in clips}) == 1
    assert abs(tone_hz(samples) - TONE_HZ) <= BIN_HZ
    assert len(spacing) >= 8
    nearest = np.array([0.5, 1.5])[np.abs(spacing[:, None] - [0.5, 1.5]).argmin(axis=1)]
    assert np.abs(spacing - nearest).max() <= 0.020, spacing


def test_a_reload_in_mid_take_loses_only_what_was_not_cut_and_says_so(tools, address, wav, store):
    store.project("reload")
    with browser(tools, wav) as opened:
        page = open_record(opened, address, "reload")
        turn_on(page)
        start_take(page, 1)
        page.get_by_text("3 clips saved so far").wait_for()
        page.reload()
        page.get_by_text("A take was interrupted").wait_for()
        told = page.get_by_text("A take was interrupted").inner_text()
        page.get_by_role("button", name="I see").click()
        page.get_by_text("A take was interrupted").wait_for(state="detached")
    clips = clips_of(store, "reload")
    assert len(clips) >= 3
    assert f"{len(clips)} clips" in told
    assert "not yet cut" in told or "nothing is lost" in told
    assert len(sound_of(store, clips)) == 16_000 * len(clips)


def test_a_microphone_unplugged_in_mid_take_is_told_and_its_clips_stay(tools, address, wav, store):
    store.project("unplugged")
    with browser(tools, wav) as opened:
        page = open_record(opened, address, "unplugged")
        turn_on(page)
        start_take(page, 1)
        page.get_by_text("2 clips saved so far").wait_for()
        frame = next(each for each in page.frames if each.evaluate("Boolean(window.heldStream)"))
        frame.evaluate("""for (const track of heldStream.getTracks()) {
            track.stop(); track.dispatchEvent(new Event('ended')); }""")
        page.get_by_text("The microphone stopped sending.").first.wait_for()
    assert len(clips_of(store, "unplugged")) >= 2


def test_a_refused_microphone_is_explained(tools, address, wav):
    with browser(tools, wav, allowed=False) as opened:
        page = open_record(opened, address, "refused")
        switch(page).get_by_role("button", name="Turn the microphone on").click()
        page.get_by_text("The browser refused the microphone").wait_for()
        page.get_by_text("Record without WebRTC").wait_for()


def test_a_killed_app_loses_no_clip_that_it_had_confirmed(tools, wav, tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    Store(settings()).project("killed")
    with browser(tools, wav) as opened:
        with served(tmp_path) as (url, server):
            page = open_record(opened, url, "killed")
            turn_on(page)
            start_take(page, 1)
            page.get_by_text("2 clips saved so far").wait_for()
            server.kill()
        with served(tmp_path) as (url, _):
            page = open_record(opened, url, "killed")
            page.get_by_text("A take was interrupted").wait_for()
            told = page.get_by_text("A take was interrupted").inner_text()
    store = Store(settings())
    clips = clips_of(store, "killed")
    assert len(clips) >= 2
    assert len(sound_of(store, clips)) == 16_000 * len(clips)
    assert "The lab was stopped." in told


@pytest.mark.skipif(not shutil.which("turnserver"), reason="no coturn (apt-get install coturn)")
def test_sound_comes_through_a_relay_and_nothing_else(tools, wav, tmp_path, monkeypatch):
    port = free_port()
    relay = subprocess.Popen(
        ["turnserver", "-n", "--listening-ip=127.0.0.1", "--relay-ip=127.0.0.1", f"--listening-port={port}",
         "--lt-cred-mech", "--user=lab:secret", "--realm=lab", "--allow-loopback-peers", "--no-tls", "--no-dtls",
         "--no-cli", "--verbose", "--simple-log", f"--pidfile={tmp_path / 'turn.pid'}",
         f"--log-file={tmp_path / 'turn.log'}"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    given = {
        "LAB_TURN_URL": f"turn:127.0.0.1:{port}?transport=udp",
        "LAB_TURN_USER": "lab",
        "LAB_TURN_SECRET": "secret",
    }
    try:
        with served(tmp_path / "home", **given) as (url, _), browser(tools, wav) as opened:
            page = opened.new_page()
            page.add_init_script(RELAY_ONLY)
            page.goto(f"{url}/record")
            turn_on(page)
            page.get_by_text("of the sound received").first.wait_for()
    finally:
        relay.terminate()
        relay.wait(10)
    assert "ALLOCATE processed, success" in (tmp_path / "turn.log").read_text()
