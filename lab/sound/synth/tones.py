"""The oscillators, gates and noises that every generator is made of.

Everything is float32 at 16 kHz; `n` counts samples, times are in seconds.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from lab.sound.clip import RATE_HZ

Rng = np.random.Generator
Sound = NDArray[np.floating[Any]]
Pulse = tuple[float, float]
"""When a tone is on: (start_s, end_s)."""

TOP_HZ = 7_600.0
"""No partial lies above this; the rest is the converter's filter."""


def clock(n: int) -> Sound:
    """Return the time of each sample, in seconds."""
    return np.arange(n, dtype=np.float32) / np.float32(RATE_HZ)


def wander(rng: Rng, n: int, depth: float, each_s: float = 0.5) -> Sound:
    """Return 1 plus a slow random curve that stays within ±depth."""
    points = max(2, int(n / RATE_HZ / each_s) + 2)
    knots = rng.uniform(-depth, depth, points)
    return (1.0 + np.interp(np.linspace(0, points - 1, n), np.arange(points), knots)).astype(np.float32)


def phase(freq_hz: float | NDArray[np.floating], n: int, start: float = 0.0) -> Sound:
    """Return the phase of an oscillator, in radians within one turn.

    Args:
        freq_hz: constant, or one value a sample.
        n: samples.
        start: first phase, in turns.
    """
    if np.ndim(freq_hz):
        turns = np.cumsum(freq_hz, dtype=np.float64) / RATE_HZ + start
    else:
        turns = np.arange(n, dtype=np.float64) * (float(freq_hz) / RATE_HZ) + start
    return ((turns - np.floor(turns)) * (2 * np.pi)).astype(np.float32)


def partials(theta: Sound, freq_hz: float, amplitudes: Iterable[tuple[float, float]]) -> Sound:
    """Return a sum of sines over one phase.

    Args:
        theta: fundamental's phase, radians.
        freq_hz: its highest frequency; partials over TOP_HZ are left out.
        amplitudes: (multiple of the fundamental, amplitude). Multiples that are not whole click once a turn.
    """
    total = np.zeros(len(theta), np.float32)
    for multiple, amplitude in amplitudes:
        if multiple * freq_hz < TOP_HZ and amplitude:
            total += np.float32(amplitude) * np.sin(np.float32(multiple) * theta)
    return total


def harmonics(rng: Rng, count: int, slope: float, *, odd: bool = False) -> list[tuple[float, float]]:
    """Return partials that fall as k**-slope, each somewhat at random."""
    ks = range(1, 2 * count, 2) if odd else range(1, count + 1)
    return [(float(k), k**-slope * float(rng.uniform(0.6, 1.4)) if k > 1 else 1.0) for k in ks]


def repeat(offset_s: float, pattern: Sequence[Pulse], cycle_s: float, seconds: float) -> list[Pulse]:
    """Return the pulses of a repeating pattern that lie within 0 to seconds.

    Args:
        offset_s: when a cycle starts; earlier ones are repeated from it.
        pattern: pulses of one cycle, from its start.
        cycle_s: from one cycle to the next.
        seconds: length wanted; pulses are cut there.
    """
    first = -int(np.ceil((offset_s + cycle_s) / cycle_s))
    last = int(np.ceil((seconds - offset_s) / cycle_s))
    found = []
    for cycle in range(first, last + 1):
        base = offset_s + cycle * cycle_s
        for start, end in pattern:
            low, high = max(0.0, base + start), min(seconds, base + end)
            if high > low:
                found.append((low, high))
    return found


def run(count: int, on_s: float, off_s: float) -> list[Pulse]:
    """Return `count` pulses in a row from 0."""
    return [(k * (on_s + off_s), k * (on_s + off_s) + on_s) for k in range(count)]


def gate(pulses: Iterable[Pulse], n: int, ramp_s: float) -> Sound:
    """Return 1 while a pulse is on, 0 elsewhere, with raised-cosine ramps inside the pulse."""
    out = np.zeros(n, np.float32)
    for start, end in pulses:
        a, b = round(start * RATE_HZ), min(n, round(end * RATE_HZ))
        if b <= a:
            continue
        ramp_len = max(1, min((b - a) // 2, round(ramp_s * RATE_HZ)))
        ramp = (0.5 - 0.5 * np.cos(np.pi * (np.arange(ramp_len) + 0.5) / ramp_len)).astype(np.float32)
        out[a:b] = 1.0
        if a:
            out[a : a + ramp_len] = ramp
        if b < n:
            out[b - ramp_len : b] = ramp[::-1]
    return out


def add(out: Sound, piece: Sound, at: int, gain: float = 1.0) -> None:
    """Add a piece into a longer sound at a sample, cutting what lies outside."""
    start, end = max(0, at), min(len(out), at + len(piece))
    if end > start:
        out[start:end] += np.float32(gain) * piece[start - at : end - at]


def fade(n: int, attack_s: float, release_s: float) -> Sound:
    """Return an envelope that rises and falls in straight lines."""
    t = clock(n)
    left = np.float32(n / RATE_HZ) - t
    return np.asarray(
        np.minimum(1.0, np.minimum(t / np.float32(attack_s), left / np.float32(release_s))).astype(np.float32),
        np.float32,
    )


def decay(n: int, time_s: float, attack_s: float = 0.002) -> Sound:
    """Return an envelope that falls by e each time_s, after a short attack."""
    t = clock(n)
    return np.asarray(np.exp(-t / np.float32(time_s)) * np.minimum(1.0, t / np.float32(attack_s)), np.float32)


def white(rng: Rng, n: int) -> Sound:
    """Return white noise of RMS 1."""
    return rng.standard_normal(n, dtype=np.float32)


def shaped(rng: Rng, n: int, gain: Callable[[Sound], Sound]) -> Sound:
    """Return noise of RMS 1 with a given spectrum.

    Args:
        rng: where the noise comes from.
        n: samples.
        gain: amplitude at each frequency in Hz (never 0 Hz, which is left out).
    """
    length = fft.next_fast_len(n, real=True)
    bins = length // 2 + 1
    spectrum = rng.standard_normal(2 * bins, dtype=np.float32).view(np.complex64)
    freqs = (np.arange(bins, dtype=np.float32) * np.float32(RATE_HZ / length))[1:]
    spectrum[1:] *= gain(freqs)
    spectrum[0] = 0
    return unit(np.asarray(fft.irfft(spectrum, length)[:n], np.float32))


def band(rng: Rng, n: int, low_hz: float, high_hz: float, order: int = 2) -> Sound:
    """Return noise of RMS 1 between two frequencies, with soft edges."""
    return shaped(rng, n, lambda f: 1 / np.sqrt((1 + (low_hz / f) ** (2 * order)) * (1 + (f / high_hz) ** (2 * order))))


def unit(sound: Sound) -> Sound:
    """Scale to RMS 1; silence stays silent."""
    rms = float(np.sqrt(np.mean(np.square(sound)))) if len(sound) else 0.0
    return sound / np.float32(rms) if rms > 0 else sound
