"""In a real browser with a T3 alarm at its microphone: heard, drawn in time, corrected and taught."""

import time

import pytest

from lab.sound import synth
from lab.workspace import jobs
from lab.workspace.daemon import stop_worker
from lab.workspace.settings import settings
from lab.workspace.store import Store
from tests.e2e.microphone import CHROMIUM, TimeoutError_, browser, served, sync_api, turn_on, write_wav

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium")
BEHIND_MS = 1_000
"""A picture further behind no longer follows the sound; `pytest -s` prints how far behind it is on this machine."""
TAP = """
const ask = navigator.mediaDevices?.getUserMedia?.bind(navigator.mediaDevices);
if (ask) navigator.mediaDevices.getUserMedia = async (what) => {
  const stream = await ask(what);
  const context = new AudioContext();
  const ear = context.createAnalyser();
  ear.fftSize = 256;
  context.createMediaStreamSource(stream).connect(ear);
  const part = new Float32Array(256);
  top.played ??= [];
  let loud = false;
  setInterval(() => {
    ear.getFloatTimeDomainData(part);
    const now = part.some((value) => Math.abs(value) > 0.03);
    if (now && !loud) top.played.push(Date.now());
    loud = now;
  }, 4);
  return stream;
};
"""
WATCH = """() => {
  const root = [...document.querySelectorAll("*")].map((e) => e.shadowRoot?.querySelector(".live")).find(Boolean);
  window.drawn = { level: [], event: [] };
  let loud = true, event = 1;
  new MutationObserver(() => {
    const now = Number(root.dataset.level) > -30, on = Number(root.dataset.event);
    if (now && !loud) drawn.level.push(Date.now());
    if (on && !event) drawn.event.push(Date.now());
    loud = now;
    event = on;
  }).observe(root, { attributes: true, attributeFilter: ["data-hop"] });
}"""


def press_until(page, button, words, tries=3):
    """Press a button until words appear: a press while the page is drawn anew may go nowhere."""
    for _ in range(tries):
        page.get_by_role("button", name=button).click()
        try:
            page.get_by_text(words).wait_for(timeout=20_000)
        except TimeoutError_:
            continue
        return
    raise AssertionError(f"{button} never led to {words!r}: {page.inner_text('.stMainBlockContainer')}")


def prepared():
    """Wait until the worker is ready for a lesson."""
    deadline = time.monotonic() + 60
    while any(row.state in jobs.OPEN_STATES for row in jobs.jobs(Store(settings()))):
        assert time.monotonic() < deadline
        time.sleep(0.5)


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("listening")


def test_an_alarm_is_drawn_in_time_corrected_and_taught(home, tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(home))
    wav = write_wav(tmp_path / "t3.wav", synth.test_alarm("t3", 120.0, -14.0))
    try:
        with served(home) as (url, _), sync_api.sync_playwright() as tools, browser(tools, wav) as opened:
            page = opened.new_page()
            page.set_default_timeout(60_000)
            page.add_init_script(TAP)
            page.goto(f"{url}/listen")
            turn_on(page)
            page.evaluate(WATCH)
            page.get_by_text("T3 alarm heard after").wait_for()
            page.wait_for_function("drawn.level.length >= 5")
            lags = page.evaluate("""() => drawn.level.map((at) =>
              at - Math.max(...played.filter((start) => start <= at)))""")
            page.get_by_role("button", name="I agree").click()
            page.get_by_role("button", name="Play a test alarm").click()
            page.locator("audio").first.wait_for(state="attached")
            press_until(page, "That was wrong", "Kept the last 4.0 s")
            prepared()  # whoever corrects it has listened for so long
            page.get_by_role("button", name="Teach it").click()
            pressed = time.monotonic()
            page.get_by_role("heading", name="Before and after").wait_for(timeout=120_000)
            taught_after = time.monotonic() - pressed
            page.get_by_text("taught", exact=False).first.wait_for()
    finally:
        stop_worker(settings())
    print("drawn after, ms:", sorted(lags))
    print(f"taught after: {taught_after:.1f} s")
    assert max(lags) < BEHIND_MS, lags
    store = Store(settings())
    project = store.projects()[0].id
    (clip,) = store.clips(project)
    assert (clip.label, clip.seconds) == ("not_alarm", pytest.approx(4.0, abs=0.05))
    for row in jobs.jobs(store):
        print(row.task, row.state, row.attempts, row.created, row.started, row.finished)
    (run,) = store.runs(project, "teach")
    print(f"the lesson itself: {run.data['seconds']} s")
    assert run.data["seconds"] > 0
    assert run.data["held_out"]["the sounds it was taught"]["windows"] > 0
