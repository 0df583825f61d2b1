import io
import json
import shutil
import subprocess
import zipfile
from dataclasses import replace

import pytest

from lab.deploy.config import config_header
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


NASTY = (
    "NUL\0",
    '"; system("x"); "',
    "line\nfeed\r",
    "*/ #error /*",
    "??/ ??= ??'",
    "\\",
    "%s%n",
    "${X} $(id) `id`",
    "\x7f\x1b[2J",
    "🔥",
)


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_labels_of_any_characters_reach_c_as_they_are(detector, tmp_path):
    odd = replace(detector, name="*/??/\n\0", labels=NASTY, positive=NASTY[:1])
    (tmp_path / "lab_config.h").write_text(config_header(odd, "pico"), "utf-8")
    (tmp_path / "tell.c").write_text(
        '#include <stdio.h>\n#include "lab_config.h"\n'
        "int main(void) { return fwrite(LAB_HELLO, 1, sizeof LAB_HELLO - 1, stdout) == 0; }\n"
    )
    command = ["cc", "-std=c11", "-trigraphs", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "tell.c", "-o", "tell"]
    subprocess.run(command, cwd=tmp_path, check=True)
    told = json.loads(subprocess.run([tmp_path / "tell"], capture_output=True, check=True).stdout)
    assert (told["name"], told["labels"], told["positive"]) == (odd.name, list(NASTY), [NASTY[0]])


@pytest.mark.parametrize("label", ["\ud800", 3, None, ["alarm"]])
def test_a_label_that_is_no_text_is_refused(detector, label):
    with pytest.raises(BadInput, match="are text"):
        replace(detector, labels=("alarm", label))


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
