"""Rooms and microphones, measured."""

import numpy as np
import pytest

from lab.sound.synth.room import Place, draw_place, echoes, overdriven, record

RATE = 16_000


@pytest.mark.parametrize("rt60_s", [0.3, 0.6, 1.1])
def test_echoes_fall_by_sixty_decibels_in_their_time(rt60_s):
    tail = echoes(np.random.default_rng(1), rt60_s)[int(0.04 * RATE) :].astype(float)
    left = 10 * np.log10(np.cumsum(tail[::-1] ** 2)[::-1])  # Schroeder's backward integration
    early, late = np.searchsorted(-(left - left[0]), [5, 25])
    assert (late - early) / RATE * 3 == pytest.approx(rt60_s, rel=0.15)


def test_outdoors_there_are_none():
    np.testing.assert_array_equal(echoes(np.random.default_rng(1), 0.0), [1.0])


def test_places_cover_the_levels_that_were_asked_for():
    places = [draw_place(np.random.default_rng(seed)) for seed in range(2_000)]
    levels = np.array([place.level_db for place in places])
    assert (round(levels.min()), round(levels.max())) == (-46, -6)
    rooms = np.array([place.rt60_s for place in places if place.rt60_s])
    assert rooms.min() >= 0.2
    assert rooms.max() <= 1.2
    assert 0.8 < len(rooms) / len(places) < 0.9


def test_level_and_background_follow_the_place():
    tone = np.sin(2 * np.pi * 1_000 * np.arange(RATE) / RATE).astype(np.float32)
    noise = np.random.default_rng(0).standard_normal(RATE).astype(np.float32)
    ratios, levels = [], []
    for seed in range(40):
        heard = record(np.random.default_rng(seed), tone, noise, Place(-20, 20, -90, 0.0)).astype(float)
        power = np.abs(np.fft.rfft(heard)) ** 2
        signal = power[998:1_003].sum()
        levels.append(10 * np.log10(4 * signal) - 20 * np.log10(RATE * 32_767))
        ratios.append(10 * np.log10(signal / (power.sum() - signal)))
    assert np.median(levels) == pytest.approx(-20, abs=3)
    assert np.median(ratios) == pytest.approx(17, abs=3)  # a sine's RMS is 3 dB below its peak


def test_overdriving_bends_peaks_and_never_raises_them():
    tone = np.sin(np.arange(RATE) / 3).astype(np.float32)
    bent = [overdriven(np.random.default_rng(seed), tone) for seed in range(300)]
    changed = [np.abs(each - tone).max() > 1e-3 for each in bent]
    assert 0.1 < np.mean(changed) < 0.25
    assert all(np.abs(each).max() <= 1 for each in bent)


def test_what_is_too_loud_is_cut():
    tone = np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE).astype(np.float32)
    heard = record(np.random.default_rng(3), tone, tone, Place(20, 0, -90, 0.0))
    assert heard.dtype == np.int16
    assert (heard.max(), heard.min()) == (32_767, -32_768)
