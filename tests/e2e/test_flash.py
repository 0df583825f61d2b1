"""In a real browser, a board in boot mode (a model of it) is flashed, and unplugged at every step."""

import re
from pathlib import Path
from urllib.parse import quote

import pytest

from lab.errors import Missing
from lab.sound import synth
from pages.ui import bundles, detectors
from tests.e2e.microphone import CHROMIUM, browser, served, sync_api, write_wav
from tests.pages import seed

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium")
STEPS = (0, 2, 4, 6, 8, 11, 15, 20, 22, 25)
"""Transfers of a flash of two sectors, from the reset to reading back the page written last."""
WHOLE = 23
"""From the end of that page on, all of it is there."""


def crc(data):
    value = 0xFFFFFFFF
    for byte in data:
        value ^= byte << 24
        for _ in range(8):
            value = ((value << 1) ^ (0x04C11DB7 if value >> 31 else 0)) & 0xFFFFFFFF
    return value


def uf2(pages=32):
    flash = bytes(range(252)) + crc(bytes(range(252))).to_bytes(4, "little") + bytes((pages - 1) * 256)
    words = (0x0A324655, 0x9E5D5157, 0x2000)
    blocks = []
    for number in range(pages):
        head = (*words, 0x10000000 + 256 * number, 256, number, pages, 0xE48BFF56)
        payload = flash[256 * number : 256 * number + 256] + bytes(220)
        words_bytes = b"".join(word.to_bytes(4, "little") for word in head)
        blocks.append(words_bytes + payload + (0x0AB16F30).to_bytes(4, "little"))
    return b"".join(blocks)


@pytest.fixture(scope="module")
def stub():
    try:
        return bundles._built(Path(__file__).with_name("usb_stub.mjs")).decode()
    except Missing as error:
        pytest.skip(str(error))


def ended(page):
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')].map((e) => e.shadowRoot?.querySelector('.flash')).find(Boolean)"
        "?.dataset.state.match(/done|failed/)", timeout=20_000,
    )  # fmt: skip


def test_a_board_unplugged_at_every_step_is_never_wrongly_done_and_flashed_at_last(stub, tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    args = {"detector": seed.artifact("prepared.detector", detectors.prepared_bytes()), "board": "pico"}
    firmware = seed.artifact("detector_pico.uf2", uf2())
    seed.job(seed.COMPILE, args=args, result={"artifacts": {"detector_pico.uf2": firmware}, "report": {}})
    wav = write_wav(tmp_path / "quiet.wav", synth.test_alarm("t3", 1.0, -40.0))
    with served(tmp_path / "home") as (url, _), sync_api.sync_playwright() as tools, browser(tools, wav) as chromium:
        page = chromium.new_page()
        page.add_init_script(f"(() => {{ {stub} }})()")
        page.goto(f"{url}/firmware?project={quote(seed.PROJECT)}")
        page.locator(".flash .start").click(timeout=60_000)
        assert page.evaluate("bench.asked") == 0
        for step in STEPS:
            page.evaluate(f"bench.next({step})")
            page.locator(".flash .boot").click()
            ended(page)
            assert page.locator(".flash .state").inner_text() == "Not flashed."
            assert re.search("BOOTSEL|unplug it and plug it in", page.locator(".flash .problem").inner_text())
            assert page.evaluate("bench.device.comesUpIn") == ("running" if step >= WHOLE else "boot mode")
        page.evaluate("bench.next(-1)")
        page.locator(".flash .boot").click()
        ended(page)
        assert page.locator(".flash .state").inner_text().startswith("Done")
        assert page.evaluate("bench.device.comesUpIn") == "running"
        page.wait_for_function("bench.device.isRunning", timeout=20_000)
        page.locator(".flash .touch").click()  # a running board is sent to boot mode, then flashed again
        page.locator(".flash[data-state=boot]").wait_for(timeout=20_000)
        assert page.evaluate("[bench.touched, bench.device.isRunning]") == [[1200, "closed"], False]
        page.locator(".flash .boot").click()
        ended(page)
        assert page.locator(".flash .state").inner_text().startswith("Done")
        page.locator(".flash .close").click()
        page.get_by_text("flashed and read back, 8 KB").first.wait_for(timeout=20_000)
