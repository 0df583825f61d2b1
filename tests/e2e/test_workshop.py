"""Somebody of a room in a real browser: in by https, with microphone and USB; nothing is asked of anybody else."""

import base64
import hashlib
import urllib.parse

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from lab.workspace.settings import settings
from lab.workspace.workshop import authority, state
from tests.e2e.microphone import ALLOWED, CHROMIUM, switch, sync_api
from tests.rooms import room

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium")
FLAGS = ["--no-sandbox", "--disable-background-networking", "--use-fake-device-for-media-stream", ALLOWED]
TRACK = ["guide", "listen", "sounds", "optimize", "firmware", "board"]
SECURE = """async () => [isSecureContext, 'usb' in navigator, 'serial' in navigator,
  (await navigator.mediaDevices.getUserMedia({audio: true})).getAudioTracks().length]"""


def trusted(home):
    """Return the flag of a browser that trusts the room's server, by its key."""
    pem = (home / state.FOLDER / "tls" / authority.CERTIFICATE).read_bytes()
    key = x509.load_pem_x509_certificate(pem).public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return f"--ignore-certificate-errors-spki-list={base64.b64encode(hashlib.sha256(key).digest()).decode()}"


@pytest.mark.timeout(240)
def test_a_visitor_walks_the_track_by_https_and_asks_only_the_laptop(lab_home):
    with room(lab_home) as here, sync_api.sync_playwright() as tools:
        opened = tools.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, trusted(lab_home)])
        page = opened.new_page()
        page.set_default_timeout(60_000)
        asked, sockets = set(), set()
        page.context.on("request", lambda request: asked.add(request.url))
        page.on("websocket", lambda socket: sockets.add(socket.url))
        page.goto(f"https://127.0.0.1:{here.port}/join?code={state.current(settings().home).code}")
        page.fill("input[name=name]", "Ada")
        page.get_by_role("button", name="Join").click()
        for name in TRACK:
            if name != "guide":
                page.goto(f"https://127.0.0.1:{here.port}/{name}")
            page.wait_for_selector(".stMainBlockContainer h1")
            page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')")
            page.wait_for_load_state("networkidle")
            if name == "listen":
                switch(page).get_by_role("button", name="Turn the microphone on").wait_for()
        assert page.evaluate(SECURE) == [True, True, True, 1]
        opened.close()
    reached = {urllib.parse.urlsplit(each).netloc for each in asked if not each.startswith(("data:", "blob:"))}
    assert reached == {f"127.0.0.1:{here.port}"}
    assert {each.split("/_stcore")[0] for each in sockets} == {f"wss://127.0.0.1:{here.port}"}
