"""Downloads: offered with licence and room, asked for by a press, told as a job; no press, no network."""

import socket

import pytest

from lab import fetch
from lab.sound.published import ESC50, SPEECH_COMMANDS
from lab.study import downloads
from lab.workspace import jobs
from lab.workspace.store import open_store
from pages.ui.downloads import TASK
from tests.pages import seed
from tests.pages.conftest import labels, press, text


@pytest.fixture
def no_network(monkeypatch):
    """Let nobody look up a name."""

    def refused(*_args, **_more):
        raise AssertionError("the page asked the network")

    monkeypatch.setattr(socket, "getaddrinfo", refused)


@pytest.fixture
def unfolded(open_page):
    """Return a function that opens Sounds with the data sets unfolded."""

    return lambda: open_page("sounds", "downloads")


def test_licence_size_and_room_are_shown_before_anything_is_fetched(unfolded, no_network):
    seed.project()
    app = unfolded()
    assert "CC BY-NC 3.0: not for commercial use" in "".join(each.value for each in app.warning)
    assert "About 400 sounds. 616 MB to download." in text(app)
    app.button_group(key="data-set").set_value("speech_commands").run()
    assert "Licence: CC BY 4.0" in app.info[0].value
    assert "About 2000 sounds. 2,316 MB to download." in text(app)
    assert not jobs.jobs(open_store())


def test_a_press_asks_for_what_was_chosen(unfolded, submitted):
    seed.project()
    app = unfolded()
    app.selectbox(key="way-esc50").set_value("My choice").run()
    assert "Download 616 MB" not in labels(app)
    app.multiselect(key="kinds-esc50").set_value(["clock_alarm", "siren"]).run()
    app.number_input(key="most-esc50").set_value(10).run()
    press(app, "Download 616 MB")
    (row,) = jobs.jobs(open_store())
    asked = {"project_id": seed.project().id, "data": "esc50", "labels": ["clock_alarm", "siren"], "most": 10}
    assert (row.task, row.args) == (TASK, asked)
    assert submitted


def test_a_running_download_is_shown_and_cannot_be_begun_twice(unfolded):
    seed.project()
    seed.job(TASK, "running", done=300_000, total=660_000, message="ESC-50: 293 of about 616 MB")
    app = unfolded()
    assert "ESC-50: 293 of about 616 MB" in app.get("progress")[0].proto.text
    assert app.button(key="download").disabled


def test_a_broken_download_says_why_and_offers_the_rest(unfolded):
    seed.project()
    seed.job(TASK, "failed", error="The connection broke. The 100.0 MB that came are kept: try again.")
    part = fetch.part_of(downloads.archive_of(open_store().config, ESC50))
    part.parent.mkdir(parents=True)
    with part.open("wb") as file:
        file.truncate(100 * 2**20)
    app = unfolded()
    assert "100.0 MB that came are kept" in app.error[0].value
    assert "Go on: download 516 MB" in labels(app)
    app = press(app, "Delete the archive (100 MB)")
    assert "Download 616 MB" in labels(app)
    assert not part.exists()


def test_an_archive_that_is_here_is_only_added_from(unfolded):
    seed.project()
    path = downloads.archive_of(open_store().config, SPEECH_COMMANDS)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"whole")
    app = unfolded()
    app.button_group(key="data-set").set_value("speech_commands").run()
    assert "Add to this project" in labels(app)
    assert "The archive is on this computer." in text(app)


def test_too_little_room_is_said_and_nothing_can_be_pressed(unfolded, monkeypatch):
    monkeypatch.setattr(downloads, "free_bytes", lambda config: 300 * 2**20)
    seed.project()
    app = unfolded()
    assert "too little room" in app.error[0].value
    assert app.button(key="download").disabled


def test_a_finished_download_says_what_came(unfolded):
    seed.examples()
    seed.job(TASK, result={"added": 400, "already": 0, "refused": [], "labels": {}, "data": "esc50"})
    assert "Added 400 sounds." in unfolded().success[0].value


def test_a_download_stays_in_sight_when_sounds_are_added_meanwhile(open_page):
    seed.project()
    seed.job(TASK, "running", done=1, total=9, message="ESC-50: 80 of about 616 MB")
    seed.job(seed.ADD, "running", done=3, total=40, message="dog.wav")
    told = [each.proto.text for each in open_page("sounds").get("progress")]
    assert len(told) == 2
    assert "dog.wav" in told[0]
    assert "80 of about 616 MB" in told[1]
