"""What each effect does to a sound, measured from the sound."""

import numpy as np
import pytest

from lab.sound.augment import (
    ARTICLE,
    EFFECTS,
    SUGGESTED,
    Augmentation,
    BandLimit,
    Level,
    Mixing,
    RandomSilence,
    Room,
    TimeShift,
    WhiteNoise,
    augmented,
    band_limit,
    level,
    mix,
    random_silence,
    room,
    time_shift,
    white_noise,
)  # fmt: skip
from lab.sound.augment.effects import MAKERS, apply

RATE = 16_000
NAMES = list(EFFECTS)


def rng(seed=0):
    return np.random.default_rng(seed)


def noise(seconds=2.0, peak=8_000, seed=5):
    return rng(seed).integers(-peak, peak, round(RATE * seconds)).astype(np.int16)


def tone(hz, seconds=1.0, peak=8_000):
    return np.rint(peak * np.sin(2 * np.pi * hz * np.arange(round(RATE * seconds)) / RATE)).astype(np.int16)


def peak_of(samples):
    return int(np.abs(samples.astype(int)).max(initial=0))


def level_db(samples):
    return 20 * np.log10(np.sqrt(np.mean(np.square(samples.astype(float)))))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("count", [0, 1, 2, 511, 16_001])
def test_length_and_type_stay(name, count):
    samples = noise()[:count]
    out = apply(EFFECTS[name](), samples, [noise(1.0, seed=6)], rng(3))
    assert out.dtype == np.int16
    assert out.shape == samples.shape


@pytest.mark.parametrize("name", NAMES)
def test_the_same_generator_gives_the_same_and_another_something_else(name):
    samples, others = noise(), [noise(3.0, seed=6)]
    once, again, other = (apply(EFFECTS[name](share=(0.1, 0.3)) if name == "random_silence" else EFFECTS[name](),
                                samples, others, rng(seed)) for seed in (4, 4, 5))  # fmt: skip
    np.testing.assert_array_equal(once, again)
    assert not np.array_equal(once, other)


@pytest.mark.parametrize("name", NAMES)
def test_what_goes_in_stays_as_it_was(name):
    samples, other = noise(), noise(3.0, seed=6)
    before = samples.copy(), other.copy()
    samples.flags.writeable = other.flags.writeable = False
    apply(EFFECTS[name](), samples, [other], rng())
    np.testing.assert_array_equal(samples, before[0])
    np.testing.assert_array_equal(other, before[1])


@pytest.mark.parametrize("name", NAMES)
def test_silence_stays_silence_but_for_noise(name):
    quiet = np.zeros(RATE, np.int16)
    out = apply(EFFECTS[name](), quiet, [quiet], rng(1))
    assert (peak_of(out) > 0) == (name == "white_noise")


@pytest.mark.parametrize("kind", [Level, Room, BandLimit, TimeShift], ids=lambda kind: kind.title)
@pytest.mark.parametrize("peak", [-32_768, 32_767])
def test_a_full_scale_sound_does_not_clip(kind, peak):
    """Clipping bends a sine: its third harmonic would rise far over 60 dB below it."""
    samples = np.clip(tone(440.0, 2.0, 32_767), -32_767, 32_767)
    samples[100] = peak
    for seed in range(5):
        out = MAKERS[kind](samples, rng(seed))
        spectrum = np.abs(np.fft.rfft(out[8_000:24_000] * np.hanning(16_000)))
        assert spectrum[1_320] < spectrum[440] / 1_000


@pytest.mark.parametrize("gain_db", [-40.0, -6.0206, 0.0, 6.0206])
def test_level_is_the_gain_that_was_drawn(gain_db):
    samples = tone(1_000.0)
    out = level(samples, rng(), Level((gain_db, gain_db)))
    assert level_db(out) - level_db(samples) == pytest.approx(gain_db, abs=0.04)
    assert peak_of(out) == pytest.approx(peak_of(samples) * 10 ** (gain_db / 20), abs=1)


def test_a_gain_that_would_clip_stops_at_full_scale_and_keeps_the_form():
    samples = tone(1_000.0)
    out = level(samples, rng(), Level((20.0, 20.0)))
    assert peak_of(out) == 32_767
    np.testing.assert_allclose(out, samples * (32_767 / peak_of(samples)), atol=0.51)


def test_gains_fill_their_range():
    samples = tone(1_000.0)
    gains = [level_db(level(samples, rng(seed), Level((-12.0, -2.0)))) - level_db(samples) for seed in range(200)]
    assert -12.01 < min(gains) < -11.5
    assert -2.5 < max(gains) < -1.99
    assert np.mean(gains) == pytest.approx(-7.0, abs=0.6)


@pytest.mark.parametrize("rt60_s", [0.2, 0.5, 1.0, 2.0])
def test_the_rooms_decay_takes_its_rt60(rt60_s):
    """Schroeder's backward integral of the answer to a click, fitted from -5 to -25 dB of the tail: T20 of ISO 3382."""
    click = np.zeros(3 * RATE, np.int16)
    click[0] = 30_000
    measured = []
    for seed in range(6):
        out = room(click, rng(seed), Room((rt60_s, rt60_s))).astype(float)
        tail = np.square(out[round(0.04 * RATE) :])  # after the direct sound and the early reflections
        decay_db = 10 * np.log10(np.maximum(np.cumsum(tail[::-1])[::-1] / tail.sum(), 1e-12))
        fit = np.flatnonzero((decay_db < -5) & (decay_db > -25))
        slope_db, _ = np.polyfit(fit / RATE, decay_db[fit], 1)
        measured.append(-60 / slope_db)
    assert np.mean(measured) == pytest.approx(rt60_s, rel=0.08)


