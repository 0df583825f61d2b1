"""The dry alarms: pitch, harmonics and timing, before any room."""

from itertools import pairwise

import numpy as np
import pytest

from lab.sound.synth import alarms

RATE = 16_000
N = 12 * RATE
MAKERS = [
    alarms.t3, alarms.t3_low, alarms.continuous, alarms.continuous_low, alarms.sweep,
    alarms.sweep_triangle, alarms.pair, alarms.t3_horn, alarms.t3_low_speaker, alarms.warble,
]  # fmt: skip


def dry(make, seed):
    return make(np.random.default_rng(seed), N)


def power(sound):
    """Power a bin of about 1 Hz."""
    return np.abs(np.fft.rfft(sound * np.hanning(len(sound)), RATE)) ** 2


def inside(segments):
    mask = np.zeros(N, bool)
    for start, end in segments:
        mask[round(start * RATE) : round(end * RATE)] = True
    return mask


@pytest.mark.parametrize("make", MAKERS, ids=lambda make: make.__name__)
def test_segments_are_where_the_tone_is(make):
    for seed in range(6):
        sound, segments = dry(make, seed)
        mask = inside(segments)
        assert not sound[~mask].any()
        blocks = np.abs(sound[mask][: mask.sum() // 800 * 800].reshape(-1, 800)).max(axis=1)
        assert blocks.min() > 0.02 * blocks.max()


@pytest.mark.parametrize("seed", range(10))
def test_a_piezo_lies_within_its_range_and_its_octave_is_15_to_40_db_down(seed):
    tone = alarms.piezo(np.random.default_rng(seed), 3_150.0, RATE)
    found = power(tone)
    peak = int(found.argmax())
    assert abs(peak - 3_150) <= 0.006 * 3_150
    octave = 10 * np.log10(found[6_200:6_400].sum() / found[3_100:3_200].sum())
    assert -41 < octave < -14


def test_drawn_pitches_are_mostly_near_3150_and_always_2600_to_3800():
    drawn = np.array([alarms.piezo_hz(np.random.default_rng(seed)) for seed in range(2_000)])
    assert drawn.min() >= 2_600
    assert drawn.max() <= 3_800
    assert np.mean(np.abs(drawn - 3_150) < 350) > 0.6


@pytest.mark.parametrize("seed", range(10))
def test_a_low_alarm_has_mostly_odd_harmonics(seed):
    rng = np.random.default_rng(seed)
    found = power(alarms.low_square(rng, alarms.low_hz(rng), RATE))
    first = int(found.argmax())
    assert 465 <= first <= 575
    assert found[3 * first - 20 : 3 * first + 20].sum() > 0.01 * found[first - 20 : first + 20].sum()
    assert found[2 * first - 20 : 2 * first + 20].sum() < 0.01 * found.sum()


@pytest.mark.parametrize("seed", range(10))
def test_a_sweep_keeps_most_of_its_power_at_2_to_4_khz(seed):
    sound, _ = dry(alarms.sweep, seed)
    found = np.abs(np.fft.rfft(sound)) ** 2
    assert found[12 * 2_200 : 12 * 3_700].sum() > 0.6 * found.sum()


def test_two_alarms_overlap_and_their_segments_are_joined():
    _, segments = dry(alarms.pair, 5)
    assert all(a[1] < b[0] for a, b in pairwise(segments))
    assert alarms.merged([(0, 1), (0.5, 2), (3, 4), (2, 2.5)]) == [(0, 2.5), (3, 4)]


def test_some_alarms_begin_or_end_within_the_scene():
    whole = [dry(alarms.continuous, seed)[1] == [(0.0, 12.0)] for seed in range(60)]
    assert 0.4 < np.mean(whole) < 0.9
