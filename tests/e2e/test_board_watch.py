"""In a real browser, a serial port says what the virtual board said: watched, asked, compared, corrected."""

import json
from pathlib import Path

import pytest

from lab.deploy import emulator
from lab.deploy.build import build_firmware
from lab.deploy.prepared import prepared_detector
from lab.sound import synth
from lab.workspace.settings import settings
from lab.workspace.store import Store
from tests.e2e.microphone import CHROMIUM, browser, served, sync_api, turn_on, write_wav

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium")
STUB = Path(__file__).with_name("serial_stub.js").read_text()
SHOWN = "() => [...document.querySelectorAll('*')].map((e) => e.shadowRoot?.querySelector('.monitor')).find(Boolean)"
ALARM_S = 8.0
GARBAGE = [
    0xFF, 0, 0xC3, 10, *b'<img src=x onerror="window.harmed=1">\n', *b'{"hop":1e99}\n', *b"{" * 9_000, 10,
    *b'{"ack":[]}\n',
]  # fmt: skip
NO_SERIAL = "Object.defineProperty(navigator, 'serial', {value: undefined});"
INSECURE = "Object.defineProperty(window, 'isSecureContext', {value: false});"


@pytest.fixture(scope="module")
def alarm():
    return synth.test_alarm("t3", ALARM_S, -14.0)


@pytest.fixture(scope="module")
def lines(alarm, tmp_path_factory, virtual_board):
    """Return what the prepared detector's firmware says of an alarm."""
    firmware = build_firmware(prepared_detector(), "pico", tmp_path_factory.mktemp("watch")).file("uf2")
    return emulator.emulate(firmware, alarm).serial


def opened(context, url, lines, then=""):
    """Open the Board page with the stub in place, and something more."""
    page = context.new_page()
    page.harm = []
    page.on("pageerror", lambda error: page.harm.append(str(error)))
    page.add_init_script(f"window.boardLines = {json.dumps(lines)};\n{STUB}\n{then}")
    page.goto(f"{url}/board")
    page.locator(".monitor .connect").wait_for(timeout=60_000)
    return page


def until(page, condition, timeout_ms=30_000):
    """Wait for a condition over the monitor's element m."""
    page.wait_for_function(f"() => {{ const m = ({SHOWN})(); return m && ({condition}); }}", timeout=timeout_ms)


