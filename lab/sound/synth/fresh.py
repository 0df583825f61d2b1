"""Sounds that nothing was chosen by: no training, no stopping, no threshold or rule, no person's eye.

They come after all others were looked at, so that false alarms can be counted once on
what nobody had heard. Once a choice was made by them, they are no longer fresh.
"""

import numpy as np

from lab.sound.clip import RATE_HZ
from lab.sound.synth.music import tune
from lab.sound.synth.tones import Rng, Sound, add, clock, decay, fade, gate, harmonics, partials, phase, wander


def glass(rng: Rng, n: int) -> Sound:
    """Return rubbed wine glasses: nearly pure tones that swell, and beat as the finger goes round."""

    def note(rng: Rng, freq_hz: float, n: int) -> Sound:
        turn = np.float32(rng.uniform(0.05, 0.35)) * np.sin(phase(float(rng.uniform(1.5, 6)), n, float(rng.random())))
        amplitudes = [(1, 1), (2, float(rng.uniform(0, 0.12))), (3, float(rng.uniform(0, 0.05)))]
        swell = fade(n, float(rng.uniform(0.08, 0.5)), float(rng.uniform(0.1, 0.6)))
        return partials(phase(freq_hz * wander(rng, n, 0.002), n), freq_hz, amplitudes) * (1 + turn) * swell

    return tune(rng, n, note, (330, 1_100), (0.5, 2.0))


def bicycle_bell(rng: Rng, n: int) -> Sound:
    """Return a bicycle bell: a small dome that rings at 1.8–3.2 kHz, struck once or in a rattle."""
    pitch, length = float(rng.uniform(1_800, 3_200)), int(1.5 * RATE_HZ)
    lasts = float(rng.uniform(0.2, 0.9))
    dome = np.zeros(length, np.float32)
    for multiple, amplitude, share in ((1, 1, 1), (float(rng.uniform(1.002, 1.01)), 0.7, 0.9),
                                       (float(rng.uniform(2.2, 2.9)), 0.4, 0.5)):  # fmt: skip
        if multiple * pitch < 7_600:
            dome += np.float32(amplitude) * np.sin(phase(multiple * pitch, length)) * decay(length, lasts * share)
    out, at = np.zeros(n, np.float32), float(rng.uniform(-0.5, 1.0))
    while at * RATE_HZ < n:
        for _ in range(int(rng.choice([1, 2, 6, 9, 14]))):
            add(out, dome, int(at * RATE_HZ), float(rng.uniform(0.5, 1)))
            at += float(rng.uniform(0.03, 0.08))
        at += float(rng.uniform(0.4, 3))
    return out


def slot_machine(rng: Rng, n: int) -> Sound:
    """Return a slot machine that pays: quick broken chords of frequency-modulated bells, a step higher each time."""
    ratio, depth = float(rng.choice([1, 2, 3, 1.4, 3.5])), float(rng.uniform(0.5, 3))
    root, step_s = float(rng.uniform(400, 1_200)), float(rng.uniform(0.06, 0.16))
    length = int(rng.uniform(0.15, 0.6) * RATE_HZ)
    fall = decay(length, length / RATE_HZ / 3)
    out, at = np.zeros(n, np.float32), float(rng.uniform(-1, 0.3))
    while at * RATE_HZ < n:
        for up in (0, 4, 7, 12, 7, 4)[: int(rng.integers(3, 7))]:
            freq = min(3_000.0, root * 2 ** (up / 12))
            bent = phase(freq, length) + np.float32(depth) * fall * np.sin(phase(ratio * freq, length))
            add(out, np.sin(bent) * fall, int(at * RATE_HZ), float(rng.uniform(0.6, 1)))
            at += step_s
        root = root * 2 ** (2 / 12) if root < 1_600 else root / 2
        at += float(rng.choice([0, step_s, 0.6, 1.5]))
    return out


def till(rng: Rng, n: int) -> Sound:
    """Return a supermarket's till: one short piezo beep for each thing scanned, in the hand's rhythm."""
    freq, on = float(rng.uniform(1_800, 3_300)), float(rng.uniform(0.05, 0.17))
    beeps, at = [], float(rng.uniform(-0.1, 1.0))
    while at < n / RATE_HZ:
        beeps.append((max(0.0, at), at + on))
        at += on + float(rng.uniform(0.06, 0.15) if rng.random() < 0.1 else rng.uniform(0.35, 3.0))
    tone = partials(phase(freq, n), freq, harmonics(rng, 4, float(rng.uniform(1, 2.5)), odd=rng.random() < 0.5))
    return tone * gate(beeps, n, 0.003)


def clarinet(rng: Rng, n: int) -> Sound:
    """Return a clarinet: a reed's odd harmonics, as a low-frequency alarm has them, but in tunes."""

    def note(rng: Rng, freq_hz: float, n: int) -> Sound:
        slope = float(rng.uniform(0.9, 1.8))
        amplitudes = [(float(k), k**-slope * (1.0 if k % 2 else 0.12)) for k in range(1, 14)]
        shake = 1 + np.float32(0.004) * np.sin(2 * np.pi * np.float32(rng.uniform(4, 6)) * clock(n))
        return partials(phase(freq_hz * shake, n), freq_hz * 1.01, amplitudes) * fade(n, 0.03, 0.05)

    return tune(rng, n, note, (150, 500), (0.2, 0.8))
