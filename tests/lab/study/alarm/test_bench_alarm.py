"""`bench alarm` and `bench features` whole, on little sound."""

import json

import numpy as np

from lab.sound.clip import Clip
from lab.sound.features.rows import engine
from lab.sound.files import wav_bytes
from lab.sound.synth import test_alarm as clean_alarm
from lab.study import bench_alarm, bench_features, benches
from lab.study.alarm import slices
from tests.lab.study.alarm.test_slices import SMALL


def test_the_bench_gives_pictures_recall_and_false_alarms_beside_the_articles(monkeypatch, tmp_path):
    monkeypatch.setattr(slices, "SLICES", {"small": SMALL})
    monkeypatch.setattr(bench_alarm, "FOUND_TRIALS", 3)
    monkeypatch.setattr(bench_alarm, "hour_seconds", lambda detector: 9.0)
    plot, told = tmp_path / "slices.html", []
    made = benches.run("alarm", {"hours": 0.1, "plot": plot}, lambda *step: told.append(step[:2]))
    assert json.loads(json.dumps(made)) == made
    assert [each["contender"] for each in made["slices"][0]["pictures"]] == [c["contender"] for c in made["contenders"]]
    assert {(row["what"], row["alarms"]) for row in made["found"]} == {(t, 3) for t, _ in bench_alarm.GOALS.values()}
    assert all(0 <= row["found"] <= 1 for row in made["found"])
    assert [row["hours"] for row in made["quiet"]["synthetic"]] == [0.167] * 3
    assert "T3: pitch and level" in plot.read_text("utf-8")
    assert "<script src" not in plot.read_text("utf-8"), "no network is needed to look at it"
    assert told == sorted(told)


def test_the_figures_set_its_own_rule_beside_others(tmp_path):
    (tmp_path / "calm.wav").write_bytes(wav_bytes(Clip(np.zeros(48_000, np.int16), "", "calm")))
    (tmp_path / "t3.wav").write_bytes(wav_bytes(Clip(clean_alarm("t3", 14.0), "", "t3")))
    (tmp_path / "manifest.csv").write_text("file,label\ncalm.wav,not_alarm\nt3.wav,alarm\n", "utf-8")
    told = []
    options = {"figures": True, "hours": 0.1, "trials": 2, "seed": 5, "folder": tmp_path}
    made = benches.run("alarm", options, lambda *step: told.append(step[:2]))
    assert json.loads(json.dumps(made)) == made
    names = ["its own rule", "T3 rhythm or 16 s of tone", "T3 only", "mean of 4 s"]
    assert [each["contender"] for each in made["contenders"]] == names
    assert [(row["contender"], row["alarms"]) for row in made["found"]] == [(name, 2) for name in names] * 3
    quiet = made["quiet"]
    assert [[row["hours"] for row in quiet[key]] for key in ("fresh", "test")] == [[0.167] * 4] * 2
    assert [row["false_alarms"] for row in quiet["folder"]] == [0] * 4
    [recording] = made["recordings"]
    heard = [each["heard_s"] for each in recording["contenders"]]
    assert recording["file"] == "t3.wav"
    assert heard[3] < 4.0 < heard[1] == heard[2] < 8.0, "a mean answers within one cycle, a rhythm in the second"
    assert told == sorted(told)


def test_a_drawn_alarm_lies_within_its_goal():
    rng = np.random.default_rng(0)
    for _ in range(50):
        t3, low, faint = (bench_alarm.drawn_stage(name, rng) for name in ("t3", "low", "faint"))
        assert 2_900 <= t3.freq_hz <= 3_400
        assert t3.level_db >= -40
        assert t3.snr_db >= 0
        assert 468 <= low.freq_hz <= 572
        assert faint.level_db == -46


def test_the_feature_engine_equals_cmsis_called_frame_by_frame():
    frames = np.random.default_rng(1).integers(-32_768, 32_768, (40, 256)).astype(np.int16)
    assert (engine()(frames) == bench_features.frame_by_frame(frames)).all()
