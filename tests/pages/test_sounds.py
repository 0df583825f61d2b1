"""Sounds: empty, filled, edited, undone."""

import numpy as np
import pytest

from lab.sound.clip import Clip
from lab.sound.files import wav_bytes
from lab.workspace.store import open_store
from pages.ui import session, shelf, sight
from tests.pages import seed
from tests.pages.conftest import labels, press, text


def test_an_empty_project_offers_example_sounds_and_adds_twelve(open_page):
    seed.project()
    app = press(open_page("sounds"), "Add 12 example sounds")
    assert len(seed.clips()) == 12
    assert {clip.label for clip in seed.clips()} == {"alarm", "not_alarm"}
    assert all(0.2 < clip.peak < 0.96 for clip in seed.clips())
    assert "Add 12 example sounds" not in labels(app)


def test_the_first_sound_is_shown_with_player_and_pictures(open_page):
    seed.examples()
    app = open_page("sounds")
    assert app.subheader[0].value == seed.clips()[0].name
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
    first = seed.clips()[0]
    next(each for each in app.selectbox if each.label == "Label of 1 sound").set_value("not_alarm").run()
    assert not app.exception
    assert next(clip for clip in seed.clips() if clip.id == first.id).label == "not_alarm"


def test_a_label_that_cannot_be_one_is_refused_in_a_sentence(monkeypatch):
    """AppTest types no new options, so the callback is called as the browser's choice would."""
    seed.examples()
    first, state = seed.clips()[0], {"box": 'fire"alarm'}
    monkeypatch.setattr(shelf.st, "session_state", state)
    shelf._relabel(seed.project().id, [first.id], "box")
    assert "use letters, digits, spaces" in state["_label_problem"]
    assert seed.clips()[0].label == first.label


def test_delete_can_be_undone(open_page):
    seed.examples()
    app = press(open_page("sounds"), "Delete")
    assert len(seed.clips()) == 11
    assert "1 sound deleted." in text(app)
    app = press(app, "Undo")
    assert len(seed.clips()) == 12
    assert "deleted" not in text(app)


def test_undo_outlives_a_reload_and_takes_edits_back_from_the_last(open_page):
    seed.examples()
    press(open_page("sounds"), "Delete")
    press(open_page("sounds"), "Delete")
    assert len(seed.clips()) == 10
    app = press(press(open_page("sounds"), "Undo"), "Undo")
    assert len(seed.clips()) == 12
    assert "Undo" not in labels(app)


def test_what_the_filters_leave_is_deleted_together(open_page):
    seed.examples()
    app = open_page("sounds")
    app.button_group[0].set_value(["alarm"]).run()
    count = len(app.dataframe[0].value)
    next(each for each in app.toggle if "filters leave" in each.label).set_value(True).run()
    press(app, "Delete")
    assert len(seed.clips()) == 12 - count
    assert {clip.label for clip in seed.clips()} == {"not_alarm"}


def test_a_sound_moves_to_another_project_and_back(open_page):
    garage = open_store().project("Garage")
    seed.examples()
    app = open_page("sounds")
    app.selectbox(key="_project_pick").set_value(seed.PROJECT).run()
    next(box for box in app.selectbox if box.label == "Move to").set_value("Garage").run()
    assert not app.exception
    assert (len(seed.clips()), len(open_store().clips(garage.id))) == (11, 1)
    press(app, "Undo")
    assert (len(seed.clips()), len(open_store().clips(garage.id))) == (12, 0)


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


def test_a_sound_is_trimmed_to_what_the_slider_keeps(open_page):
    seed.examples()
    first = seed.clips()[0]
    app = open_page("sounds")
    app.slider(key=f"trim-{first.id}").set_value((1.0, 3.5)).run()
    app = press(app, "Trim")
    assert 2.5 in [clip.seconds for clip in seed.clips()]
    press(app, "Undo")
    assert {clip.seconds for clip in seed.clips()} == {6.0}


def test_segments_from_a_table_are_kept_and_cut_into_sounds(open_page):
    seed.examples()
    first = seed.clips()[0]
    app = open_page("sounds")
    table = f"file,start_s,end_s\n{first.name},0.5,1.5\n{first.name},2,3\n".encode()
    app.file_uploader(key=f"segments-{first.id}").set_value([("segments.csv", table, "text/csv")]).run()
    assert [each["start_s"] for each in seed.clips()[0].segments] == [0.5, 2.0]
    press(app, "Cut into 2 sounds")
    assert len(seed.clips()) == 13
    assert [clip.seconds for clip in seed.clips()].count(1.0) == 2


def test_the_table_shows_what_fits_beside_the_sound_and_every_column_on_request(open_page):
    seed.examples()
    app = open_page("sounds")
    shown = ["name", "label", "length", "peak"]
    assert list(app.dataframe[0].proto.column_order) == shown
    quiet = wav_bytes(Clip(np.ones(8_000, np.int16), "alarm", "quiet"))
    open_store().add_clip(seed.project().id, quiet, "quiet.wav", "alarm", "quiet", 0.5, 1 / 32_768)
    assert list(app.run().dataframe[0].proto.column_order) == [*shown, "warnings"]
    app.toggle(key="wide-table").set_value(True).run()
    assert {"source", "licence", "recording"} <= set(app.dataframe[0].proto.column_order)


def test_a_label_track_of_audacity_becomes_segments(open_page):
    seed.examples()
    app = open_page("sounds")
    first = seed.clips()[0]
    track = b"0.5\t1.5\talarm\n2.0\t2.0\tpoint\n2.0\t3.0\t\n"
    app.file_uploader(key=f"segments-{first.id}").set_value([("Label Track.txt", track, "text/plain")]).run()
    assert seed.clips()[0].segments == [
        {"start_s": 0.5, "end_s": 1.5, "label": "alarm"}, {"start_s": 2.0, "end_s": 3.0, "label": ""},
    ]  # fmt: skip
    assert "Cut into 2 sounds" in labels(app)


def test_filters_that_leave_nothing_say_so_instead_of_asking_for_a_selection(open_page):
    seed.examples()
    app = open_page("sounds")
    app.text_input[
        [each.placeholder for each in app.text_input].index("Find by name, source, licence or note")
    ].set_value("no such sound").run()
    assert "Nothing found" in text(app)
    assert "Nothing selected" not in text(app)
    assert not app.dataframe
