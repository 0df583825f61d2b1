"""An augmentation kept with a project, tried as training would, and passed to training."""

import json

import numpy as np
import pytest

from lab import cli
from lab.errors import BadInput
from lab.learn.examples import from_dataset
from lab.sound import features, synth
from lab.sound.augment import ARTICLE, SUGGESTED, Augmentation, Level, Mixing
from lab.sound.clip import Clip
from lab.sound.features import DEFAULT
from lab.sound.files import read_clip, wav_bytes
from lab.study import augmentation, baselines, projects
from lab.workspace.context import run_inline
from lab.workspace.settings import settings
from lab.workspace.store import open_store

RATE = 16_000
TONES = {"alarm": 3_100, "kettle": 700}
SMALL = {"kind": "ds", "filters": 2, "kernel": [5, 4], "dense": 4}
QUIETER = Augmentation((Level((-20.0, -10.0)), Mixing()))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder of six recordings for each of two tones, 1.5 seconds each."""
    made, rng = tmp_path_factory.mktemp("tones"), np.random.default_rng(5)
    time_s = np.arange(3 * RATE // 2) / RATE
    for label, tone_hz in TONES.items():
        (made / label).mkdir()
        for index in range(6):
            wave = 9_000 * np.sin(2 * np.pi * tone_hz * (1 + 0.01 * index) * time_s) + 300 * rng.normal(
                size=len(time_s)
            )
            (made / label / f"{label}{index}.wav").write_bytes(wav_bytes(Clip(wave.astype(np.int16), label, "")))
    return made


@pytest.fixture
def project(folder):
    """Return the number of a project of those sounds."""
    projects.add("Kitchen", [folder])
    return open_store().project("Kitchen").id


def task(function, project_id, **args):
    return run_inline(f"lab.study.tasks:{function}", {"project_id": project_id, **args}, settings(),
                      project_id=project_id)  # fmt: skip


def test_the_newest_that_was_saved_counts_and_none_is_the_usual(project):
    store = open_store()
    assert augmentation.saved(store, project) is None
    for recipe in (SUGGESTED, QUIETER, None, ARTICLE):
        augmentation.save(store, project, recipe)
        assert augmentation.saved(store, project) == recipe
    assert augmentation.saved(store, store.project("Another").id) is None


def test_what_is_tried_is_what_training_hears(project):
    """The page's copy of each training clip, cut into windows, is among what the first epoch trains on."""
    store = open_store()
    dataset = augmentation.split_of(store, project)
    labels = ("alarm", "kettle")
    data = from_dataset(dataset, DEFAULT, labels, background=["kettle"], augmentation=QUIETER)
    others = augmentation.backgrounds(dataset, QUIETER, ["alarm"])
    sides = {clip.id: augmentation.side_of(dataset, clip.recording_id) for clip in store.clips(project)}
    assert sorted(set(sides.values())) == ["test", "train", "validate"]
    trained = {window.tobytes() for window in data.train.windows}
    for clip in store.clips(project):
        samples = read_clip(store.read_artifact(clip.sha256))[0].samples
        (copy,) = QUIETER.copies_of(samples, others)
        heard = {window.tobytes() for window in features.windows(copy, DEFAULT, stride=4_000)}
        assert (heard <= trained) == (sides[clip.id] == "train")


def test_only_training_clips_are_mixed_in(project):
    store = open_store()
    dataset = augmentation.split_of(store, project)
    wanted = [item.clip().samples.tobytes() for item in dataset.of("train") if item.label == "kettle"]
    found = augmentation.backgrounds(dataset, QUIETER, ["alarm"])
    assert [samples.tobytes() for samples in found] == wanted
    assert [samples.tobytes() for samples in found[1:]] == wanted[1:]
    assert augmentation.backgrounds(dataset, SUGGESTED, ["alarm", "kettle"])[:] != found
    assert len(augmentation.backgrounds(dataset, Augmentation((Level(),)), ["alarm"])) == 0


def test_a_project_without_sounds_mixes_in_a_synthetic_one():
    store = open_store()
    dataset = augmentation.split_of(store, store.project("Empty").id)
    (only,) = augmentation.backgrounds(dataset, SUGGESTED, ["alarm"])
    np.testing.assert_array_equal(only, synth.render(*augmentation.BACKGROUND).samples)


def test_settings_travel_with_the_job_into_run_and_baseline(project):
    store = open_store()
    made = task("train_baseline", project, arch=SMALL, epochs=1, augment=QUIETER.to_json())
    assert store.run(made["run_id"]).data["augmentation"] == QUIETER.to_json()
    assert baselines.from_bytes(store.read_artifact(made["baseline"])).augmentation == QUIETER.to_json()


def test_labels_to_mix_in_that_are_not_there_stop_the_training_with_a_sentence(project):
    recipe = Augmentation((Mixing(labels=("rain",)),))
    with pytest.raises(BadInput, match="labelled rain; no training sound is"):
        task("train_baseline", project, arch=SMALL, epochs=1, augment=recipe.to_json())


def test_the_command_line_takes_a_file(folder, tmp_path, capfd):
    recipe, out = tmp_path / "mine.json", tmp_path / "model.baseline"
    recipe.write_text(json.dumps(QUIETER.to_json()))
    command = ["train", "baseline", f"--data={folder}", f"--out={out}", "--epochs=1", "--json"]
    assert cli.main([*command, f"--augment={recipe}"]) == 0
    assert baselines.load(out).augmentation == QUIETER.to_json()
    recipe.write_text('{"effects": ["loud"]}')
    capfd.readouterr()
    assert cli.main([*command, f"--augment={recipe}"]) == 2
    assert capfd.readouterr().err.strip().splitlines()[-1].startswith("error: There is no effect 'loud'")
