"""In a real browser, the virtual board runs the very .uf2: heard, lit, equal to the twin, replayed, live."""

import json

import numpy as np
import pytest

from lab.deploy import emulator
from lab.deploy.build import build_firmware
from lab.deploy.prepared import prepared_detector
from lab.deploy.twin import Twin
from lab.sound import synth
from lab.workspace import jobs
from lab.workspace.settings import settings
from lab.workspace.store import open_store
from pages.ui import flashing, trying
from tests.e2e.microphone import CHROMIUM, browser, served, sync_api, write_wav

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium")
PROJECT = "Kitchen"
BENCH = "() => [...document.querySelectorAll('*')].map((e) => e.shadowRoot?.querySelector('.try')).find(Boolean)"


@pytest.fixture(scope="module")
def firmware(tmp_path_factory, virtual_board):
    """Return the prepared detector's .uf2."""
    return build_firmware(prepared_detector(), "pico", tmp_path_factory.mktemp("try")).file("uf2").read_bytes()


@pytest.fixture
def home(firmware, tmp_path, monkeypatch):
    """Return a LAB_HOME in which the prepared detector was compiled, as its Firmware page does it."""
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    store = open_store(settings())
    project = store.project(PROJECT)
    detector = store.put_artifact("detector", "prepared.detector", prepared_detector().to_bytes()).sha256
    uf2 = store.put_artifact("uf2", "fire_alarm.uf2", firmware).sha256
    job = jobs.submit(store, flashing.COMPILE, {"detector": detector, "board": "pico"}, project.id)
    with store.session() as session:
        row = session.get(type(job), job.id)
        row.state, row.result = jobs.DONE, {"artifacts": {"fire_alarm.uf2": uf2}}
    return tmp_path / "home"


def until(page, condition, timeout_ms=60_000):
    """Wait for a condition over the bench's element b."""
    page.wait_for_function(f"() => {{ const b = ({BENCH})(); return b && ({condition}); }}", timeout=timeout_ms)


def test_the_virtual_board_hears_what_a_board_would(home, firmware, tmp_path):
    alarm = synth.test_alarm("t3", trying.ALARM_S, trying.ALARM_DB)
    wav = write_wav(tmp_path / "t3.wav", np.concatenate([alarm, alarm]))
    with served(home) as (url, _), sync_api.sync_playwright() as tools, browser(tools, wav) as chromium:
        page = chromium.new_page()
        harm = []
        page.on("pageerror", lambda error: harm.append(str(error)))
        page.goto(f"{url}/board?project={PROJECT}")
        page.get_by_text("Try it without a board").click()
        page.locator(".try .run").wait_for(timeout=60_000)
        hears_and_lights(page)
        is_equal_to_the_command_line(page, firmware, alarm)
        is_replayed(page)
        is_paused_and_asked(page)
        hears_the_microphone(page)
        assert harm == []


def hears_and_lights(page):
    page.locator(".quick").check()
    page.locator(".run").click()
    until(page, "Number(b.dataset.led) > 0.5 && Number(b.dataset.factor) > 0.2")
    until(page, "b.dataset.state === 'done'", 120_000)
    hops = len(Twin(prepared_detector()).hear(np.zeros(int(trying.ALARM_S * 16_000), np.int16)).codes)
    assert page.evaluate(f"[({BENCH})().dataset.hops, ({BENCH})().dataset.differ]") == [str(hops), "0"]
    assert f"All {hops} decisions equal the twin’s" in page.inner_text(".equal")
    assert "times real time" in page.inner_text(".figures")


def is_equal_to_the_command_line(page, firmware, alarm):
    here, there = told(page.evaluate(f"({BENCH})().bench.first")), told(emulator.emulate(firmware, alarm).serial)
    hops = len(alarm) // 512 - 30
    assert len(there) >= hops
    assert here[:hops] == there[:hops]


def told(lines):
    """Return what each hop's line says, but for the cycles of telling: the page also asks who it is."""
    hops = [json.loads(line) for line in lines if '"hop"' in line]
    return [{**hop, "telling": None} for hop in hops]


def is_replayed(page):
    page.locator(".again").click()
    until(page, "b.dataset.replayed === '0'", 120_000)
    assert "lines are the same, cycles too" in page.inner_text(".equal")


def is_paused_and_asked(page):
    page.locator(".quick").uncheck()
    page.locator(".run").click()
    until(page, "b.dataset.state === 'running' && b.querySelector('.monitor').dataset.hop > 40")
    page.locator(".hold").click()
    until(page, "b.dataset.state === 'paused'")
    hop = page.evaluate(f"Number(({BENCH})().querySelector('.monitor').dataset.hop)")
    page.wait_for_timeout(400)
    assert page.evaluate(f"Number(({BENCH})().querySelector('.monitor').dataset.hop)") <= hop + 3
    page.locator(".hold").click()
    page.locator(".light").select_option("event")
    until(page, "b.querySelector('.answer').textContent.startsWith('✓ Light set')")
    page.locator(".run").click()
    until(page, "b.dataset.state === 'stopped'")


SLOW = """() => {
  const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async (what) => {
    const stream = await ask(what);
    await new Promise((resolve) => (window.allow = resolve));
    navigator.mediaDevices.getUserMedia = ask;
    return (window.given = stream);
  };
}"""


def hears_the_microphone(page):
    page.get_by_text("Microphone", exact=True).click()
    until(page, "b.classList.contains('live')")
    is_stopped_while_the_browser_asks(page)
    page.locator(".run").click()
    until(page, "b.querySelector('.monitor').dataset.event === '1'", 90_000)
    page.locator(".run").click()
    until(page, "b.dataset.state === 'stopped'")


def is_stopped_while_the_browser_asks(page):
    page.evaluate(SLOW)
    page.locator(".run").click()
    until(page, "b.dataset.state === 'opening' && window.allow")
    page.locator(".run").click()
    until(page, "b.dataset.state === 'stopped'")
    page.evaluate("allow()")
    page.wait_for_function("given?.getTracks().every((track) => track.readyState === 'ended')")
    assert page.evaluate(f"[({BENCH})().dataset.state, ({BENCH})().bench.microphone]") == ["stopped", None]
