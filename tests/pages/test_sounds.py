"""Sounds: empty, filled, edited, undone."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest

from lab.errors import LabError
from lab.sound.clip import Clip
from lab.sound.files import wav_bytes
from lab.study.versions import version
from lab.workspace import jobs
from lab.workspace.context import run_inline
from lab.workspace.store import Store, open_store
from pages.ui import incoming, session, shelf, sight
from tests.pages import seed
from tests.pages.conftest import labels, press, text


class Upload(io.BytesIO):
    """What st.file_uploader gives."""

    def __init__(self, name, data):
        super().__init__(data)
        self.name = name


def tone_wav(seconds=1.0):
    wave = 8_000 * np.sin(2 * np.pi * 3_000 * np.arange(round(16_000 * seconds)) / 16_000)
    return wav_bytes(Clip(wave.astype(np.int16), "", "tone"))


def clips():
    return open_store().clips(seed.project().id)


def test_an_empty_project_offers_example_sounds_and_adds_twelve(open_page):
    seed.project()
    app = press(open_page("sounds"), "Add 12 example sounds")
    assert len(clips()) == 12
    assert {clip.label for clip in clips()} == {"alarm", "not_alarm"}
    assert all(0.2 < clip.peak < 0.96 for clip in clips())
    assert "Add 12 example sounds" not in labels(app)


def test_the_first_sound_is_shown_with_player_and_pictures(open_page):
    seed.examples()
    app = open_page("sounds")
    assert app.subheader[0].value == clips()[0].name
    assert len(app.get("audio")) == 1
    assert len(app.get("plotly_chart")) == 1
    assert len(app.dataframe[0].value) == 12


def test_a_label_filter_leaves_only_its_sounds(open_page):
    seed.examples()
    app = open_page("sounds")
    app.button_group[0].set_value(["alarm"]).run()
    assert set(app.dataframe[0].value["label"]) == {"alarm"}


def test_relabelling_changes_the_selected_sound(open_page):
    seed.examples()
    app = open_page("sounds")
    first = clips()[0]
    next(each for each in app.selectbox if each.label == "Label of 1 sound").set_value("not_alarm").run()
    assert not app.exception
    assert next(clip for clip in clips() if clip.id == first.id).label == "not_alarm"


def test_a_label_that_cannot_be_one_is_refused_in_a_sentence(monkeypatch):
    """AppTest types no new options, so the callback is called as the browser's choice would."""
    seed.examples()
    first, state = clips()[0], {"box": 'fire"alarm'}
    monkeypatch.setattr(shelf.st, "session_state", state)
    shelf._relabel(seed.project().id, [first.id], "box")
    assert "use letters, digits, spaces" in state["_label_problem"]
    assert clips()[0].label == first.label


def test_delete_can_be_undone(open_page):
    seed.examples()
    app = press(open_page("sounds"), "Delete")
    assert len(clips()) == 11
    assert "1 sound deleted." in text(app)
    app = press(app, "Undo")
    assert len(clips()) == 12
    assert "deleted" not in text(app)


def test_undo_outlives_a_reload_and_takes_edits_back_from_the_last(open_page):
    seed.examples()
    press(open_page("sounds"), "Delete")
    press(open_page("sounds"), "Delete")
    assert len(clips()) == 10
    app = press(press(open_page("sounds"), "Undo"), "Undo")
    assert len(clips()) == 12
    assert "Undo" not in labels(app)


def test_what_the_filters_leave_is_deleted_together(open_page):
    seed.examples()
    app = open_page("sounds")
    app.button_group[0].set_value(["alarm"]).run()
    count = len(app.dataframe[0].value)
    app.toggle[1].set_value(True).run()
    press(app, "Delete")
    assert len(clips()) == 12 - count
    assert {clip.label for clip in clips()} == {"not_alarm"}


def test_a_sound_moves_to_another_project_and_back(open_page):
    garage = open_store().project("Garage")
    seed.examples()
    app = open_page("sounds")
    app.selectbox(key="_project_pick").set_value(seed.PROJECT).run()
    next(box for box in app.selectbox if box.label == "Move to").set_value("Garage").run()
    assert not app.exception
    assert (len(clips()), len(open_store().clips(garage.id))) == (11, 1)
    press(app, "Undo")
    assert (len(clips()), len(open_store().clips(garage.id))) == (12, 0)


def test_warnings_are_shown_and_can_be_asked_for(open_page):
    seed.examples()
    quiet = wav_bytes(Clip(np.ones(8_000, np.int16), "alarm", "quiet"))
    open_store().add_clip(seed.project().id, quiet, "quiet.wav", "alarm", "quiet", 0.5, 1 / 32_768)
    app = open_page("sounds")
    app.button_group[1].set_value(["silent"]).run()
    assert list(app.dataframe[0].value["warnings"]) == ["silent, too short"]
    assert "Silent: below -60 dBFS" in app.warning[0].value
    assert "Clipped" not in app.warning[0].value


def test_a_long_list_comes_in_pages_sorted_as_asked(open_page, monkeypatch):
    monkeypatch.setattr(shelf, "PAGE", 5)
    seed.examples()
    app = open_page("sounds")
    app.selectbox(key="sort").set_value("peak").run()
    first = list(app.dataframe[0].value["peak"])
    app.number_input[0].set_value(3).run()
    last = list(app.dataframe[0].value["peak"])
    assert (len(first), len(last)) == (5, 2)
    assert first + last == sorted(first + last)


