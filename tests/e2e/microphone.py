"""A served app and a Chromium whose microphone plays a file."""

import os
import shutil
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager

import numpy as np
import pytest

from lab.sound.clip import RATE_HZ, Clip
from lab.sound.files import wav_bytes
from tests.conftest import ROOT
from tests.servers import free_port

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
FLAGS = ["--no-sandbox", "--disable-background-networking", "--use-fake-device-for-media-stream"]
ALLOWED = "--use-fake-ui-for-media-stream"
sync_api = pytest.importorskip("playwright.sync_api")
TimeoutError_ = sync_api.TimeoutError
SETTINGS = ("DATABASE_URL", "LAB_ARTIFACTS_URL", "DASK_SCHEDULER_ADDRESS")


@contextmanager
def served(home, port=None, arguments=(), **environment):
    """Serve the app on a port of this machine, by default a free one; yield (address, process)."""
    port = port or free_port()
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", f"--server.port={port}"]
    inherited = {name: value for name, value in os.environ.items() if name not in SETTINGS}
    server = subprocess.Popen(
        [*command, "--server.headless=true", *arguments], cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={**inherited, "LAB_HOME": str(home), **environment},
    )  # fmt: skip
    try:
        answers(f"http://127.0.0.1:{port}/_stcore/health")
        yield f"http://127.0.0.1:{port}", server
    finally:
        server.terminate()
        server.wait(20)


def answers(address, limit_s=60):
    """Wait until an address answers."""
    deadline = time.monotonic() + limit_s
    while True:
        try:
            with urllib.request.urlopen(address, timeout=5):
                return
        except OSError:
            assert time.monotonic() < deadline, f"{address} does not answer"


@contextmanager
def browser(tools, wav, allowed=True):
    """Open Chromium with a file at its microphone, played again and again."""
    flags = [
        *FLAGS,
        f"--use-file-for-fake-audio-capture={wav}",
        *([ALLOWED] if allowed else ["--deny-permission-prompts"]),
    ]
    opened = tools.chromium.launch(executable_path=CHROMIUM, args=flags)
    try:
        yield opened
    finally:
        opened.close()


def write_wav(path, samples):
    """Write int16 samples at 16 kHz; return the path."""
    path.write_bytes(wav_bytes(Clip(np.asarray(samples, np.int16), "", "")))
    return path


def switch(page):
    """Return the frame that holds the microphone's switch."""
    return page.frame_locator("iframe[title*='webrtc']")


def turn_on(page, tries=4):
    """Press the microphone's switch until sound comes: on a server just started a first press may be undone."""
    button = switch(page).get_by_role("button", name="Turn the microphone on")
    switch(page).get_by_role("button").first.wait_for()
    for _ in range(tries):
        if button.count():
            button.click()
        try:
            page.wait_for_function(HEARS, timeout=12_000)
        except TimeoutError_:
            continue
        return
    raise AssertionError("the microphone never came on")


HEARS = """() => [...document.querySelectorAll('*')].some(e => e.shadowRoot &&
  Number(e.shadowRoot.querySelector('.live')?.dataset.hop || 0) > 3)"""


def tone_hz(samples):
    """Return the frequency of the greatest peak, in Hz."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(np.argmax(spectrum) * RATE_HZ / len(samples))


def edges_s(samples, threshold=0.35):
    """Return when a tone switches on and off, in seconds, by its envelope over 5 ms."""
    size = RATE_HZ // 200
    envelope = np.abs(samples[: len(samples) // size * size].astype(float)).reshape(-1, size).max(axis=1)
    loud = envelope > threshold * envelope.max()
    return np.flatnonzero(np.diff(loud.astype(int))) * size / RATE_HZ + size / RATE_HZ
