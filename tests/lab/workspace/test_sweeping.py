"""What a crash left is cleared away; what is young, used, or somebody else's stays."""

import os
import time

import pytest

from lab.sound.clip import Clip
from lab.sound.files import wav_bytes
from lab.workspace.store import Artifact, Store, open_store
from lab.workspace.store.sweeping import SOUND_AGE_S, Swept, sweep
from lab.workspace.store.tables import now


@pytest.fixture
def store(lab_home):
    return open_store()


def clip(store, name="a.wav", value=7):
    import numpy as np

    wav = wav_bytes(Clip(np.full(1_000, value, np.int16), "", ""))
    return store.add_clip(store.project("Kitchen").id, wav, name, "alarm", name, 0.0625, 0.1)[0]


def stray(store, content, hours=2.0, folder=None):
    """Put a file where no row names it."""
    sha = store.files.put(content)
    path = store.files.local_path(sha)
    if folder:
        target = path.parents[1] / folder / path.name[:32]
        target.parent.mkdir(exist_ok=True)
        path.rename(target)
        path = target
    aged(path, hours)
    return path


def aged(path, hours):
    at = time.time() - 3_600 * hours
    os.utime(path, (at, at))


def test_files_without_a_row_go_and_clips_stay(store):
    kept = clip(store)
    aged(store.files.local_path(kept.sha256), 48)
    orphan, half = stray(store, b"orphan"), stray(store, b"half", folder="incoming")
    assert sweep(store) == Swept(files=2, sounds=0, bytes=10)
    assert not orphan.exists()
    assert not half.exists()
    assert store.read_artifact(kept.sha256)


def test_what_is_young_may_belong_to_work_under_way(store):
    young = [stray(store, b"orphan", 0.5), stray(store, b"half", 0.5, "incoming")]
    assert sweep(store) == Swept(0, 0, 0)
    assert all(path.exists() for path in young)


def test_a_sound_without_a_clip_goes_after_a_day_and_a_deleted_clip_keeps_its_own(store):
    deleted = clip(store)
    store.delete_clips([deleted.id])
    lonely = store.put_artifact("wav", "lonely.wav", b"RIFF lonely").sha256
    model = store.put_artifact("tflite", "model.tflite", b"TFL3").sha256
    assert sweep(store).sounds == 0
    with store.session() as session:
        for sha in (lonely, model, deleted.sha256):
            session.get(Artifact, sha).created = now().replace(year=2020)
    assert sweep(store, sound_age_s=SOUND_AGE_S) == Swept(files=0, sounds=1, bytes=11)
    store.restore_clips([deleted.id])
    assert store.read_artifact(deleted.sha256)
    assert store.read_artifact(model) == b"TFL3"
    assert not store.files.local_path(lonely).exists()


def test_names_that_people_gave_are_no_strays(store):
    store.files.name("models/kitchen", b"named")
    path = store.files.folder / "models" / "kitchen"
    aged(path, 48)
    assert sweep(store) == Swept(0, 0, 0)
    assert path.exists()


def test_a_folder_outside_of_lab_home_is_never_swept(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_ARTIFACTS_URL", (tmp_path / "shared").as_uri())
    store = open_store()
    others = stray(store, b"of another database", 48)
    assert sweep(store) == Swept(0, 0, 0)
    assert others.exists()


def test_a_new_home_has_nothing_to_sweep(lab_home):
    assert sweep(Store(open_store().config)) == Swept(0, 0, 0)
