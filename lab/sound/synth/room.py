"""From a dry sound to what a microphone in a room would give."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from lab.sound.clip import RATE_HZ
from lab.sound.synth.tones import Rng, Sound, add, clock, unit

FULL_SCALE = 32_767.0


@dataclass(frozen=True, slots=True)
class Place:
    """Where a scene is heard.

    Attributes:
        level_db: the sound's peak, in dB of full scale.
        snr_db: how far the background's RMS lies below that.
        floor_db: RMS of the microphone's own noise, in dB of full scale.
        rt60_s: time in which echoes fall by 60 dB; 0 is outdoors.
    """

    level_db: float
    snr_db: float
    floor_db: float
    rt60_s: float


def draw_place(rng: Rng, noisy: bool = True) -> Place:
    """Return a random place: -6 to -46 dBFS, RT60 0.2–1.2 s or none.

    Args:
        rng: draws it.
        noisy: all levels from -4 to 40 dB above the background alike; else 0 to 45 dB, mostly about 25, as in a home.
    """
    return Place(
        level_db=float(rng.uniform(-46, -6)),
        snr_db=float(rng.uniform(-4, 40) if noisy else rng.triangular(0, 25, 45)),
        floor_db=float(rng.uniform(-78, -56)),
        rt60_s=float(rng.uniform(0.2, 1.2)) if rng.random() < 0.85 else 0.0,
    )


def echoes(rng: Rng, rt60_s: float) -> Sound:
    """Return an impulse response: the direct sound, early reflections and a decaying noise tail."""
    if rt60_s <= 0:
        return np.ones(1, np.float32)
    n = int(rt60_s * RATE_HZ)
    tail = rng.standard_normal(n, dtype=np.float32) * np.exp(-6.908 * clock(n) / np.float32(rt60_s))
    tail[: int(0.004 * RATE_HZ)] = 0
    ratio_db = float(rng.uniform(-6, 12))  # direct over reverberant energy
    tail *= np.float32(10 ** (-ratio_db / 20)) / np.sqrt(np.sum(np.square(tail)) + np.float32(1e-9))
    tail[0] += 1
    for at in rng.uniform(0.002, 0.035, int(rng.integers(3, 9))):
        add(tail, np.ones(1, np.float32), int(at * RATE_HZ), float(rng.uniform(-0.5, 0.5) * np.exp(-at * 30)))
    return np.asarray(tail, np.float32)


def microphone(rng: Rng, bins: int) -> Sound:
    """Return a gain for each FFT bin: ±9 dB of ripple, a roll-off below 30–250 Hz and above 5.5–8 kHz."""
    freqs = np.linspace(1, RATE_HZ / 2, bins)
    knots = np.log([1, 100, 300, 700, 1500, 2500, 4000, 6000, 8000])
    ripple_db = np.interp(np.log(freqs), knots, rng.uniform(-9, 9, len(knots)))
    low, high = float(rng.uniform(30, 250)), float(rng.uniform(5500, 8500))
    roll = 1 / np.sqrt((1 + (low / freqs) ** 4) * (1 + (freqs / high) ** 6))
    return np.asarray(10 ** (ripple_db / 20) * roll, np.float32)


def overdriven(rng: Rng, heard: Sound) -> Sound:
    """Bend the peaks of one recording in six, as a microphone too close to the sound does; the level stays."""
    if rng.random() > 1 / 6:
        return heard
    limit = np.float32(max(1e-6, float(np.abs(heard[::5]).max()) * 10 ** (-float(rng.uniform(0, 15)) / 20)))
    return np.asarray(limit * np.tanh(heard / limit), np.float32)


def peak_of(dry: Sound) -> float:
    """Return a sound's peak, clicks apart; 1 for silence."""
    peak = float(np.percentile(np.abs(dry[::5]), 99.5)) if dry.any() else 0.0
    return peak or float(np.abs(dry).max()) or 1.0


def record(rng: Rng, dry: Sound, background: Sound, place: Place) -> NDArray[np.int16]:
    """Return what the microphone gives: echoes, background, its own response, noise and rounding.

    Args:
        rng: draws room and microphone.
        dry: the sound, any scale; all zero for background alone.
        background: shape of dry, any scale.
        place: levels.

    Returns:
        int16, shape of dry.
    """
    n = len(dry)
    response = echoes(rng, place.rt60_s)
    length = fft.next_fast_len(n + len(response), real=True)
    level = 10 ** (place.level_db / 20)
    spectrum = fft.rfft(dry * np.float32(level / peak_of(dry)), length) * fft.rfft(response, length)
    noise_level = min(0.25, level * 10 ** (-place.snr_db / 20))
    spectrum += fft.rfft(unit(background) * np.float32(noise_level), length)
    heard = overdriven(rng, fft.irfft(spectrum * microphone(rng, length // 2 + 1), length)[:n])
    heard += rng.standard_normal(n, dtype=np.float32) * np.float32(10 ** (place.floor_db / 20))
    return np.asarray(np.clip(np.rint(heard * np.float32(FULL_SCALE)), -32_768, 32_767), np.int16)
