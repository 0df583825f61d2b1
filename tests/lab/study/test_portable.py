"""A project goes out as a zip and comes in again bit for bit, or not at all."""

import errno
import json
import os
import zipfile

import numpy as np
import pytest

from lab.cli import main
from lab.errors import BadInput, LabError
from lab.sound import facts
from lab.sound.augment import ARTICLE, SUGGESTED, Augmentation, WhiteNoise
from lab.sound.clip import Clip
from lab.sound.files import wav_bytes
from lab.study.augmentation import save, saved
from lab.study.portable import bring_in, export
from lab.study.projects import project_dataset
from lab.study.versions import non_commercial, version
from lab.workspace.store import open_store


@pytest.fixture
def store(lab_home):
    return open_store()


@pytest.fixture
def project(store):
    """Eight clips of four recordings, two labels, one clip without."""
    made = store.project("Küche 🔥")
    for number in range(8):
        samples = np.random.default_rng(number).integers(-9_000, 9_000, 16_000).astype(np.int16)
        label = ("alarm", "not_alarm", "alarm", "")[number % 4]
        store.add_clip(
            made.id, wav_bytes(Clip(samples, label, "")), f"{number} «x».wav", label, f"take {number // 2}", 1.0,
            facts.peak(samples), "recorded", "ESC-50: CC BY-NC", ["Mixed."], facts.clipped(samples),
        )  # fmt: skip
    return made


@pytest.fixture
def packed(store, project, tmp_path):
    export(store, project.id, tmp_path / "kitchen.zip")
    return tmp_path / "kitchen.zip"


FIELDS = ("sha256", "name", "label", "recording_id", "seconds", "peak", "source", "licence", "notes", "clipped", "fold",
          "segments")  # fmt: skip


def rows(store, project_id):
    return [tuple(getattr(clip, field) for field in FIELDS) for clip in store.clips(project_id)]


def changed(packed, tmp_path, edit):
    """Return the zip with its card, or an entry, edited."""
    out = tmp_path / "changed.zip"
    with zipfile.ZipFile(packed) as old, zipfile.ZipFile(out, "w") as new:
        parts = {entry.filename: old.read(entry) for entry in old.infolist()}
        card = json.loads(parts.pop("project.json"))
        edit(card, parts)
        for name, data in {"project.json": json.dumps(card).encode(), **parts}.items():
            new.writestr(name, data)
    return out


def test_the_version_is_the_one_that_training_would_name(store, project):
    found = version(store, project.id)
    assert found.sha256 == project_dataset(store, project.id).sha256()
    assert sum(found.clips.values()) == 6
    assert found.by_fold is False


def test_another_label_is_another_version(store, project):
    before = version(store, project.id).sha256
    store.set_label([store.clips(project.id)[0].id], "whistle")
    assert version(store, project.id).sha256 != before


def test_a_project_comes_back_bit_for_bit(store, project, packed, tmp_path):
    made = bring_in(store, packed)
    assert made["project"] == "Küche 🔥 (2)"
    assert rows(store, made["project_id"]) == rows(store, project.id)
    assert made["dataset"] == version(store, project.id).sha256
    store.delete_project(project.id)
    again = bring_in(store, packed)
    export(store, again["project_id"], tmp_path / "again.zip")
    assert (tmp_path / "again.zip").read_bytes() == packed.read_bytes()


@pytest.mark.parametrize("recipe", [SUGGESTED, ARTICLE, Augmentation((WhiteNoise((0.001, 0.0303)),), 3, seed=77)])
def test_the_augmentation_travels_bit_for_bit(store, project, tmp_path, recipe):
    save(store, project.id, recipe)
    export(store, project.id, tmp_path / "one.zip")
    made = bring_in(store, tmp_path / "one.zip", name="Elsewhere")
    assert saved(store, made["project_id"]) == recipe
    assert made["dataset"] == version(store, project.id).sha256
    store.delete_project(project.id)
    again = bring_in(store, tmp_path / "one.zip")
    export(store, again["project_id"], tmp_path / "two.zip")
    assert (tmp_path / "two.zip").read_bytes() == (tmp_path / "one.zip").read_bytes()