def test_a_room_keeps_the_peak_and_the_time_of_the_direct_sound():
    click = np.zeros(RATE, np.int16)
    click[4_000] = 20_000
    for seed in range(5):
        out = room(click, rng(seed))
        assert peak_of(out) == 20_000
        assert not out[:4_000].any()
        assert int(np.abs(out.astype(int)).argmax()) == 4_000
        assert np.count_nonzero(out[4_100:]) > 1_000


def gain_at(hz, settings):
    """Return what the filter leaves of a tone, in dB, once it has settled."""
    samples = tone(hz, 2.0)
    return level_db(band_limit(samples, rng(), settings)[RATE:]) - level_db(samples[RATE:])


def test_the_band_is_3_db_down_at_its_corners_and_24_db_an_octave_beyond():
    band = BandLimit((300.0, 300.0), (2_000.0, 2_000.0))
    assert gain_at(300, band) == pytest.approx(-3.0, abs=0.15)
    assert gain_at(2_000, band) == pytest.approx(-3.0, abs=0.15)
    assert gain_at(150, band) == pytest.approx(-24.1, abs=0.5)
    assert gain_at(4_000, band) < -24.0  # the bilinear transform bends the upper slope down
    assert gain_at(800, band) == pytest.approx(0.0, abs=0.1)


def test_a_band_limit_shows_in_the_spectrum_of_noise():
    out = band_limit(noise(8.0), rng(), BandLimit((500.0, 500.0), (3_000.0, 3_000.0)))
    power = np.square(np.abs(np.fft.rfft(out)))
    hz = np.fft.rfftfreq(len(out), 1 / RATE)
    inside, below, above = (power[(hz > low) & (hz < high)].mean() for low, high in
                            ((700, 2_500), (50, 200), (6_000, 7_900)))  # fmt: skip
    assert 10 * np.log10(inside / below) > 30
    assert 10 * np.log10(inside / above) > 30


def test_corners_at_the_ends_leave_the_sound_as_it_is():
    samples = noise()
    np.testing.assert_array_equal(band_limit(samples, rng(), BandLimit((0.0, 0.0), (8_000.0, 8_000.0))), samples)


@pytest.mark.parametrize(("shift_s", "moved"), [(0.25, 4_000), (-0.25, -4_000), (0.0, 0), (0.00006, 1), (1.0, 16_000)])
def test_a_time_shift_moves_every_sample_by_just_as_many(shift_s, moved):
    samples = noise()
    out = time_shift(samples, rng(), TimeShift((shift_s, shift_s)))
    wanted = np.zeros_like(samples)
    for place, value in enumerate(samples.tolist()):
        if 0 <= place + moved < len(samples):
            wanted[place + moved] = value
    np.testing.assert_array_equal(out, wanted)


def test_a_shift_beyond_the_clip_leaves_silence():
    assert not time_shift(noise(1.0), rng(), TimeShift((1.5, 1.5))).any()
    assert not time_shift(noise(1.0), rng(), TimeShift((-1.5, -1.5))).any()


def test_noise_has_the_drawn_peak_and_is_flat_in_its_spectrum():
    out = white_noise(np.zeros(8 * RATE, np.int16), rng(), WhiteNoise((0.1, 0.1)))
    assert peak_of(out) == pytest.approx(0.1 * 32_767, abs=5)
    bands = np.square(np.abs(np.fft.rfft(out)))[1:].reshape(8, -1).mean(axis=1)
    assert 10 * np.log10(bands.max() / bands.min()) < 0.5


def test_the_drawn_share_is_silenced():
    out = random_silence(np.full(50_000, 9, np.int16), rng(), RandomSilence((0.5, 0.5)))
    assert np.mean(out == 0) == pytest.approx(0.5, abs=0.01)
    assert not random_silence(noise(), rng(), RandomSilence((1.0, 1.0))).any()


def test_mixing_adds_the_drawn_share_of_the_peak():
    samples, other = tone(1_000.0, peak=10_000), tone(3_000.0, peak=50)
    added = mix(samples, other, rng(), Mixing((0.5, 0.5))).astype(int) - samples
    assert peak_of(added) == pytest.approx(5_000, abs=2)
    assert int(np.abs(np.fft.rfft(added)).argmax()) == 3_000


def test_mixing_without_anything_to_mix_in_leaves_the_sound():
    samples = noise()
    np.testing.assert_array_equal(apply(Mixing(), samples, [], rng()), samples)


def test_the_articles_copies_are_bit_for_bit_those_of_the_first_version():
    """Each copy weighed with 1 to 97; the sums were written down from the version that knew these three alone."""
    copies = augmented(noise(), [noise(3.0, seed=6)], rng(11))
    sums = [int(copy.astype(np.int64) @ (np.arange(len(copy)) % 97 + 1)) for copy in copies]
    assert sums == [-25418621, 13875265, -36462331]


def test_a_whole_recipe_neither_clips_nor_changes_length():
    samples, others = noise(3.0, 30_000), [noise(1.0, 30_000, 6)]
    for draw in range(20):
        (copy,) = SUGGESTED.copies_of(samples, others, draw)
        assert copy.shape == samples.shape
    assert len(ARTICLE.copies_of(samples, others)) == 3
    assert Augmentation().copies_of(samples, others) == []
