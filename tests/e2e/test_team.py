"""A team's instance, as compose.yaml describes it, run as plain processes: by a real browser through TLS."""

import http.client
import os
import re
import signal
import ssl
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from lab.sound import synth
from lab.workspace import jobs, needs
from lab.workspace.settings import settings
from lab.workspace.store import open_store
from pages.ui import flashing
from tests.e2e import team as teams
from tests.e2e.microphone import ALLOWED, CHROMIUM, FLAGS, sync_api, turn_on, write_wav
from tests.e2e.screens import PAGES
from tests.e2e.team import HOST
from tests.servers import end

BENCH = "() => [...document.querySelectorAll('*')].map((e) => e.shadowRoot?.querySelector('.try')).find(Boolean)"
PROJECT = "Kitchen"
BUILD_MS = 300_000
RELAY_ONLY = """
const Plain = window.RTCPeerConnection;
window.RTCPeerConnection = function (config, ...more) {
  return new Plain({ ...config, iceTransportPolicy: "relay" }, ...more);
};
window.RTCPeerConnection.prototype = Plain.prototype;
"""
BREACHES = (
    "window.breaches = []; addEventListener('securitypolicyviolation', (e) => breaches.push(e.violatedDirective));"
)
pytestmark = [
    pytest.mark.skipif(bool(teams.LACKS), reason=f"not here: {', '.join(teams.LACKS)} (apt-get install brings it)"),
    pytest.mark.filterwarnings("ignore::DeprecationWarning:botocore", "ignore::ResourceWarning"),
]


@pytest.fixture(scope="module")
def team(tmp_path_factory):
    """Run it all once for the tests of this file."""
    with teams.running(tmp_path_factory.mktemp("team")) as running:
        yield running


@pytest.fixture
def store(team, monkeypatch):
    """Return the instance's store, opened as one of its replicas does."""
    for name, value in team.environments["app-a"].items():
        monkeypatch.setenv(name, value)
    return open_store(settings())


def ask(team, path="/", cookie="", port="tls"):
    """Return (status, headers) of one request."""
    if port == "plain":
        connection = http.client.HTTPConnection("127.0.0.1", team.ports[port], timeout=20)
    else:
        connection = http.client.HTTPSConnection("127.0.0.1", team.ports[port], timeout=20, context=unchecked())
    try:
        connection.request("GET", path, headers={"Host": HOST, **({"Cookie": cookie} if cookie else {})})
        answer = connection.getresponse()
        answer.read()
        return answer.status, answer.headers
    finally:
        connection.close()


def unchecked():
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def test_plain_http_is_sent_to_https_with_its_path(team):
    status, headers = ask(team, "/listen?project=1", port="plain")
    assert (status, headers["Location"]) == (301, f"{team.url}/listen?project=1")