def test_a_project_back_at_its_usual_copies_exports_as_if_it_had_had_no_recipe(store, project, packed, tmp_path):
    save(store, project.id, SUGGESTED)
    save(store, project.id, None)
    export(store, project.id, tmp_path / "usual.zip")
    assert (tmp_path / "usual.zip").read_bytes() == packed.read_bytes()
    assert saved(store, bring_in(store, packed)["project_id"]) is None


def test_the_command_line_exports_and_imports(store, project, tmp_path, capfd):
    out = tmp_path / "kitchen.zip"
    assert main(["project", "export", "Küche 🔥", "--out", str(out), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["clips"] == 8
    assert main(["project", "import", str(out), "--name", "Workshop", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["dataset"] == version(store, project.id).sha256
    assert main(["project", "import", str(out), "--name", "Workshop"]) == 2
    assert "choose another name" in capfd.readouterr().err


def first(card):
    return card["clips"][0]


EDITS = {
    "another schema": (lambda card, _: card.update(schema=9), "schema is not 1"),
    "no clips": (lambda card, _: card.pop("clips"), "lacks its name"),
    "a clip that is a number": (lambda card, _: card.update(clips=[1]), "not described in text"),
    "a label of any bytes": (lambda card, _: first(card).update(label="a\x1b[2J"), "use letters"),
    "half a character": (lambda card, _: first(card).update(name="\ud800"), "not described in text"),
    "a climbing hash": (lambda card, _: first(card).update(sha256="../../etc/passwd"), "is not in the zip"),
    "a sound twice": (lambda card, _: card["clips"].append(first(card)), "names one sound twice"),
    "another label": (lambda card, _: first(card).update(label="whistle"), "not those that its version names"),
    "a damaged sound": (
        lambda card, parts: parts.update({f"audio/{first(card)['sha256']}.wav": b"RIFF"}), "changed or damaged",
    ),
    "a fold that is no number": (lambda card, _: first(card).update(fold="x"), "has the fold"),
    "segments that run back": (
        lambda card, _: first(card).update(segments=[{"start_s": 2, "end_s": 1}]), "ends after it starts",
    ),
    "infinite segments": (
        lambda card, _: first(card).update(segments=[{"start_s": 0, "end_s": float("inf")}]), "ends after it starts",
    ),
    "an augmentation of another kind": (lambda card, _: card.update(augment=[1]), "augmentation cannot be used"),
    "a million copies": (lambda card, _: card.update(augment={"copies": 10**6}), "augmentation cannot be used: copies"),
    "an entry that climbs": (lambda _, parts: parts.update({"../evil.wav": b"x"}), "leads out of its folder"),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_a_hostile_project_is_one_sentence_and_adds_nothing(store, packed, tmp_path, name):
    edit, says = EDITS[name]
    with pytest.raises(BadInput, match=says):
        bring_in(store, changed(packed, tmp_path, edit))
    assert [each.name for each in store.projects()] == ["Küche 🔥"]


@pytest.mark.parametrize("keep", [0, 10, 500, 0.5, 0.99])
def test_a_cut_off_zip_adds_nothing(store, packed, keep):
    data = packed.read_bytes()
    packed.write_bytes(data[: int(keep if keep >= 1 else keep * len(data))])
    with pytest.raises(BadInput):
        bring_in(store, packed)
    assert [each.name for each in store.projects()] == ["Küche 🔥"]


def test_an_import_that_is_killed_or_finds_the_disk_full_adds_nothing(store, packed, monkeypatch):
    store.delete_project(store.find_project("Küche 🔥").id)

    def killed(done, *_):
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        bring_in(store, packed, on_progress=killed)
    assert store.projects() == []
    assert bring_in(store, packed)["clips"] == 8


def test_a_full_disk_leaves_no_half_zip(store, project, tmp_path, monkeypatch):
    def full(_handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LabError, match="disk is full"):
        export(store, project.id, tmp_path / "out" / "kitchen.zip")
    assert list((tmp_path / "out").iterdir()) == []


def test_licences_that_forbid_selling_are_known_by_their_usual_names():
    assert [non_commercial(name) for name in ("ESC-50: CC BY-NC", "CC-BY-NC-4.0", "ESC-10: CC BY", "")] == [
        True, True, False, False,
    ]  # fmt: skip
