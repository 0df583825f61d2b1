"""What the Alarm bench page submits, run as the worker runs it."""

import json

import numpy as np
import pytest

from lab.deploy.prepared import prepared_detector
from lab.errors import BadInput
from lab.sound.clip import Clip
from lab.sound.files import wav_bytes
from lab.sound.synth import test_alarm as clean_alarm
from lab.study import projects
from lab.study.alarm import quiet, slices, tasks, tuner
from lab.workspace.context import run_inline
from lab.workspace.settings import settings
from lab.workspace.store import open_store
from tests.lab.study.alarm.test_slices import SMALL
from tests.lab.study.alarm.test_tuner import heard


def run(function, **args):
    kept = open_store().put_artifact("detector", "a.detector", prepared_detector().to_bytes()).sha256
    made = run_inline(f"{tasks.__name__}:{function}", {"detector": kept, **args}, settings(), project_id=None)
    assert json.loads(json.dumps(made)) == made
    assert made["detector"] == kept
    return made


def test_slices_are_measured_for_the_detector_and_the_articles(monkeypatch):
    monkeypatch.setitem(slices.SLICES, "level", SMALL)
    made = run("hears", slices=["level", "rules"], trials=1)
    assert [len(each["pictures"]) for each in made["slices"]] == [3, 1]
    with pytest.raises(BadInput, match="Choose among"):
        run("hears", slices=["weather"])
    with pytest.raises(BadInput, match="1 to 10"):
        run("hears", slices=["level"], trials=99)


def test_a_projects_other_sounds_are_listened_to_as_well(monkeypatch, tmp_path):
    monkeypatch.setattr(quiet, "CHUNK_SCENES", 2)
    for label, samples in (("kettle", np.zeros(40_000, np.int16)), ("alarm", clean_alarm("t3", 9.0))):
        (tmp_path / label).mkdir()
        (tmp_path / label / "a.wav").write_bytes(wav_bytes(Clip(samples, "", "a")))
    projects.add("Bench", [tmp_path])
    made = run("stays_quiet", hours=0.001, project_id=open_store().project("Bench").id)
    synthetic, own = made["sources"]
    assert synthetic["hours"] == pytest.approx(20 / 3600)
    assert own["hours"] == pytest.approx(2.5 / 3600, abs=1e-4), "the alarm is left out"
    assert len(made["totals"]) == 2
    with pytest.raises(BadInput, match="up to 24"):
        run("stays_quiet", hours=100)


def test_every_rule_is_tried_on_what_was_heard_once(monkeypatch):
    monkeypatch.setattr(tuner, "listen", lambda detector, scenes, hours, on_progress: heard())
    made = run("tune")
    assert len(made["choices"]) == len(tuner.RULES) * len(tuner.THRESHOLDS)
    assert made["alarms"] == 2
