"""A .tflite and a folder of sounds are enough to know what a model costs and how often it errs."""

import json

import numpy as np
import pytest
import soundfile

from lab.cli import main
from lab.deploy.prepared import prepared_detector, published_detector
from lab.errors import BadInput
from lab.study import brought

RATE = 16_000


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(3)
    for label, tone_hz in (("alarm", 3_100), ("kettle", 700)):
        (tmp_path / "sounds" / label).mkdir(parents=True)
        wave = 0.3 * np.sin(2 * np.pi * tone_hz * np.arange(5 * RATE) / RATE) + 0.01 * rng.normal(size=5 * RATE)
        soundfile.write(tmp_path / "sounds" / label / f"{label}.wav", wave, RATE)
    (tmp_path / "mine.tflite").write_bytes(prepared_detector().model)
    return tmp_path


def test_the_command_tells_scores_bytes_and_exactness(folder, monkeypatch, capfd):
    board = {"flash_bytes": None, "ram_bytes": 7_832, "cycles": None, "cycles_why": "no cross compiler"}
    monkeypatch.setattr("lab.study.tree.measure.on_the_board", lambda _tflite: board)
    assert main(["evaluate", str(folder / "mine.tflite"), "--folder", str(folder / "sounds"), "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert [row["label"] for row in told["files"]] == ["alarm", "kettle"]
    assert told["events"]["hours"] == pytest.approx(5 / 3_600, abs=1e-4)
    assert told["model"]["tflite_bytes"] == len(prepared_detector().model)
    assert told["model"]["ram_bytes"] == 7_832
    assert told["model"]["exact"]["differ"] == 0
    assert told["model"]["exact"]["windows"] == 10


def test_features_are_told_by_the_shape_of_the_input(folder):
    assert brought.detector_of(folder / "mine.tflite", None, [], ["alarm"], 0.5).spec.name == "default"
    (folder / "his.tflite").write_bytes(published_detector().model)
    assert brought.detector_of(folder / "his.tflite", None, [], ["alarm"], 0.5).spec.name == "published"


@pytest.mark.parametrize(("name", "labels", "says"), [
    ("none.tflite", [], "cannot be read"), ("text.tflite", [], "tflite"),
    ("mine.tflite", ["bell", "rest"], "Positive labels"),
])  # fmt: skip
def test_what_does_not_fit_is_one_sentence(folder, name, labels, says):
    (folder / "text.tflite").write_text("no model")
    with pytest.raises(BadInput, match=says):
        brought.detector_of(folder / name, None, labels, ["alarm"], 0.5)