def test_every_answer_carries_the_security_headers(team):
    for path, status in (("/", 200), ("/healthz", 200), ("/_stcore/agent/openapi.json", 404), ("/metrics", 404)):
        got, headers = ask(team, path)
        scripts = re.search("script-src ([^;]*);", headers["Content-Security-Policy"])[1]
        assert got == status
        assert headers["Strict-Transport-Security"] == "max-age=31536000"
        assert "object-src 'none'" in headers["Content-Security-Policy"]
        assert "'unsafe-inline'" not in scripts
        assert "unsafe-eval'" not in scripts.replace("'wasm-unsafe-eval'", "")
        assert "microphone=(self), usb=(self), serial=(self)" in headers["Permissions-Policy"]
        assert "camera=()" in headers["Permissions-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "nginx/" not in headers["Server"]


def test_a_session_stays_on_the_replica_that_its_cookie_names(team):
    drawn = [re.match(r"lab_replica=(a|b); ", ask(team)[1]["Set-Cookie"])[1] for _ in range(40)]
    assert {*drawn} == {"a", "b"}  # one in 5 · 10^11 runs draws only one of them
    for name in ("a", "b"):
        _, headers = ask(team, cookie=f"lab_replica={name}")
        assert headers["Set-Cookie"] is None


def test_an_upload_may_have_a_gibibyte_and_no_more(team):
    statuses = []
    for size in (2**30, 2**30 + 1):
        connection = http.client.HTTPSConnection("127.0.0.1", team.ports["tls"], timeout=20, context=unchecked())
        connection.putrequest("PUT", "/_stcore/upload_file/none/none")
        connection.putheader("Content-Length", str(size))
        connection.endheaders()
        if size > 2**30:
            statuses.append(connection.getresponse().status)
        connection.close()
    assert statuses == [413]


def test_a_replica_that_does_not_answer_holds_up_nobody_else(team):
    os.kill(team.parts["app-b"].pid, signal.SIGSTOP)
    try:
        assert [ask(team, "/_stcore/health", "lab_replica=a")[0] for _ in range(20)] == [200] * 20
    finally:
        os.kill(team.parts["app-b"].pid, signal.SIGCONT)


@pytest.mark.skipif(not CHROMIUM, reason="no Chromium")
def test_a_person_records_compiles_and_goes_on_when_their_replica_dies(team, store, virtual_board, tmp_path):
    """Sound by a relay, a job on the cluster, files in the object store; nothing breaks the policy on any page."""
    project = store.project(PROJECT)
    wav = write_wav(tmp_path / "t3.wav", synth.test_alarm("t3", 60.0, -14.0))
    with sync_api.sync_playwright() as tools, chromium(tools, wav) as browser:
        page, seen = opened(browser, "a")
        for path in PAGES.values():
            visit(page, team, path)
        records(page, team)
        (clip,) = store.clips(project.id)
        assert kept(team, clip.sha256)
        sha256 = compiles(page, team, store, project)
        assert kept(team, sha256)
        tries(page, team)
        assert seen.harm == []
        assert {url.split("/")[2] for url in seen.sockets} == {f"{HOST}:{team.ports['tls']}"}
        page.evaluate("new Image().src = 'https://elsewhere.invalid/x.png'")  # would a breach have been seen?
        page.wait_for_function("() => window.breaches.length === 1")

        team.parts["app-a"].kill()
        goes_on(page, team, clip, store.read_artifact(sha256))
    assert "ALLOCATE processed, success" in (team.folder / "coturn.log").read_text()


def records(page, team):
    """Record one clip of a second."""
    visit(page, team, f"record?project={PROJECT}")
    turn_on(page)
    page.get_by_text("of the sound received").first.wait_for()
    agree = page.get_by_role("button", name="I agree")
    if agree.count():
        agree.click()
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_text("Saved: 1 clip").wait_for()


def compiles(page, team, store, project):
    """Compile the prepared detector on the cluster; return the .uf2's SHA-256."""
    from distributed import Client

    visit(page, team, f"firmware?project={PROJECT}")
    page.get_by_role("button", name="Compile", exact=True).click()
    page.get_by_text("Out came").wait_for(timeout=BUILD_MS)
    (job,) = [row for row in jobs.jobs(store, project.id) if row.task == flashing.COMPILE]
    assert job.state == jobs.DONE
    with Client(team.environments["worker"]["DASK_SCHEDULER_ADDRESS"], set_as_default=False) as client:
        ran = {event["address"] for topic, events in client.get_events().items() if topic.startswith("lab-says-")
               for _, event in events if "address" in event}  # fmt: skip
        assert ran
        there = client.scheduler_info(n_workers=-1)["workers"]
    assert ran <= there.keys()
    for address in ran:  # it ran where its needs are met, which count because they are declared
        assert there[address]["resources"] == {needs.TOOLCHAIN: 1.0, needs.MEMORY: 4e9}
        assert there[address]["memory_limit"] <= 4e9
    assert needs.NEEDS[flashing.COMPILE].keys() == {needs.TOOLCHAIN, needs.MEMORY}
    return next(sha for name, sha in job.result["artifacts"].items() if name.endswith(".uf2"))


def kept(team, sha256):
    """Whether the object store has a file."""
    return any(each.key.endswith(sha256) for each in team.bucket().objects.filter(Prefix="artifacts/"))


def tries(page, team):
    """Run the .uf2 on the virtual board: a component with a Worker from a Blob."""
    visit(page, team, f"board?project={PROJECT}")
    page.get_by_text("Try it without a board").click()
    page.locator(".try .run").wait_for()
    page.locator(".try .quick").check()
    page.locator(".try .run").click()
    page.wait_for_function(f"() => Number(({BENCH})()?.dataset.hops) > 40")


def goes_on(page, team, clip, uf2):
    """Go on in the same tab, on the other replica: the clip is there, the firmware comes from the object store."""
    page.get_by_role("link", name="Sounds").first.click()
    page.get_by_role("heading", name=clip.name).wait_for()
    visit(page, team, f"firmware?project={PROJECT}")
    with page.expect_download() as pending:
        page.get_by_role("button", name=re.compile(r"\.uf2")).first.click()
    with open(pending.value.path(), "rb") as file:
        assert file.read() == uf2


def test_the_last_a_replica_that_died_is_stood_in_for(team):
    end(team.parts["app-a"])
    assert [ask(team, "/_stcore/health", "lab_replica=a")[0] for _ in range(20)] == [200] * 20


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
    """What a page did: errors on its console, breaches of its policy in frames and Workers too, and its WebSockets."""

    harm: list = field(default_factory=list)
    sockets: list = field(default_factory=list)


def opened(browser, replica):
    """Return (page, Seen) of a person whose replica is `replica`, and who is reached by the relay alone."""
    context = browser.new_context(ignore_https_errors=True, accept_downloads=True)
    context.add_cookies([{"name": "lab_replica", "value": replica, "domain": HOST, "path": "/"}])
    context.add_init_script(BREACHES + RELAY_ONLY)
    page, seen = context.new_page(), Seen()
    page.set_default_timeout(60_000)
    page.on("console", lambda each: seen.harm.append(f"{each.text} {each.location['url']}") if is_harm(each) else None)
    page.on("pageerror", lambda error: seen.harm.append(str(error)))
    page.on("websocket", lambda each: seen.sockets.append(each.url))
    return page, seen


def is_harm(message):
    """Whether a line on the console is an error; Streamlit looks for its own server below a page's address first."""
    return message.type == "error" and not re.search(r"/\w+/_stcore/(health|host-config)$", message.location["url"])


def visit(page, team, path):
    """Open a page and wait until it is drawn."""
    page.goto(f"{team.url}/{path}")
    page.locator(".stMainBlockContainer h1, .stMainBlockContainer h2").first.wait_for()
    page.wait_for_function("!document.querySelector('[data-testid=stStatusWidget]')")
    assert page.evaluate("isSecureContext && !!navigator.mediaDevices && !!navigator.usb && !!navigator.serial")
    assert page.evaluate("window.breaches") == []
