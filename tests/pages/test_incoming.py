"""Sounds: files, zips and folders that come in."""

import io
import zipfile
from pathlib import Path

from lab.errors import LabError
from lab.workspace import jobs
from lab.workspace.store import open_store
from lab.workspace.store.artifacts import ArtifactFiles
from pages.ui import incoming
from tests.pages import seed
from tests.pages.conftest import labels, press, text


class Upload(io.BytesIO):
    """What st.file_uploader gives."""

    def __init__(self, name, data):
        super().__init__(data)
        self.name = name


def test_uploads_are_added_and_what_was_wrong_is_told_file_by_file(open_page, submitted):
    app = open_page("sounds")
    project = open_store().projects()[0]
    app.file_uploader[0].set_value(
        [("good.wav", seed.tone_wav(), "audio/wav"), ("bad.wav", b"not sound", "audio/wav")]
    ).run()
    app = press(app, "Add")
    assert [clip.name for clip in open_store().clips(project.id)] == ["good.wav"]
    assert "bad.wav: The file is not a sound file" in app.warning[0].value


def test_the_same_sound_twice_is_one_and_the_page_says_so(open_page):
    app = open_page("sounds")
    app.file_uploader[0].set_value(
        [("a.wav", seed.tone_wav(), "audio/wav"), ("b.wav", seed.tone_wav(), "audio/wav")]
    ).run()
    app = press(app, "Add")
    assert "b.wav: already in this project." in app.warning[0].value


def test_a_zip_becomes_a_job_on_a_staged_file(open_page, submitted, lab_home):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("alarm/one.wav", seed.tone_wav())
    app = open_page("sounds")
    app.file_uploader[0].set_value([("mine.zip", packed.getvalue(), "application/zip")]).run()
    press(app, "Add")
    (row,) = jobs.jobs(open_store())
    assert row.task == seed.ADD
    (path,) = row.args["paths"]
    assert path.startswith(str(lab_home / "incoming"))
    assert Path(path).read_bytes() == packed.getvalue()


def test_a_staged_name_cannot_leave_its_folder(lab_home):
    path = incoming.staged(Upload("../../etc/evil.zip", b"PK"))
    assert path.startswith(str(lab_home / "incoming"))
    assert path.endswith("/evil.zip")


def test_a_folder_that_is_not_there_is_refused_in_a_sentence(open_page):
    app = open_page("sounds")
    app.text_input(key="folder").set_value("/no/such/folder").run()
    app = press(app, "Add folder")
    assert "is not there" in app.warning[0].value
    assert not jobs.jobs(open_store())


def test_adding_that_runs_or_failed_is_shown(open_page):
    seed.job(seed.ADD, "running", done=3, total=40, message="dog.wav")
    assert "dog.wav" in open_page("sounds").get("progress")[0].proto.text
    seed.job(seed.ADD, "failed", error="data.zip leads out of its folder. Nothing was unpacked.")
    assert "Nothing was unpacked" in open_page("sounds").error[0].value


def test_what_a_finished_job_added_and_refused_is_told(open_page):
    refused = [{"file": "notes.wav", "reason": "notes.wav is empty."}]
    seed.job(seed.ADD, result={"added": 40, "already": 2, "refused": refused})
    shown = text(open_page("sounds"))
    assert "Added 40 sounds, 2 were there already." in shown
    assert "notes.wav is empty." in shown


def test_a_full_disk_is_one_sentence(open_page, monkeypatch):
    def full(*_):
        raise LabError("The disk is full: nothing was saved.")

    app = open_page("sounds")
    monkeypatch.setattr(ArtifactFiles, "put", full)
    app = press(app, "Add 12 example sounds")
    assert app.warning[0].value == "- The disk is full: nothing was saved."
    assert "Add 12 example sounds" in labels(app)


def test_where_the_page_is_served_to_others_no_folder_of_this_computer_is_offered(open_page, monkeypatch):
    assert "Add folder" in labels(open_page("sounds"))
    monkeypatch.setattr(incoming, "LOOPBACK", ())
    assert "Add folder" not in labels(open_page("sounds"))


def test_no_folder_at_all_is_asked_for(open_page):
    app = press(open_page("sounds"), "Add folder")
    assert "No folder is named yet" in app.warning[0].value
    assert not jobs.jobs(open_store())


def test_what_a_job_refused_is_named_once_and_the_rest_of_many_is_counted(open_page):
    refused = [{"file": f"{n}.wav", "reason": f"{n}.wav is empty."} for n in range(23)]
    seed.job(seed.ADD, result={"added": 1, "already": 0, "refused": refused})
    lines = open_page("sounds").warning[0].value.split("\n")
    assert lines[0] == "- Not added: 0.wav is empty."
    assert (len(lines), lines[-1]) == (21, "- and 3 more")
