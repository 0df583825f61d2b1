"""Two people of one instance, in real browsers: each comes to their own; a crawler finds nothing of the other."""

import re
import urllib.parse

import pytest

from lab.sound import synth
from lab.sound.clip import Clip
from lab.sound.files import wav_bytes
from lab.workspace import access, jobs
from lab.workspace.people import Person
from lab.workspace.settings import settings
from lab.workspace.store import open_store, store_of
from tests.conftest import ROOT
from tests.e2e.microphone import CHROMIUM, sync_api
from tests.e2e.signing_in import ANN, BEN, chromium, drawn, sign_in, signed

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium")
PAGES = ["", *sorted(path.stem for path in (ROOT / "pages").glob("*.py") if path.stem not in ("home", "room"))]
SECRET = "Kitchen of secrets"
HERS = (SECRET, "secret alarm", "secret failure", "take-1")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("people")


@pytest.fixture(scope="module")
def home(folder):
    """Return Ann's project with a sound, a finished job and a failed one, in a store before anybody comes."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LAB_HOME", str(folder / "home"))
        config = settings()
    whole = open_store(config)
    mine = store_of(whole, ANN)
    project = mine.project(SECRET, ANN)
    wav = wav_bytes(Clip(synth.test_alarm("t3", 2.0, -20.0), "", ""))
    mine.add_clip(project.id, wav, "secret alarm.wav", "alarm", "take-1", 2.0, 0.25)
    job = jobs.submit(mine, "lab.study.tasks:demo", {}, project.id, ANN)
    with whole.session() as session:
        row = session.get(type(job), job.id)
        row.state, row.error = jobs.FAILED, "secret failure"
    return whole, project


@pytest.fixture(scope="module")
def visit(folder, home):
    """Yield (address, Ann's page, Ben's page, Ben's context), both signed in."""
    with signed(folder) as address, sync_api.sync_playwright() as tools, chromium(tools) as browser:
        pages = []
        for who in (ANN, BEN):
            page = browser.new_context().new_page()
            page.set_default_timeout(60_000)
            sign_in(page, address, who)
            pages.append(page)
        yield address, *pages, browser


def addresses(page, what):
    """Return the addresses of an attribute anywhere in a page."""
    return page.evaluate("(what) => [...document.querySelectorAll(`[${what}]`)].map((e) => e[what])", what)


def test_each_comes_to_their_own(visit, home):
    _, ann, ben, _ = visit
    whole, _ = home
    assert [row.name for row in access.visible(whole, Person(ANN, ""))] == [SECRET]
    assert SECRET in ann.content()
    assert SECRET not in ben.content()
    assert "My first detector" in [row.name for row in access.visible(whole, Person(BEN, ""))]


def test_a_crawler_signed_in_as_another_finds_nothing(visit, home):
    address, ann, ben, browser = visit
    _, project = home
    ann.goto(f"{address}/sounds?project={urllib.parse.quote(SECRET)}")
    drawn(ann)
    ann.locator("audio").first.wait_for(state="attached")
    sounds = [each for each in addresses(ann, "src") if "/media/" in each]
    assert sounds
    nobody = browser.new_context()
    for sound in sounds:
        assert ann.request.get(sound).status == 200
        assert ben.request.get(sound).status == 403
        assert ben.request.get(sound, headers={"Range": "bytes=0-1"}).status == 403
        assert nobody.request.get(sound).status == 403
    leaks = []
    for name in PAGES:
        for asked in (f"project={urllib.parse.quote(SECRET)}&of={ANN}", f"project={project.id}&of={ANN}"):
            ben.goto(f"{address}/{name}?{asked}")
            drawn(ben)
            found = [word for word in (SECRET, "secret alarm", "secret failure", "take-1") if word in ben.content()]
            leaks += [
                (name, asked, word) for word in found if not (word == SECRET and "no such project" in ben.content())
            ]
    assert leaks == []


def test_nobody_uploads_into_anothers_session_or_reads_what_streamlit_tells_programs(visit):
    address, ann, ben, browser = visit
    with ann.expect_request(re.compile("/_stcore/upload_file/")) as sent:
        ann.goto(f"{address}/sounds")
        drawn(ann)
        ann.get_by_text("Add sounds").first.click()
        ann.locator("input[type=file]").first.set_input_files(
            {"name": "own.wav", "mimeType": "audio/wav", "buffer": b"RIFF"}
        )
    upload = sent.value.url
    file = {"file": {"name": "x.wav", "mimeType": "audio/wav", "buffer": b"RIFF"}}
    for other in (ben.request, browser.new_context().request):
        assert other.put(upload, multipart=file).status == 403
        assert other.delete(upload).status == 403
        assert other.get(f"{address}/_stcore/metrics").status == 403


def test_shared_it_is_seen_and_taken_back_it_is_gone(visit, home):
    address, ann, ben, _ = visit
    whole, project = home
    ann.goto(f"{address}/sounds?project={urllib.parse.quote(SECRET)}")
    drawn(ann)
    ann.locator(".st-key-lab-sharing button").first.click()
    ann.get_by_label("Address they sign in with").fill("Ben@Example.org")
    ann.get_by_role("button", name="Share", exact=True).click()
    ann.get_by_text("Take back").wait_for()
    shared = f"{address}/sounds?project={urllib.parse.quote(SECRET)}&of={ANN}"
    ben.goto(shared)
    drawn(ben)
    ben.get_by_text("you may look and listen").wait_for()
    ben.get_by_text("secret alarm").first.wait_for()
    access.unshare(whole, Person(ANN, ""), project.id, BEN)
    ben.goto(shared)
    drawn(ben)
    ben.get_by_text("There is no such project").wait_for()
    assert "secret alarm" not in ben.content()


def test_signed_out_nothing_is_left(visit):
    address, _, ben, _ = visit
    ben.goto(f"{address}/sounds")
    drawn(ben)
    ben.locator(".st-key-lab-sharing button").first.click()
    ben.get_by_text("Sign out").click()
    ben.wait_for_url("**/end_session**")  # the provider is told as well; by then the lab has forgotten
    ben.goto(f"{address}/sounds")
    ben.get_by_role("button", name="Sign in").wait_for()
    assert "_streamlit_user" not in {cookie["name"] for cookie in ben.context.cookies(address)}
