"""Animals, weather and water."""

import numpy as np

from lab.sound.clip import RATE_HZ
from lab.sound.synth.tones import Rng, Sound, add, band, decay, fade, gate, partials, phase, run, unit, wander


def songbird(rng: Rng, n: int) -> Sound:
    """Return phrases of short whistled sweeps, 1.8–7 kHz."""
    out = np.zeros(n, np.float32)
    at = -int(rng.uniform(0, 0.5) * RATE_HZ)
    while at < n:
        low = float(rng.uniform(1800, 5000))
        length = int(rng.uniform(0.03, 0.22) * RATE_HZ)
        gap = int(rng.uniform(0.02, 0.15) * RATE_HZ)
        curve = np.linspace(0, 1, length)
        shape = (curve, 1 - curve, np.sin(np.pi * curve), 0.5 + 0.5 * np.sin(2 * np.pi * curve * rng.uniform(2, 8)))
        freq = low * (1 + float(rng.uniform(0.05, 0.6)) * shape[int(rng.integers(4))])
        piece = np.sin(phase(freq, length)) * fade(length, 0.01, 0.015)
        for _ in range(int(rng.integers(1, 9))):
            add(out, piece, at, float(rng.uniform(0.4, 1)))
            at += length + gap
        at += int(rng.uniform(0.1, 1.2) * RATE_HZ)
    return out


def crow(rng: Rng, n: int) -> Sound:
    """Return caws, crows of a rooster or gulls: rough harmonic calls of half a second."""
    out = np.zeros(n, np.float32)
    base = float(rng.uniform(350, 1100))
    at = int(rng.uniform(-0.3, 0.5) * RATE_HZ)
    while at < n:
        length = int(rng.uniform(0.2, 1.0) * RATE_HZ)
        curve = np.linspace(0, 1, length)
        freq = base * (1 + float(rng.uniform(0, 0.8)) * np.sin(np.pi * curve) - 0.2 * curve)
        rough = 1 + np.float32(rng.uniform(0, 0.8)) * np.sin(phase(float(rng.uniform(30, 90)), length))
        voice = partials(phase(freq, length), base * 1.8, [(k, k**-0.5 * rng.uniform(0.3, 1)) for k in range(1, 9)])
        add(out, voice * rough * fade(length, 0.03, 0.1), at)
        at += length + int(rng.uniform(0.1, 1.5) * RATE_HZ)
    return out


def crickets(rng: Rng, n: int) -> Sound:
    """Return chirping insects: 3.9–5.5 kHz in trills of 20–40 pulses a second."""
    out = np.zeros(n, np.float32)
    seconds = n / RATE_HZ
    for _ in range(int(rng.integers(1, 4))):
        freq = float(rng.uniform(3900, 5600))
        rate = float(rng.uniform(18, 45))
        chirp, rest = float(rng.uniform(0.08, 0.6)), float(rng.uniform(0.15, 0.9))
        pulses = []
        start = -float(rng.uniform(0, chirp + rest))
        while start < seconds:
            pulses += [
                (max(0, start + a), start + b) for a, b in run(max(1, int(chirp * rate)), 0.6 / rate, 0.4 / rate)
            ]
            start += chirp + rest * float(rng.uniform(0.7, 1.3))
        tone = np.sin(phase(freq * wander(rng, n, 0.003), n))
        out += np.float32(rng.uniform(0.2, 1)) * tone * gate([p for p in pulses if p[1] > p[0]], n, 0.004)
    return out


def rain(rng: Rng, n: int) -> Sound:
    """Return a wash of noise with single drops on top."""
    low = float(rng.uniform(300, 1500))
    out = band(rng, n, low, float(rng.uniform(3000, 7500)), 1) * np.float32(rng.uniform(0.3, 1))
    length = RATE_HZ // 50
    drop = np.sin(phase(np.linspace(2500, 1500, length), length)) * decay(length, 0.004, 0.0005)
    for at, gain in zip(rng.integers(0, n, int(n / RATE_HZ * rng.uniform(5, 60))), rng.random(4000), strict=False):
        add(out, drop, int(at), float(4 * gain**3))
    return out


def water(rng: Rng, n: int) -> Sound:
    """Return a tap, shower or bath: broad noise that swells, and bubbles."""
    out = band(rng, n, float(rng.uniform(80, 900)), float(rng.uniform(1500, 7000)), 1) * wander(rng, n, 0.4, 0.3)
    for at in rng.integers(0, n, int(n / RATE_HZ * rng.uniform(0, 25))):
        length = int(rng.uniform(0.015, 0.06) * RATE_HZ)
        low = float(rng.uniform(400, 1800))
        bubble = np.sin(phase(np.linspace(low, low * 1.4, length), length)) * decay(length, 0.015, 0.003)
        add(out, bubble, int(at), float(rng.uniform(0.2, 2)))
    return out


def wind(rng: Rng, n: int) -> Sound:
    """Return wind: low noise in gusts, and a whistle in a gap."""
    gusts = wander(rng, n, 0.8, 0.8)
    low = band(rng, n, 30, float(rng.uniform(150, 600)), 1) * gusts
    centre = float(rng.uniform(300, 1500))
    return low + np.float32(rng.uniform(0, 0.4)) * band(rng, n, centre * 0.95, centre * 1.05) * gusts


def fire(rng: Rng, n: int) -> Sound:
    """Return a crackling fire: a low roar and sharp clicks."""
    out = band(rng, n, 40, 400, 1) * np.float32(0.5)
    for at in rng.integers(0, n, int(n / RATE_HZ * rng.uniform(4, 40))):
        length = int(rng.uniform(0.002, 0.02) * RATE_HZ)
        add(
            out,
            rng.standard_normal(length, dtype=np.float32) * decay(length, 0.003, 0.0005),
            int(at),
            float(rng.uniform(0.3, 4)),
        )
    return out


def thunder_sea(rng: Rng, n: int) -> Sound:
    """Return surf or rolling thunder: noise that opens and closes over seconds."""
    swell = np.square(wander(rng, n, 0.9, float(rng.uniform(1, 3))))
    return unit(band(rng, n, 40, 700, 1) * swell) + np.float32(0.4) * band(rng, n, 800, 5000, 1) * swell
