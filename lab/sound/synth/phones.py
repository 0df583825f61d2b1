"""Bells and telephones: rings, line tones, dialled digits, modems."""

import numpy as np

from lab.sound.clip import RATE_HZ
from lab.sound.synth.tones import Rng, Sound, add, band, decay, fade, gate, harmonics, partials, phase, repeat, unit

DTMF = [(low, high) for low in (697, 770, 852, 941) for high in (1209, 1336, 1477, 1633)]


def electric_bell(rng: Rng, n: int) -> Sound:
    """Return a school bell or old telephone: a gong struck 10–45 times a second."""
    rate, length = float(rng.uniform(10, 45)), int(0.25 * RATE_HZ)
    hit = rng.standard_normal(length, dtype=np.float32) * decay(length, 0.002, 0.0003) * np.float32(0.5)
    for freq in rng.uniform(700, 7200, int(rng.integers(4, 9))):
        hit += (
            np.float32(rng.uniform(0.2, 1)) * np.sin(phase(freq, length)) * decay(length, float(rng.uniform(0.03, 0.3)))
        )
    on, rest = float(rng.uniform(0.4, 4)), float(rng.uniform(0.2, 3))
    out = np.zeros(n, np.float32)
    for start, end in repeat(-float(rng.uniform(0, on)), [(0, on)], on + rest, n / RATE_HZ):
        for at in np.arange(start, end, 1 / rate):
            add(out, hit, int(at * RATE_HZ), float(rng.uniform(0.7, 1)))
    return out


def phone_trill(rng: Rng, n: int) -> Sound:
    """Return an electronic ring: two pitches swapped 10–30 times a second, with a pause between rings."""
    low = float(rng.uniform(600, 2000))
    turns = phase(float(rng.uniform(10, 30)), n) / np.float32(2 * np.pi)
    freq = np.where(turns < 0.5, low, low * float(rng.uniform(1.1, 1.5)))
    on, rest = float(rng.uniform(0.4, 2)), float(rng.uniform(0.2, 3))
    pulses = repeat(-float(rng.uniform(0, on)), [(0, on)], on + rest, n / RATE_HZ)
    return partials(phase(freq, n), low * 1.5, harmonics(rng, 5, 1.5)) * gate(pulses, n, 0.005)


def line_tone(rng: Rng, n: int) -> Sound:
    """Return what a telephone line says: dial, busy and ringing tones."""
    pairs = ((350, 440), (480, 620), (440, 480), (425, 425), (400, 450))
    low, high = pairs[int(rng.integers(len(pairs)))]
    tone = np.sin(phase(float(low), n)) + np.sin(phase(float(high), n))
    on, cycle = ((9.0, 9.01), (0.5, 1.0), (0.25, 0.5), (2.0, 6.0), (1.0, 5.0))[int(rng.integers(5))]
    return tone * gate(repeat(-float(rng.uniform(0, on)), [(0, on)], cycle, n / RATE_HZ), n, 0.005)


def dtmf(rng: Rng, n: int) -> Sound:
    """Return dialled digits: pairs of tones of 50–200 ms."""
    out = np.zeros(n, np.float32)
    on = float(rng.uniform(0.05, 0.25))
    length = int(on * RATE_HZ)
    for at in np.arange(-float(rng.random()) * on, n / RATE_HZ, on * float(rng.uniform(1.4, 3))):
        low, high = DTMF[int(rng.integers(16))]
        pair = np.sin(phase(float(low), length)) + np.sin(phase(float(high), length))
        add(out, pair * fade(length, 0.003, 0.003), int(at * RATE_HZ))
    return out


def modem(rng: Rng, n: int) -> Sound:
    """Return a modem's handshake: answer tone, warbles and shaped noise in turn."""
    out = np.zeros(n, np.float32)
    at = -int(rng.uniform(0, 1) * RATE_HZ)
    while at < n:
        length = int(rng.uniform(0.15, 1.8) * RATE_HZ)
        kind = int(rng.integers(4))
        if kind == 0:
            piece = np.sin(phase(float(rng.choice([1200, 1270, 2100, 2225, 1800, 2400])), length))
        elif kind == 1:
            bits = np.repeat(rng.integers(0, 2, length // 53 + 1), 53)[:length]
            piece = np.sin(phase(np.where(bits, 1270.0, 1070.0) + (900.0 if rng.random() < 0.5 else 0.0), length))
        elif kind == 2:
            piece = np.sin(phase(600.0, length)) * np.sin(phase(float(rng.uniform(1200, 2400)), length))
        else:
            piece = band(rng, length, 500, 3200, 4)
        add(out, unit(np.asarray(piece, np.float32)) * fade(length, 0.005, 0.005), at, float(rng.uniform(0.5, 1)))
        at += length + (int(rng.uniform(0, 0.2) * RATE_HZ) if rng.random() < 0.4 else 0)
    return out