def test_a_board_is_watched_asked_and_compared_with_its_twin(lines, alarm, tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    wav = write_wav(tmp_path / "t3.wav", alarm)
    with (
        served(tmp_path / "home") as (url, _),
        sync_api.sync_playwright() as tools,
        browser(tools, wav) as chromium,
    ):
        context = chromium.new_context()
        page = opened(context, url, lines)
        is_refused_while_held(page)
        is_watched(page)
        comes_back(page)
        is_compared(page)
        is_corrected(page)
        assert page.harm == []
        assert page.evaluate("window.harmed") is None
        page.close()
        is_flat_for_an_hour(opened(context, url, lines))
        is_hindered(context, url, lines)


def is_refused_while_held(page):
    page.evaluate("board.isHeld = true")
    page.locator(".connect").click()
    until(page, "m.querySelector('.problem').textContent.includes('Close other programs')")
    page.evaluate("board.isHeld = false")


def is_watched(page):
    page.locator(".connect").click()
    until(page, "m.dataset.hop > 60 && m.dataset.event === '1'")
    until(page, "parseFloat(m.querySelector('.rate').textContent) > 30")
    assert "“Fire alarm” on pico" in page.inner_text(".state")
    page.locator(".light").select_option("event")
    until(page, "m.querySelector('.answer').textContent.startsWith('✓ Light set')")
    assert any("led event" in said for said in page.evaluate("board.heard"))
    page.locator(".raw summary").click()
    page.evaluate(f"board.out.enqueue(Uint8Array.from({GARBAGE}))")
    page.locator(".raw input").fill("onerror")
    until(page, "m.querySelector('pre').textContent.includes('<img src=x onerror')")
    until(page, "m.querySelector('pre').textContent.split('\\n').length === 1")
    assert page.evaluate(f"({SHOWN})().querySelectorAll('img').length") == 0
    with page.expect_download() as saved:
        page.locator(".save-csv").click()
    assert Path(saved.value.path()).read_text().startswith("t_s,probability,event")


def comes_back(page):
    page.evaluate("board.unplug()")
    until(page, "m.dataset.state === 'lost'")
    place = int(page.evaluate(f"({SHOWN})().dataset.place"))
    page.evaluate("board.plug()")
    until(page, f"m.dataset.state === 'open' && m.dataset.place > {place} && m.dataset.hop < 90")


def is_compared(page):
    page.get_by_text("Let its twin in this page hear").click()
    turn_on(page)
    page.get_by_role("button", name="I agree").click()
    until(page, "/^Fit 0\\.[5-9]|^Fit 1/.test(m.querySelector('.beside').textContent)", 60_000)


def is_corrected(page):
    lasting = page.locator(".events li").filter(has_text="on for").get_by_role("button")
    lasting.wait_for()  # not whatever row is the first: a new event's row is drawn a moment after it began
    button = lasting.element_handle()
    words = button.evaluate("(b) => b.previousSibling.textContent")
    page.wait_for_function("([b, words]) => b.previousSibling.textContent !== words", arg=[button, words])
    assert button.evaluate("(b) => b.isConnected && !b.disabled")  # the row lives on while its words change
    button.click()
    page.get_by_text("It is on disk").wait_for(timeout=30_000)
    page.get_by_role("link", name="Teach it", exact=True).wait_for()
    page.get_by_role("button", name="Undo").click()  # runs the page again: a press is handled once
    page.get_by_text("Taken out again").wait_for()
    assert kept() == []
    until(page, "m.dataset.event === '0'")
    until(page, "m.dataset.event === '1'")
    lasting.click()
    page.get_by_text("It is on disk").wait_for(timeout=30_000)
    [clip] = kept()
    assert (clip.label, clip.seconds > 3) == ("not_alarm", True)


def kept():
    store = Store(settings())
    return list(store.clips(store.projects()[0].id))


HOUR_LINES = 112_500
HOUR = """async (until) => {
  const lines = boardLines.filter((line) => line.startsWith('{"hop"')).map((line) => line.slice(line.indexOf(',')));
  const encoder = new TextEncoder();
  board.tell = () => {};
  for (board.hop ??= 1_000; board.hop < until; ) {
    const count = Math.min(250, until - board.hop);
    const hops = Array.from({ length: count }, (_, at) => board.hop + at);
    const text = hops.map((hop) => `{"hop":${hop}${lines[hop % lines.length]}\\n`).join('');
    board.hop += count;
    board.out.enqueue(encoder.encode(text));
    await new Promise((resolve) => setTimeout(resolve, 15));
  }
}"""


def is_flat_for_an_hour(page):
    """As many lines as an hour brings, faster: what the page holds stays the same, and it still draws."""
    page.locator(".connect").click()
    until(page, "m.dataset.hop > 40")
    page.locator('[data-span="3600"]').click()
    page.locator(".raw summary").click()
    held = []
    for share in (0.2, 0.6, 1.0):
        last = 1_000 + round(share * HOUR_LINES)
        page.evaluate(HOUR, last)
        until(page, f"m.dataset.hop === '{last - 1}'")
        held.append(heap_bytes(page))
    print("heap after a fifth, three fifths and all of an hour, MB:", [round(each / 1e6, 2) for each in held])
    assert max(held) < 1.1 * min(held)
    assert (
        page.evaluate(
            "(async () => { let n = 0; for (; n < 5; n++) await new Promise(requestAnimationFrame); return n; })()"
        )
        == 5
    )
    page.close()


def heap_bytes(page):
    tools = page.context.new_cdp_session(page)
    tools.send("Performance.enable")
    tools.send("HeapProfiler.collectGarbage")
    return {each["name"]: each["value"] for each in tools.send("Performance.getMetrics")["metrics"]}["JSHeapUsedSize"]


def is_hindered(context, url, lines):
    for then, words in ((NO_SERIAL, "has no Web Serial"), (NO_SERIAL + INSECURE, "only to pages from https")):
        page = opened(context, url, lines, then)
        until(page, f"m.querySelector('.problem').textContent.includes('{words}')")
        assert page.locator(".connect").is_disabled()
        page.close()
