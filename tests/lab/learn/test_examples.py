import numpy as np
import pytest

from lab.errors import BadInput
from lab.learn import examples as examples_module
from lab.learn.examples import LIFE, class_weights, from_dataset, joined, with_sounds
from lab.sound import features
from lab.sound.augment import Augmentation, Level, Mixing, RandomSilence, TimeShift, WhiteNoise
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


NOISY = Augmentation((WhiteNoise((0.1, 0.2)),))


def sides(count=1):
    """Return as many recordings of two labels in each split."""
    names = [(label, f"{split}{index}", split) for split in ("train", "validate", "test") for index in range(count)
             for label in "ab"]  # fmt: skip
    items = [item(label, f"{label}{name}", seed=index) for index, (label, name, _) in enumerate(names)]
    return dataset(*items, splits=[split for *_, split in names])


def test_a_recipe_copies_what_trains_and_nothing_else():
    plain, data = from_dataset(sides(), DEFAULT), from_dataset(sides(), DEFAULT, augmentation=NOISY)
    assert (len(data.train), len(data.validate), len(data.test)) == (8, 4, 4)
    np.testing.assert_array_equal(data.train.windows[:4], plain.train.windows)
    np.testing.assert_array_equal(data.validate.windows, plain.validate.windows)
    np.testing.assert_array_equal(data.test.windows, plain.test.windows)
    assert data.train.classes.tolist() == [0, 0, 1, 1] * 2
    assert data.train.clips.tolist() == [0, 0, 1, 1] * 2
    assert data.dataset == plain.dataset


def test_nothing_of_validation_or_test_is_mixed_into_what_trains():
    quiet, flat = item("b", "r2", seed=2), Clip(np.full(20_000, 9_000, np.int16), "b", "r3")
    others = [Item(wav_bytes(flat), "b", name) for name in ("r3", "r4")]
    held = dataset(item("a", "r1"), quiet, *others, splits=["train", "train", "validate", "test"])
    data = from_dataset(held, DEFAULT, background=["b"], augmentation=Augmentation((Mixing((1.0, 1.0)),)))
    assert [sound.tolist() for sound in data.fresh.backgrounds] == [quiet.clip().samples.tolist()]
    assert len(data.fresh.sounds) == 2


def test_a_copys_windows_are_those_of_the_copied_sound():
    data = from_dataset(sides(), DEFAULT, augmentation=NOISY)
    (copy,) = NOISY.copies_of(item("a", "atrain0", seed=0).clip().samples)
    np.testing.assert_array_equal(data.train.windows[4:6], features.windows(copy, DEFAULT, stride=4_000))


def test_each_epoch_renews_a_tenth_of_the_copies():
    data = from_dataset(sides(LIFE), DEFAULT, augmentation=NOISY)
    first, second = (data.fresh(epoch) for epoch in (0, 1))
    recorded = len(first) // 2
    np.testing.assert_array_equal(first.windows[:recorded], second.windows[:recorded])
    changed = [
        clip
        for clip in range(2 * LIFE)
        if not np.array_equal(first.take(first.clips == clip).windows, second.take(second.clips == clip).windows)
    ]
    assert changed == [LIFE - 1, 2 * LIFE - 1]
    np.testing.assert_array_equal(data.train.windows, first.windows)


def test_an_epochs_copies_depend_on_its_number_alone():
    one, two = (from_dataset(sides(2), DEFAULT, augmentation=NOISY).fresh for _ in range(2))
    one(3), one(25)
    np.testing.assert_array_equal(one(LIFE).windows, two(LIFE).windows)
    assert not np.array_equal(one(0).windows, one(LIFE).windows)


def test_copies_that_are_wholly_silent_are_left_out():
    gone = Augmentation((TimeShift((2.0, 2.0)),))
    data = from_dataset(sides(), DEFAULT, augmentation=gone)
    assert len(data.train) == 4


def test_a_recipe_without_effects_makes_no_copies():
    data = from_dataset(sides(), DEFAULT, augmented=True, background=["b"], augmentation=Augmentation())
    assert len(data.train) == 4
    assert data.fresh is None
    assert data.draws() is None


def test_sounds_that_are_not_held_are_read_again_and_give_the_same(monkeypatch):
    held = from_dataset(sides(), DEFAULT, augmentation=NOISY).fresh(LIFE)
    monkeypatch.setattr(examples_module, "MAX_HELD_BYTES", 0)
    data = from_dataset(sides(), DEFAULT, augmentation=NOISY)
    assert all(isinstance(sound, Item) for sound in data.fresh.sounds)
    np.testing.assert_array_equal(data.fresh(LIFE).windows, held.windows)


def test_labels_to_mix_in_that_no_training_sound_has_are_told():
    with pytest.raises(BadInput, match="labelled rain; no training sound is"):
        with_sounds(Augmentation((Level(), Mixing(labels=("rain",)))), sides())
    assert with_sounds(Augmentation((Mixing(labels=("b",)),)), sides()).mixing.labels == ("b",)
    assert with_sounds(Augmentation((RandomSilence(),)), sides()).mixing is None


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
