"""deploy/nginx.conf itself, in front of two replicas that share one database: by a real browser and plain HTTP."""

import http.client
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from lab.deploy.build import build_firmware
from lab.deploy.prepared import prepared_detector
from lab.sound import synth
from lab.workspace import jobs
from lab.workspace.settings import settings
from lab.workspace.store import open_store
from lab.workspace.worker import stop_worker
from pages.ui import flashing
from tests.conftest import ROOT
from tests.e2e.microphone import ALLOWED, CHROMIUM, FLAGS, answers, sync_api, turn_on, write_wav
from tests.servers import end, free_port, wait_for

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
BENCH = "() => [...document.querySelectorAll('*')].map((e) => e.shadowRoot?.querySelector('.try')).find(Boolean)"
HOST = "lab.example"  # not localhost, which Streamlit always lets in
pytestmark = [
    pytest.mark.skipif(not NGINX, reason="no nginx (apt-get install nginx)"),
    pytest.mark.skipif(not shutil.which("openssl"), reason="no openssl"),
]


@dataclass
class Instance:
    """Two replicas behind nginx, on ports of the loopback."""

    home: Path
    replicas: dict
    tls: int
    plain: int

    def ask(self, path="/", cookie="", port=None, method="GET"):
        """Return (status, headers) of one request; to the TLS port unless another is given."""
        port = port or self.tls
        if port == self.plain:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        else:
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=20, context=context)
        try:
            connection.request(method, path, headers={"Host": HOST, **({"Cookie": cookie} if cookie else {})})
            answer = connection.getresponse()
            answer.read()
            return answer.status, answer.headers
        finally:
            connection.close()


def configured(folder, ports):
    """Write deploy/nginx.conf with this test's ports and certificate; return the file."""
    text = (ROOT / "deploy" / "nginx.conf").read_text("utf-8")
    for name in ("80", "443 ssl http2"):
        text = text.replace(f"listen [::]:{name};", "")
    changes = {
        "listen 80;": f"listen 127.0.0.1:{ports['plain']};",
        "listen 443 ssl http2;": f"listen 127.0.0.1:{ports['tls']} ssl http2;",
        "https://$host$request_uri": f"https://$host:{ports['tls']}$request_uri",
        "app-a:8501": f"127.0.0.1:{ports['a']}",
        "app-b:8501": f"127.0.0.1:{ports['b']}",
        "/etc/nginx/certificates/": f"{folder}/",
        "/tmp/nginx": f"{folder}/nginx",
    }
    for old, new in changes.items():
        assert old in text, f"deploy/nginx.conf no longer says {old!r}"
        text = text.replace(old, new)
    path = folder / "nginx.conf"
    path.write_text(text, "utf-8")
    return path


