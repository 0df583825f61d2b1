"""Voices: a pulse train through formants, syllable by syllable."""

import numpy as np
from scipy import fft

from lab.sound.clip import RATE_HZ
from lab.sound.synth.tones import Rng, Sound, add, band, decay, fade, partials, phase, unit

VOWELS = (
    (730, 1090, 2440),
    (270, 2290, 3010),
    (300, 870, 2240),
    (530, 1840, 2480),
    (570, 840, 2410),
    (490, 1350, 1690),
)
"""First three formants of six vowels in Hz, rounded from textbook averages."""


def formants(freqs: Sound, centres_hz: tuple[float, ...], width_hz: float = 90.0) -> Sound:
    """Return the amplitude of a vocal tract at each frequency."""
    total = np.full(len(freqs), 0.02, np.float32)
    for index, centre in enumerate(centres_hz):
        width = width_hz * (1 + 0.5 * index)
        total += np.float32(0.7**index) / np.sqrt(1 + ((freqs - np.float32(centre)) / np.float32(width)) ** 2)
    return total


def voiced(rng: Rng, n: int, f0: tuple[float, float], vowels: tuple[tuple[float, ...], tuple[float, ...]]) -> Sound:
    """Return one voiced sound that glides in pitch and from vowel to vowel.

    Args:
        rng: for breath and pitch jitter.
        n: samples.
        f0: pitch at start and end, in Hz.
        vowels: formants at start and end, in Hz.
    """
    pitch = np.linspace(f0[0], f0[1], n) * (1 + 0.01 * rng.standard_normal())
    turns = phase(pitch, n) / np.float32(2 * np.pi)
    source = turns * turns * (1 - turns) + np.float32(0.01) * rng.standard_normal(n, dtype=np.float32)
    length = fft.next_fast_len(n + 256, real=True)
    spectrum = fft.rfft(source - source.mean(), length)
    freqs = np.arange(length // 2 + 1, dtype=np.float32) * np.float32(RATE_HZ / length)
    spectrum *= freqs / np.float32(500)  # lips radiate +6 dB an octave
    mix = np.linspace(0, 1, n, dtype=np.float32)
    first = fft.irfft(spectrum * formants(freqs, vowels[0]), length)[:n]
    second = fft.irfft(spectrum * formants(freqs, vowels[1]), length)[:n]
    return np.asarray(first * (1 - mix) + second * mix, np.float32)


def speech(rng: Rng, n: int) -> Sound:
    """Return one talker: syllables, fricatives and pauses."""
    out = np.zeros(n, np.float32)
    base = float(rng.uniform(85, 280))
    tract = float(rng.uniform(0.9, 1.25))
    at = -int(rng.uniform(0, 0.3) * RATE_HZ)
    while at < n:
        length = int(rng.uniform(0.08, 0.3) * RATE_HZ)
        if rng.random() < 0.22:
            low = float(rng.uniform(1500, 4500))
            piece = band(rng, length // 2, low, low * 1.7) * fade(length // 2, 0.02, 0.03) * np.float32(0.25)
        else:
            f0 = (base * float(rng.uniform(0.8, 1.35)), base * float(rng.uniform(0.75, 1.2)))
            ends = tuple(tuple(f * tract for f in VOWELS[k]) for k in rng.integers(0, len(VOWELS), 2))
            piece = unit(voiced(rng, length, f0, (ends[0], ends[1]))) * fade(length, 0.02, 0.05)
        add(out, piece, at, float(rng.uniform(0.4, 1.0)))
        at += int(len(piece) * rng.uniform(0.85, 1.1))
        if rng.random() < 0.1:
            at += int(rng.uniform(0.15, 0.9) * RATE_HZ)
    return out


def babble(rng: Rng, n: int) -> Sound:
    """Return several talkers at once, made of two by shifting and turning round."""
    first, second = unit(speech(rng, n)), unit(speech(rng, n))
    total = first + second
    for source in (first, second):
        for _ in range(2):
            total += np.float32(rng.uniform(0.4, 1)) * np.roll(
                source[:: int(rng.choice([-1, 1]))], int(rng.integers(n))
            )
    return total


def crying(rng: Rng, n: int) -> Sound:
    """Return a baby's cries: a harmonic voice at 350–600 Hz that rises and falls."""
    out = np.zeros(n, np.float32)
    base = float(rng.uniform(330, 560))
    at = -int(rng.uniform(0, 0.8) * RATE_HZ)
    while at < n:
        length = int(rng.uniform(0.5, 1.3) * RATE_HZ)
        pitch = base * (1 + 0.25 * np.sin(np.pi * np.linspace(0.05, 0.9, length) ** rng.uniform(0.4, 1)))
        pitch = pitch * (1 + 0.015 * np.sin(2 * np.pi * 6 * np.arange(length) / RATE_HZ))
        voice = partials(phase(pitch, length), base * 1.3, [(k, k**-0.6 * rng.uniform(0.3, 1.2)) for k in range(1, 11)])
        add(out, voice * fade(length, 0.08, 0.2), at)
        at += length + int(rng.uniform(0.2, 0.7) * RATE_HZ)
    return out


def meow(rng: Rng, n: int) -> Sound:
    """Return a cat: single cries that glide, through moving formants."""
    out = np.zeros(n, np.float32)
    at = int(rng.uniform(-0.3, 0.6) * RATE_HZ)
    while at < n:
        length = int(rng.uniform(0.4, 1.1) * RATE_HZ)
        f0 = float(rng.uniform(350, 800))
        voice = voiced(
            rng, length, (f0, f0 * float(rng.uniform(0.7, 1.2))), ((900.0, 1700.0, 3000.0), (600.0, 1000.0, 2600.0))
        )
        add(out, unit(voice) * fade(length, 0.1, 0.25), at)
        at += length + int(rng.uniform(0.5, 2.5) * RATE_HZ)
    return out


def bark(rng: Rng, n: int) -> Sound:
    """Return a dog: short harsh bursts, alone or in twos and threes."""
    out = np.zeros(n, np.float32)
    base = float(rng.uniform(180, 900))
    at = int(rng.uniform(-0.2, 0.6) * RATE_HZ)
    while at < n:
        for _ in range(int(rng.integers(1, 4))):
            length = int(rng.uniform(0.1, 0.22) * RATE_HZ)
            pitch = base * (1 + 0.4 * np.sin(np.pi * np.linspace(0, 1, length)))
            voice = partials(phase(pitch, length), base * 1.4, [(k, k**-0.7) for k in range(1, 9)])
            rough = band(rng, length, 400, 3000) * np.float32(rng.uniform(0.3, 1.0))
            add(out, (voice + rough) * decay(length, 0.07, 0.01), at)
            at += length + int(rng.uniform(0.08, 0.3) * RATE_HZ)
        at += int(rng.uniform(0.2, 1.5) * RATE_HZ)
    return out
