"""In a real browser: Home → demo → Firmware → a .uf2 that boots on the virtual board."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from lab.deploy import emulator
from lab.sound import synth
from lab.workspace.daemon import stop_worker
from lab.workspace.settings import settings
from tests.conftest import ROOT

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
FLAGS = ["--no-sandbox", "--disable-background-networking"]
DEMO_MS = 550_000
pytestmark = [
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium"),
    pytest.mark.skipif(not shutil.which("arm-none-eabi-gcc"), reason="no cross compiler"),
    pytest.mark.skipif(not shutil.which("node"), reason="no Node"),
]


@pytest.fixture
def served(lab_home):
    """Serve the app on a free port of this machine; yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "streamlit_app.py",
        f"--server.port={port}",
        "--server.headless=true",
    ]
    server = subprocess.Popen(
        command, cwd=ROOT, env={**os.environ, "LAB_HOME": str(lab_home)}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)
        stop_worker(settings())


@pytest.fixture
def page(served):
    """Open a page of the app in Chromium, with its console watched for requests that leave this machine."""
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        opened = browser.new_page(accept_downloads=True)
        opened.set_default_timeout(60_000)
        opened.asked = []
        opened.on("request", lambda request: opened.asked.append(request.url))
        yield opened
        browser.close()


def wait_for(address, limit_s=60):
    deadline = time.monotonic() + limit_s
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            assert time.monotonic() < deadline, f"{address} does not answer"


def save(page, start_of_name):
    with page.expect_download() as pending:
        page.get_by_role("button", name=start_of_name).first.click()
    return Path(pending.value.path()).read_bytes()


def elsewhere(page, served):
    """Return what the page asked of anyone but the app."""
    return [url for url in page.asked if not url.startswith((served, "data:", "blob:"))]


def test_from_home_to_a_firmware_that_boots(page, served):
    page.goto(served)
    page.get_by_role("button", name="Run the demo").click()
    page.get_by_role("button", name="Cancel").wait_for()
    page.reload()  # a refresh touches no job
    page.get_by_role("button", name="Cancel").wait_for()
    page.get_by_role("button", name="Run the demo again").wait_for(timeout=DEMO_MS)
    page.get_by_text("The virtual board heard the T3 test alarm").wait_for()

    page.get_by_role("link", name="Firmware").first.click()
    page.get_by_role("button", name="Compile").click()
    page.get_by_text("Out came").wait_for(timeout=DEMO_MS)
    uf2 = save(page, "detector_pico.uf2")
    seen = emulator.emulate(uf2, synth.test_alarm("t3", 8.0))
    assert seen.events, "the downloaded firmware raised no event for a T3 alarm"
    assert not elsewhere(page, served)


def test_a_cold_direct_address_opens_the_page_within_the_navigation(page, served):
    page.goto(f"{served}/sounds")
    page.get_by_role("heading", name="Sounds", exact=True).wait_for()
    page.get_by_role("link", name="Home").first.wait_for()
    page.get_by_role("button", name="Add 12 example sounds").click()
    page.get_by_role("heading", name="T3.wav").wait_for()
    page.locator(".js-plotly-plot").first.wait_for()
    assert not elsewhere(page, served)
