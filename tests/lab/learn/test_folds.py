import numpy as np
import pytest

from lab.learn import folds
from lab.learn.models import Architecture
from lab.learn.schedule import Schedule
from lab.sound.augment import Augmentation, Level
from lab.sound.clip import Clip
from lab.sound.datasets import Item
from lab.sound.features import DEFAULT
from lab.sound.files import wav_bytes

SMALL = Architecture("article", filters=4, dropout=0.0, dense=0, kernel=(8, 8))


def tone(freq_hz, fold):
    rng = np.random.default_rng(fold)
    wave = 8_000 * np.sin(2 * np.pi * freq_hz * np.arange(24_000) / 16_000) + rng.normal(0, 30, 24_000)
    clip = Clip(wave.astype(np.int16), str(freq_hz), f"{freq_hz}-{fold}")
    return Item(wav_bytes(clip), clip.label, clip.recording_id, fold)


def test_each_fold_is_tested_once_and_tones_are_told_apart():
    items = [tone(freq_hz, fold) for fold in (1, 2, 3) for freq_hz in (500, 3_000)]
    found = folds.cross_validate(items, DEFAULT, SMALL, Schedule("baseline", 15, 5e-3, batch=4))
    assert [row["fold"] for row in found["folds"]] == [1, 2, 3]
    assert found["clips"]["mean"] == pytest.approx(1.0)
    assert found["windows"]["least"] > 0.5


def test_without_patience_the_validating_fold_trains_too_and_copies_are_made(monkeypatch):
    seen = []
    real = folds.train_baseline

    def watched(dataset, *args, augmentation=None, **others):
        seen.append((dataset.splits.count("validate"), augmentation))
        return real(dataset, *args, augmentation=augmentation, **others)

    monkeypatch.setattr(folds, "train_baseline", watched)
    items = [tone(freq_hz, fold) for fold in (1, 2, 3) for freq_hz in (500, 3_000)]
    recipe = Augmentation((Level(),), copies=2)
    folds.cross_validate(items, DEFAULT, SMALL, Schedule("baseline", 1, 5e-3), augmentation=recipe)
    folds.cross_validate(items, DEFAULT, SMALL, Schedule("baseline", 1, 5e-3, patience=1))
    assert seen[:3] == [(0, recipe)] * 3
    assert seen[3:] == [(2, None)] * 3
