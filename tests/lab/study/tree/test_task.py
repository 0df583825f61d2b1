"""The walk as a job of a project: its rows, files, densities and events."""

import json

import numpy as np
import pytest
import soundfile

from lab.deploy.detector import Detector
from lab.errors import BadInput
from lab.study import projects
from lab.study.tree import walk
from lab.workspace.context import run_inline
from lab.workspace.settings import settings
from lab.workspace.store import open_store

RATE = 16_000
TASK = "lab.study.tree.task:optimize"
OPTIONS = {"sparsity": 0.5, "clusters": 16, "base_epochs": 2, "prune_epochs": 1, "qat_epochs": 1, "cluster_epochs": 1}


@pytest.fixture(scope="module", autouse=True)
def no_board():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(walk.__globals__, "on_the_board", lambda _tflite: {"cycles": None})
        yield


@pytest.fixture
def project(tmp_path):
    """Return the number of a project with two tones."""
    rng = np.random.default_rng(5)
    time_s = np.arange(2 * RATE) / RATE
    for label, tone_hz in (("alarm", 3_100), ("kettle", 700)):
        (tmp_path / label).mkdir()
        for index in range(6):
            wave = 0.3 * np.sin(2 * np.pi * tone_hz * (1 + 0.01 * index) * time_s) + 0.01 * rng.normal(size=len(time_s))
            soundfile.write(tmp_path / label / f"{label}{index}.wav", wave, RATE)
    projects.add("Tones", [tmp_path])
    return open_store().project("Tones").id


def run(project, **args):
    told = []
    given = {"project_id": project, "model": "alarm", "data": "project", "options": OPTIONS, **args}
    return run_inline(TASK, given, settings(), on_epoch=told.append, project_id=project), told


def test_a_projects_sounds_are_walked_kept_and_told(project):
    result, told = run(project, paths=["PTQ", "PQAT"])
    json.dumps(result)  # the job table holds JSON
    assert [row["path"] for row in result["summary"]] == ["PTQ", "PQAT"]
    assert result["summary"][1]["kept"] is True
    assert result["summary"][1]["sparsity"] >= 0.5
    assert result["left"] == ["depthwise1", "depthwise2"]
    assert (result["scored"], result["on"]["versions"].keys() >= {"tensorflow"}) == (result["scored"], True)
    assert {each["state"] for each in told if "state" in each} == {"running", "measuring", "done"}
    assert [each["row"]["path"] for each in told if "row" in each] == ["PTQ", "PQAT"]
    store = open_store()
    files = store.runs(project, "optimize")[0].artifacts
    assert {"PTQ.0.tflite", "PQAT.0.tflite", "PQAT.0.detector", "PQAT.py", "table.csv", "table.md"} <= set(files)
    detector = Detector.from_bytes(store.read_artifact(files["PQAT.0.detector"]))
    assert detector.model == store.read_artifact(files["PQAT.0.tflite"])


def test_densities_show_zeros_growing_through_the_steps(project):
    result, _ = run(project, paths=["PTQ", "PQAT"])
    steps = {row["step"]: row for row in result["densities"]["conv"]}
    assert set(steps) == {"base", "prune", "PTQ (int8)", "PQAT (int8)"}
    assert steps["base"]["zeros"] < 0.1 < 0.5 <= steps["prune"]["zeros"]
    assert steps["PQAT (int8)"]["zeros"] >= 0.5
    assert sum(steps["prune"]["share"]) == pytest.approx(1.0, abs=1e-3)


@pytest.mark.parametrize(("args", "says"), [
    ({"paths": []}, "Name some paths"),
    ({"paths": ["PTQX"]}, "There is no path 'PTQX'"),
    ({"paths": ["PTQ"], "seeds": 0}, "0 seeds"),
    ({"paths": ["PTQ"], "options": {"sparsity": 1.0}}, "sparsity of 1"),
    ({"paths": ["PTQ"], "options": {"clusters": 1}}, "1 clusters"),
    ({"paths": ["PTQ"], "options": {"qat_epochs": 0}}, "0 epochs"),
    ({"paths": ["PTQ"], "options": {"colour": 1}}, "settings cannot be read"),
    ({"paths": ["PTQ"], "model": "ds_cnn_s", "data": "embedded"}, "ds_cnn_s needs data"),
    ({"paths": ["PTQ"], "spec": "loud"}, "no feature spec 'loud'"),
])  # fmt: skip
def test_what_cannot_be_walked_is_one_clear_sentence(project, args, says):
    with pytest.raises(BadInput, match=says):
        run(project, **args)
    assert not open_store().runs(project, "optimize")
