import io
import json
import zipfile
from dataclasses import replace

import pytest

from lab.deploy.detector import Detector
from lab.errors import BadInput
from lab.sound.features.spec import DEFAULT


@pytest.fixture
def detector():
    return Detector("alarm", b"not really a model", DEFAULT, ("alarm", "not_alarm"), ("alarm",), 0.7)


def test_a_detector_survives_its_file(detector):
    assert Detector.from_bytes(detector.to_bytes()) == detector


def test_how_copies_were_made_survives_and_costs_a_detector_without_them_no_byte(detector):
    made = replace(detector, augmentation={"finetune": {"effects": []}})
    assert Detector.from_bytes(made.to_bytes()) == made
    assert b"augmentation" not in zipfile.ZipFile(io.BytesIO(detector.to_bytes())).read("detector.json")


def test_equal_detectors_are_equal_files(detector):
    assert detector.to_bytes() == replace(detector).to_bytes()


def test_labels_may_hold_any_text(detector):
    odd = replace(detector, labels=('"; rm -rf\n', "🔥"), positive=("🔥",))
    assert Detector.from_bytes(odd.to_bytes()).positive_outputs == (1,)


def test_a_positive_label_must_be_a_label(detector):
    with pytest.raises(BadInput, match="Positive labels"):
        replace(detector, positive=("siren",))


def test_a_changed_model_is_noticed(detector):
    with pytest.raises(BadInput, match="was changed"):
        Detector.from_bytes(rezip(detector, model=b"another"))


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 garbage", b"RIFF"])
def test_a_file_that_is_no_detector_is_refused(data):
    with pytest.raises(BadInput, match=r"not a \.detector file"):
        Detector.from_bytes(data)


@pytest.mark.parametrize("change", [{"spec": {"name": "x", "rows": 0}}, {"threshold": "high"}, {"schema": 99}])
def test_a_card_that_makes_no_sense_is_refused(detector, change):
    with pytest.raises(BadInput):
        Detector.from_bytes(rezip(detector, card={**detector.card(), **change}))


def test_a_missing_file_is_one_sentence(tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        Detector.load(tmp_path / "none.detector")


def rezip(detector, card=None, model=None):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("detector.json", json.dumps(card or detector.card()))
        archive.writestr("model.tflite", model or detector.model)
    return buffer.getvalue()
