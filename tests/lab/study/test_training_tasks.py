"""From a project's sounds to a baseline and a detector, as the pages and the command line do it."""

import json

import numpy as np
import pytest
import soundfile

from lab import cli
from lab.deploy.detector import Detector
from lab.deploy.twin import Twin
from lab.sound.augment import ARTICLE, SUGGESTED, Augmentation, Level
from lab.study import projects
from lab.workspace.context import run_inline
from lab.workspace.settings import settings
from lab.workspace.store import open_store

RATE = 16_000
TONES = {"alarm": 3_100, "kettle": 700, "voice": 1_500}
TASKS = "lab.study.tasks"
SMALL = {"kind": "ds", "filters": 4, "kernel": [5, 4], "dense": 4}


@pytest.fixture(scope="module")
def sounds(tmp_path_factory):
    """Return a folder of six recordings for each of three tones, two seconds each."""
    folder = tmp_path_factory.mktemp("sounds")
    rng = np.random.default_rng(5)
    time_s = np.arange(2 * RATE) / RATE
    for label, tone_hz in TONES.items():
        (folder / label).mkdir()
        for index in range(6):
            wave = 0.3 * np.sin(2 * np.pi * tone_hz * (1 + 0.01 * index) * time_s) + 0.01 * rng.normal(size=len(time_s))
            soundfile.write(folder / label / f"{label}{index}.wav", wave, RATE)
    return folder


def task(function, project_id, **args):
    return run_inline(f"{TASKS}:{function}", {"project_id": project_id, **args}, settings(), project_id=project_id)


def test_a_project_becomes_a_detector_that_learned_from_own_recordings_too(sounds):
    projects.add("Workshop", [sounds])
    for label in ("alarm", "kettle"):
        projects.add("Kitchen", [sounds / label], label)
    store = open_store()
    workshop, kitchen = store.project("Workshop").id, store.project("Kitchen").id
    level = Augmentation((Level(),)).to_json()
    first = task("train_baseline", workshop, arch=SMALL, epochs=2, augment=level)
    assert first["classes"] == sorted(TONES)
    plain = task("finetune", workshop, from_run=first["run_id"], epochs=1, name="Plain")
    own = task("finetune", workshop, from_run=first["run_id"], epochs=1, name="Own", own_project_id=kitchen,
               augment=SUGGESTED.to_json())  # fmt: skip
    assert own["dataset"].startswith(f"{plain['dataset']}+")
    assert own["detector"] != plain["detector"]
    kept = Detector.from_bytes(store.read_artifact(own["detector"]))
    assert kept.name == "Own"
    assert kept.augmentation == {"baseline": level, "finetune": SUGGESTED.to_json()}
    assert own["augmentation"] == kept.augmentation
    assert plain["augmentation"] == {"baseline": level, "finetune": ARTICLE.to_json()}
    assert Twin(kept).outputs(np.zeros((1, *kept.spec.shape), np.int8)).shape[0] == 1
    assert [run.kind for run in store.runs(workshop)].count("finetune") == 2


def test_the_command_line_trains_and_fine_tunes(sounds, tmp_path, capfd):
    model, made = tmp_path / "model.baseline", tmp_path / "kitchen.detector"
    assert cli.main(["train", "baseline", "--data", str(sounds), "--out", str(model), "--epochs", "1", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["classes"] == sorted(TONES)
    data = [f"--data={sounds}", f"--own={sounds}"]
    command = ["train", "finetune", f"--from={model}", *data, f"--out={made}"]
    assert cli.main([*command, "--epochs", "1", "--json"]) == 0
    told = json.loads(capfd.readouterr().out)
    assert told["windows"]["count"] > 0
    assert Detector.load(made).name == "kitchen"
