import numpy as np
import pytest

from lab.errors import BadInput
from lab.learn.examples import class_weights, from_dataset, joined
from lab.sound.clip import Clip
from lab.sound.datasets import Dataset, Item
from lab.sound.features import DEFAULT, PUBLISHED
from lab.sound.files import wav_bytes
from tests.lab.learn.sounds import examples


def item(label, recording, seconds=1.25, silent_from=None, seed=0):
    samples = np.random.default_rng(seed).integers(-3_000, 3_000, int(16_000 * seconds)).astype(np.int16)
    if silent_from is not None:
        samples[int(16_000 * silent_from) :] = 0
    return Item(wav_bytes(Clip(samples, label, recording)), label, recording)


def dataset(*items, splits=None):
    return Dataset(items, tuple(splits or ["train"] * len(items)))


def test_windows_start_each_quarter_of_a_second():
    data = from_dataset(dataset(item("a", "r1"), item("b", "r2", 1.5)), DEFAULT)
    assert data.train.classes.tolist() == [0, 0, 1, 1, 1]
    assert data.train.clips.tolist() == [0, 0, 1, 1, 1]


def test_windows_without_any_sound_are_dropped():
    data = from_dataset(dataset(item("a", "r1", 3.0, silent_from=0.5), item("b", "r2")), DEFAULT)
    assert (data.train.classes == 0).sum() == 2


def test_a_clip_shorter_than_a_window_gives_none():
    data = from_dataset(dataset(item("a", "r1", 0.5), item("b", "r2")), DEFAULT)
    assert set(data.train.classes.tolist()) == {1}


def test_nothing_long_enough_at_all_says_so():
    with pytest.raises(BadInput, match="record longer"):
        from_dataset(dataset(item("a", "r1", 0.5), item("b", "r2", 0.5)), DEFAULT)


def test_one_label_is_not_enough():
    with pytest.raises(BadInput, match="two labels"):
        from_dataset(dataset(item("a", "r1")), DEFAULT)


def test_only_what_trains_is_augmented():
    items = (item("a", "r1"), item("b", "r2"), item("a", "r3"), item("b", "r4"))
    sides = dataset(*items, splits=["train", "train", "test", "test"])
    data = from_dataset(sides, DEFAULT, augmented=True, background=["b"])
    assert len(data.test) == 4
    assert len(data.train) == 4 * 4


def test_inputs_are_codes_over_128():
    made = examples(2)
    assert made.inputs().shape == (2, 31, 32, 1)
    assert made.inputs().max() == np.float32(127 / 128)
    assert made.inputs().min() == np.float32(-1)


def test_published_windows_stay_magnitudes():
    data = from_dataset(dataset(item("a", "r1"), item("b", "r2")), PUBLISHED)
    assert data.train.windows.dtype == np.float32
    assert np.array_equal(data.train.inputs()[..., 0], data.train.windows)


def test_joined_examples_keep_clips_apart():
    whole = joined([examples(8), examples(8)])
    assert whole.clips.tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]


def test_class_weights_make_rare_classes_count_as_much():
    weights = class_weights(np.array([0, 0, 0, 1]), 3)
    assert weights == {0: 4 / 6, 1: 2.0, 2: 1.0}
