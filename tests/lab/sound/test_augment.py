import numpy as np
import pytest

from lab.sound.augment import augmented, mix, random_silence, white_noise

QUIET = np.zeros(20_000, np.int16)
LOUD = np.full(20_000, 8_000, np.int16)


def rng(seed=0):
    return np.random.default_rng(seed)


def test_white_noise_peaks_at_up_to_a_fifth_of_full_scale():
    peaks = [int(np.abs(white_noise(QUIET, rng(seed)).astype(int)).max()) for seed in range(200)]
    assert max(peaks) <= 6_554
    assert max(peaks) > 6_000
    assert min(peaks) < 500


def test_noise_is_flat_between_its_peaks():
    noise = white_noise(QUIET, rng(4)).astype(float)
    counts, _ = np.histogram(noise, 10)
    assert counts.min() > 0.9 * len(noise) / 10


def test_random_silence_keeps_four_samples_of_five():
    out = random_silence(LOUD, rng())
    assert set(np.unique(out)) == {0, 8_000}
    assert np.mean(out == 8_000) == pytest.approx(0.8, abs=0.01)


def test_mixing_adds_at_most_the_sounds_own_peak():
    background = np.full(50_000, 100, np.int16)
    added = [int((mix(LOUD, background, rng(seed)).astype(int) - 8_000).max()) for seed in range(200)]
    assert 0 <= min(added) < 500
    assert 7_500 < max(added) <= 8_000


def test_a_short_background_goes_round_and_a_silent_one_adds_nothing():
    ramp = np.arange(-50, 50, dtype=np.int16)
    out = mix(LOUD, ramp, rng(2)).astype(int) - 8_000
    np.testing.assert_array_equal(out[:100], out[100:200])
    np.testing.assert_array_equal(mix(LOUD, QUIET, rng()), LOUD)
    np.testing.assert_array_equal(mix(QUIET, LOUD, rng()), QUIET)


def test_peaks_are_cut_not_wrapped():
    full = np.full(1_000, 32_767, np.int16)
    assert white_noise(full, rng(1)).min() > 20_000
    assert mix(full, full, rng(1)).min() == 32_767


def test_the_same_seed_gives_the_same_copies():
    first, second = augmented(LOUD, [LOUD], rng(7)), augmented(LOUD, [LOUD], rng(7))
    assert len(first) == 3
    for one, two in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, two)
    assert len(augmented(LOUD, [], rng())) == 2