def test_uploads_are_added_and_what_was_wrong_is_told_file_by_file(open_page, submitted):
    app = open_page("sounds")
    project = open_store().projects()[0]
    app.file_uploader[0].set_value(
        [("good.wav", tone_wav(), "audio/wav"), ("bad.wav", b"not sound", "audio/wav")]
    ).run()
    app = press(app, "Add")
    assert [clip.name for clip in open_store().clips(project.id)] == ["good.wav"]
    assert "bad.wav: The file is not a sound file" in app.warning[0].value


def test_the_same_sound_twice_is_one_and_the_page_says_so(open_page):
    app = open_page("sounds")
    app.file_uploader[0].set_value([("a.wav", tone_wav(), "audio/wav"), ("b.wav", tone_wav(), "audio/wav")]).run()
    app = press(app, "Add")
    assert "b.wav: already in this project." in app.warning[0].value


def test_a_zip_becomes_a_job_on_a_staged_file(open_page, submitted, lab_home):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("alarm/one.wav", tone_wav())
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


def test_a_new_project_is_made_by_typing_its_name(monkeypatch):
    seed.project()
    state = {"_project_pick": "Garage"}
    monkeypatch.setattr(session.st, "session_state", state)
    session._picked()
    assert state["project"] == "Garage"
    assert [project.name for project in open_store().projects()] == ["Garage", seed.PROJECT]


def test_a_project_name_that_cannot_be_is_refused_in_a_sentence(monkeypatch):
    seed.project()
    state = {"_project_pick": "x" * 300}
    monkeypatch.setattr(session.st, "session_state", state)
    session._picked()
    assert "1 to 200 printable characters" in state["_project_problem"]
    assert len(open_store().projects()) == 1


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
    monkeypatch.setattr(Store, "put_artifact", full)
    app = press(app, "Add 12 example sounds")
    assert app.warning[0].value == "- The disk is full: nothing was saved."
    assert "Add 12 example sounds" in labels(app)


def test_where_the_page_is_served_to_others_no_folder_of_this_computer_is_offered(open_page, monkeypatch):
    assert "Add folder" in labels(open_page("sounds"))
    monkeypatch.setattr(incoming, "LOOPBACK", ())
    assert "Add folder" not in labels(open_page("sounds"))


def test_the_other_project_is_shown_once_chosen(open_page):
    seed.examples()
    open_store().project("Garage")
    app = open_page("sounds")
    assert app.selectbox(key="_project_pick").value == "Garage"  # the newest
    app.selectbox(key="_project_pick").set_value(seed.PROJECT).run()
    assert len(app.dataframe[0].value) == 12


def test_three_front_ends_draw_the_same_tone_at_the_same_place():
    wave = (8_000 * np.sin(2 * np.pi * 3_000 * np.arange(32_000) / 16_000)).astype(np.int16)
    drawn = list(sight.pictures(wave))
    assert len(drawn) == 3
    for picture in drawn:
        loudest = picture.values.astype(float).mean(axis=0).argmax()
        assert loudest * picture.top_khz / picture.values.shape[1] == pytest.approx(3.0, abs=0.26)
        assert picture.seconds == pytest.approx(2.0, abs=0.05)


def test_the_whole_project_shows_its_split_version_and_leaks(open_page):
    seed.examples()
    app = open_page("sounds")
    shown = text(app)
    assert version(open_store(), seed.project().id).sha256[:8] in shown
    assert "tested windows" in shown
    assert [metric.label for metric in app.metric] == ["Trains", "Decides when to stop", "Tests"]


def test_an_export_is_a_job_and_its_zip_is_offered(open_page, submitted):
    seed.examples()
    licensed = wav_bytes(Clip(np.full(16_000, 900, np.int16), "dog", "dog"))
    open_store().add_clip(seed.project().id, licensed, "dog.wav", "dog", "dog", 1.0, 0.03, licence="ESC-50: CC BY-NC")
    app = press(open_page("sounds"), "Prepare export")
    assert "Not for commercial use: ESC-50: CC BY-NC." in [warning.value for warning in app.warning]
    (row,) = jobs.jobs(open_store())
    made = run_inline(row.task, row.args, open_store().config)
    seed.job(row.task, args=row.args, result=made)
    offered = open_page("sounds").get("download_button")
    assert any("13 sounds" in button.proto.label for button in offered)


def test_a_project_is_deleted_only_after_its_name_was_typed(open_page):
    seed.examples()
    app = press(open_page("sounds"), "Delete this project …")
    sure = next(button for button in app.button if button.label == "Delete for good")
    assert sure.disabled
    assert open_store().projects()[0].name == seed.PROJECT


def test_a_sound_is_trimmed_to_what_the_slider_keeps(open_page):
    seed.examples()
    first = clips()[0]
    app = open_page("sounds")
    app.slider(key=f"trim-{first.id}").set_value((1.0, 3.5)).run()
    app = press(app, "Trim")
    assert 2.5 in [clip.seconds for clip in clips()]
    press(app, "Undo")
    assert {clip.seconds for clip in clips()} == {6.0}


def test_segments_from_a_table_are_kept_and_cut_into_sounds(open_page):
    seed.examples()
    first = clips()[0]
    app = open_page("sounds")
    table = f"file,start_s,end_s\n{first.name},0.5,1.5\n{first.name},2,3\n".encode()
    app.file_uploader(key=f"segments-{first.id}").set_value([("segments.csv", table, "text/csv")]).run()
    assert [each["start_s"] for each in clips()[0].segments] == [0.5, 2.0]
    press(app, "Cut into 2 sounds")
    assert len(clips()) == 13
    assert [clip.seconds for clip in clips()].count(1.0) == 2