@pytest.fixture(scope="module")
def instance(tmp_path_factory):
    """Run it all once for the tests of this file."""
    folder = tmp_path_factory.mktemp("proxy")
    ports = {name: free_port() for name in ("a", "b", "tls", "plain")}
    subject = ["-subj", f"/CN={HOST}", "-keyout", folder / "privkey.pem", "-out", folder / "fullchain.pem"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    subprocess.run([*make, *subject], check=True, capture_output=True)
    environment = {**os.environ, "LAB_HOME": str(folder / "home"), "STREAMLIT_BROWSER_SERVER_ADDRESS": HOST}
    for name in ("DATABASE_URL", "LAB_ARTIFACTS_URL", "DASK_SCHEDULER_ADDRESS"):
        environment.pop(name, None)
    running, replicas = [], {}
    try:
        for name in ("a", "b"):
            command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", f"--server.port={ports[name]}"]
            replicas[name] = subprocess.Popen(
                [*command, "--server.headless=true"], cwd=ROOT, env=environment,
                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            running.append(replicas[name])
            answers(f"http://127.0.0.1:{ports[name]}/_stcore/health")
        with (folder / "nginx.log").open("wb") as told:
            command = [NGINX, "-c", configured(folder, ports), "-p", folder, "-g", "daemon off;"]
            running.append(subprocess.Popen(command, stdout=told, stderr=told))
        wait_for(ports["tls"], running[-1])
        yield Instance(folder / "home", replicas, ports["tls"], ports["plain"])
    finally:
        for process in reversed(running):
            end(process)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("LAB_HOME", str(folder / "home"))
            stop_worker(settings())


def test_plain_http_is_sent_to_https_with_its_path(instance):
    status, headers = instance.ask("/listen?project=1", port=instance.plain)
    assert (status, headers["Location"]) == (301, f"https://{HOST}:{instance.tls}/listen?project=1")


def test_every_answer_carries_the_security_headers(instance):
    for path, status in (("/", 200), ("/_stcore/health", 200), ("/_stcore/agent/openapi.json", 404)):
        got, headers = instance.ask(path)
        assert got == status
        assert headers["Strict-Transport-Security"] == "max-age=31536000"
        assert "object-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe-eval'" not in headers["Content-Security-Policy"].replace("'wasm-unsafe-eval'", "")
        assert "microphone=(self), usb=(self), serial=(self)" in headers["Permissions-Policy"]
        assert "camera=()" in headers["Permissions-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "nginx/" not in headers["Server"]


def test_a_session_stays_on_the_replica_that_its_cookie_names(instance):
    drawn = [re.match(r"lab_replica=(a|b); ", instance.ask()[1]["Set-Cookie"])[1] for _ in range(40)]
    assert {*drawn} == {"a", "b"}  # one in 5 · 10^11 runs draws only one of them
    for name in ("a", "b"):
        _, headers = instance.ask(cookie=f"lab_replica={name}")
        assert headers["Set-Cookie"] is None


def test_an_upload_may_have_a_gibibyte_and_no_more(instance):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    statuses = []
    for size in (2**30, 2**30 + 1):
        connection = http.client.HTTPSConnection("127.0.0.1", instance.tls, timeout=20, context=context)
        connection.putrequest("PUT", "/_stcore/upload_file/none/none")
        connection.putheader("Content-Length", str(size))
        connection.endheaders()
        if size > 2**30:
            statuses.append(connection.getresponse().status)
        connection.close()
    assert statuses == [413]


@pytest.fixture
def project(instance, virtual_board, tmp_path, monkeypatch):
    """Compile the prepared detector in a project of the shared database, as its Firmware page does; return its name."""
    monkeypatch.setenv("LAB_HOME", str(instance.home))
    store = open_store(settings())
    firmware = build_firmware(prepared_detector(), "pico", tmp_path).file("uf2").read_bytes()
    detector = store.put_artifact("detector", "prepared.detector", prepared_detector().to_bytes()).sha256
    uf2 = store.put_artifact("uf2", "fire_alarm.uf2", firmware).sha256
    args = {"detector": detector, "board": "pico"}
    job = jobs.submit(store, flashing.COMPILE, args, store.project("Kitchen").id)
    with store.session() as session:
        row = session.get(type(job), job.id)
        row.state, row.result = jobs.DONE, {"artifacts": {"fire_alarm.uf2": uf2}}
    return "Kitchen"


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium")
def test_all_that_the_lab_does_in_a_browser_is_lawful_under_its_policy(instance, project, tmp_path):
    """A microphone by WebRTC, components, a Worker from a Blob: on one replica; what was saved is on the other too."""
    wav = write_wav(tmp_path / "t3.wav", synth.test_alarm("t3", 60.0, -14.0))
    with sync_api.sync_playwright() as tools, chromium(tools, wav) as browser:
        page, seen = opened(browser, instance, "a")
        visit(page, instance, "")
        visit(page, instance, "listen")
        turn_on(page)
        visit(page, instance, f"board?project={project}")
        page.get_by_text("Try it without a board").click()
        page.locator(".try .run").wait_for()
        page.locator(".try .quick").check()
        page.locator(".try .run").click()
        page.wait_for_function(f"() => Number(({BENCH})()?.dataset.hops) > 40")
        assert seen.breaches == []
        assert seen.sockets
        assert all(url.startswith(f"wss://{HOST}:{instance.tls}/") for url in seen.sockets)
        page.evaluate("new Image().src = 'https://elsewhere.invalid/x.png'")  # would a breach have been seen?
        page.wait_for_function("() => window.breaches.length === 1")
        other, _ = opened(browser, instance, "b")
        visit(other, instance, f"board?project={project}")
        other.get_by_text("Try it without a board").click()
        other.locator(".try .run").wait_for()


def test_the_last_a_replica_that_is_away_leaves_its_people_with_the_other(instance):
    """A paused replica holds up nobody else; one that died is stood in for."""
    os.kill(instance.replicas["b"].pid, signal.SIGSTOP)
    try:
        assert [instance.ask("/_stcore/health", "lab_replica=a")[0] for _ in range(20)] == [200] * 20
    finally:
        os.kill(instance.replicas["b"].pid, signal.SIGCONT)
    end(instance.replicas["b"])
    assert [instance.ask("/_stcore/health", "lab_replica=b")[0] for _ in range(20)] == [200] * 20


@contextmanager
def chromium(tools, wav):
    """Open Chromium with a file at its microphone; it finds HOST on this machine."""
    flags = [*FLAGS, ALLOWED, f"--use-file-for-fake-audio-capture={wav}", f"--host-resolver-rules=MAP {HOST} 127.0.0.1"]
    browser = tools.chromium.launch(executable_path=CHROMIUM, args=flags)
    try:
        yield browser
    finally:
        browser.close()


@dataclass
class Seen:
    """What a page did: breaches of its policy, in frames and Workers too, and its WebSockets."""

    breaches: list
    sockets: list


def opened(browser, instance, replica):
    """Return (page, Seen) of a person whose replica is `replica`."""
    context = browser.new_context(ignore_https_errors=True)
    context.add_cookies([{"name": "lab_replica", "value": replica, "domain": HOST, "path": "/"}])
    context.add_init_script(
        "window.breaches = []; addEventListener('securitypolicyviolation', (e) => breaches.push(e.violatedDirective))"
    )
    page, seen = context.new_page(), Seen([], [])
    page.set_default_timeout(40_000)
    page.on("console", lambda each: seen.breaches.append(each.text) if "Content Security Policy" in each.text else None)
    page.on("websocket", lambda each: seen.sockets.append(each.url))
    return page, seen


def visit(page, instance, path):
    """Open a page and wait until it is drawn."""
    page.goto(f"https://{HOST}:{instance.tls}/{path}")
    page.locator(".stMainBlockContainer h1, .stMainBlockContainer h2").first.wait_for()
    page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')")
    assert page.evaluate("isSecureContext && !!navigator.mediaDevices && !!navigator.usb && !!navigator.serial")
