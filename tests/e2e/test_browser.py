"""The way a newcomer takes, in a real browser: Home → demo → Firmware → a .uf2 that boots."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

import pytest

from lab.deploy import emulator, toolchain
from lab.errors import Missing
from lab.study.demo import alarm_sound
from lab.workspace import worker
from lab.workspace.settings import settings
from tests.e2e.conftest import ROOT

CHROMIUM = shutil.which("chromium")
ARGS = [
    "--no-sandbox",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
DEMO_LIMIT_MS = 540_000


def everything_is_here():
    try:
        toolchain.find_toolchain()
        emulator.available()
    except Missing:
        return False
    return CHROMIUM is not None


pytestmark = [
    pytest.mark.skipif(not everything_is_here(), reason="needs Chromium, the cross toolchain and the virtual board"),
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """Serve the app from an empty LAB_HOME; yield its address."""
    home = tmp_path_factory.mktemp("home")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {**os.environ, "LAB_HOME": str(home)}
    command = [
        sys.executable,
        "-m",
        "streamlit",
        "run",
        "streamlit_app.py",
        f"--server.port={port}",
        "--server.headless=true",
    ]
    log = (home / "app.log").open("wb")
    serving = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log)
    try:
        wait_until_healthy(port, serving)
        yield f"http://localhost:{port}"
    finally:
        serving.terminate()
        serving.wait(30)
        log.close()
        os.environ["LAB_HOME"] = str(home)
        worker.stop_worker(settings())
        os.environ.pop("LAB_HOME")


def wait_until_healthy(port, serving, limit_s=60):
    deadline = time.monotonic() + limit_s
    while time.monotonic() < deadline:
        assert serving.poll() is None, "the app ended"
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=2) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
    raise AssertionError("the app did not answer in time")


@pytest.fixture(scope="module")
def page():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=ARGS)
        context = browser.new_context(viewport={"width": 1280, "height": 900}, accept_downloads=True)
        yield context.new_page()
        browser.close()


def test_home_demo_firmware_and_a_uf2_that_boots_and_hears(app, page, tmp_path):
    page.goto(app)
    page.get_by_role("button", name="Run the demo").click()
    page.get_by_role("button", name="Cancel").wait_for(timeout=60_000)
    page.reload()  # a refresh loses nothing
    page.get_by_role("button", name="Cancel").wait_for(timeout=60_000)
    page.get_by_text("The virtual board heard the T3 test alarm").wait_for(timeout=DEMO_LIMIT_MS)

    page.goto(f"{app}/firmware")
    page.get_by_role("button", name="Compile", exact=True).click()
    link = page.get_by_role("button", name=".uf2").first
    link.wait_for(timeout=180_000)
    with page.expect_download() as download:
        link.click()
    download.value.save_as(tmp_path / "firmware.uf2")

    seen = emulator.emulate(tmp_path / "firmware.uf2", alarm_sound())
    assert seen.events
    assert max(hop["cycles"] for hop in seen.hops) < 4_000_000


def test_every_page_opens_cold_by_its_own_address(app, page):
    for path in ("", "sounds", "train", "firmware"):
        page.goto(f"{app}/{path}")
        page.locator(".stMainBlockContainer h1, .stMainBlockContainer h2").first.wait_for(timeout=30_000)
        assert page.get_by_test_id("stException").count() == 0
