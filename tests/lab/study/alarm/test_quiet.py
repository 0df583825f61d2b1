import csv

import numpy as np
import pytest

from lab.deploy.prepared import prepared_detector
from lab.errors import BadInput
from lab.sound.clip import Clip
from lab.sound.files import wav_bytes
from lab.sound.synth import test_alarm as clean_alarm
from lab.study.alarm import quiet
from lab.study.alarm.contenders import Contender

PREPARED = [Contender("prepared", prepared_detector())]


def write(path, samples):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wav_bytes(Clip(np.asarray(samples, np.int16), "", path.stem)))


def noise(seconds):
    return np.random.default_rng(0).normal(0, 30, int(seconds * 16_000)).astype(np.int16)


def test_each_folder_is_played_as_one_and_an_event_is_told_by_file_and_time(tmp_path):
    write(tmp_path / "calm" / "a.wav", noise(3))
    write(tmp_path / "loud" / "a.wav", noise(5))
    write(tmp_path / "loud" / "b.wav", clean_alarm("t3", 12.0) // 2)
    calm, loud = quiet.over_folder(PREPARED, tmp_path)
    assert (calm["source"], calm["contenders"][0]["false_alarms"]) == ("calm", 0)
    assert loud["hours"] == pytest.approx(17 / 3600, abs=1e-4)
    [event] = loud["contenders"][0]["at"]
    assert event["file"] == "b.wav"
    assert 1.0 < event["t_s"] < 9.0
    [total] = quiet.summed([calm, loud])
    assert (total["false_alarms"], total["upper_bound_95"]) == (1, pytest.approx(4.744 / (20 / 3600), rel=0.02))


def test_what_a_manifest_calls_an_alarm_is_left_out(tmp_path):
    write(tmp_path / "a.wav", noise(4))
    write(tmp_path / "b.wav", clean_alarm("t3", 8.0))
    with (tmp_path / "manifest.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("file", "label"), ("a.wav", "not_alarm"), ("b.wav", "alarm")])
    [row] = quiet.over_folder(PREPARED, tmp_path)
    assert row["hours"] == pytest.approx(4 / 3600, abs=1e-4)
    assert row["contenders"][0]["false_alarms"] == 0


def test_a_folder_without_sound_is_refused(tmp_path):
    with pytest.raises(BadInput, match="holds no sound"):
        quiet.over_folder(PREPARED, tmp_path)
    with pytest.raises(BadInput, match="is not a folder"):
        quiet.over_folder(PREPARED, tmp_path / "nowhere")


def test_synthetic_hours_are_whole_ten_minutes_and_name_the_families():
    made = quiet.over_synthetic(PREPARED, hours=0.01)
    assert made["hours"] == pytest.approx(1 / 6)
    [row] = made["contenders"]
    assert row["false_alarms"] == sum(each["times"] for each in row["at"])


def test_places_are_those_of_sounds_one_after_another():
    assert quiet.places([0.5, 1.0, 2.9], [16_000, 16_000, 16_000]) == [(0, 0.5), (1, 0.0), (2, 0.9)]
    assert quiet.places([], [16_000]) == []
