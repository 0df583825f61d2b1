"""Notes: struck, blown, plucked and electronic, alone and as tunes."""

from collections.abc import Callable, Sequence

import numpy as np

from lab.sound.clip import RATE_HZ
from lab.sound.synth.tones import Rng, Sound, add, band, clock, decay, fade, harmonics, partials, phase, unit

Note = Callable[[Rng, float, int], Sound]
"""Makes one note from a pitch in Hz and a length in samples."""

STRUCK: dict[str, tuple[tuple[float, float, float], ...]] = {
    "xylophone": ((1, 1, 0.18), (3, 0.5, 0.08), (6.1, 0.2, 0.04)),
    "glockenspiel": ((1, 1, 0.8), (2.76, 0.45, 0.3), (5.4, 0.2, 0.15)),
    "bell": ((0.5, 0.4, 2.5), (1, 1, 1.6), (1.19, 0.6, 1.2), (1.5, 0.4, 1.0), (2, 0.7, 0.8), (2.74, 0.4, 0.5)),
    "chime": ((1, 1, 1.5), (2.76, 0.6, 0.9), (5.4, 0.3, 0.4)),
    "bowl": ((1, 1, 3.0), (2.9, 0.6, 1.8), (5.6, 0.25, 0.9)),
    "music_box": ((1, 1, 0.5), (2, 0.15, 0.3), (6.3, 0.2, 0.1)),
}
"""Partials of struck bodies: multiple, amplitude, seconds to fall by e."""

SCALES = ((0, 2, 4, 7, 9), (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10), (0, 3, 5, 6, 7, 10))


def struck(body: str) -> Note:
    """Return a note maker for one of STRUCK."""

    def note(rng: Rng, freq_hz: float, n: int) -> Sound:
        t = clock(n)
        total = np.zeros(n, np.float32)
        stretch = float(rng.uniform(0.6, 1.5))
        for multiple, amplitude, time_s in STRUCK[body]:
            partial_hz = freq_hz * multiple * float(rng.uniform(0.99, 1.01))
            if partial_hz < 7_600:
                fall = np.exp(-t / np.float32(time_s * stretch))
                total += np.float32(amplitude * rng.uniform(0.5, 1.3)) * fall * np.sin(phase(partial_hz, n))
        return np.asarray(total * np.minimum(1, t / np.float32(0.002)), np.float32)

    return note


def piano(rng: Rng, freq_hz: float, n: int) -> Sound:
    """Return one hammered string: harmonics that fall faster the higher they are."""
    t, theta = clock(n), phase(freq_hz, n)
    total = np.zeros(n, np.float32)
    for k in range(1, 9):
        if k * freq_hz < 7_600:
            total += np.float32(k**-1.2) * np.exp(-t * np.float32(k / 1.5)) * np.sin(np.float32(k) * theta)
    return np.asarray(total * np.minimum(1, t / np.float32(0.004)) * fade(n, 0.001, 0.03), np.float32)


def pluck(rng: Rng, freq_hz: float, n: int) -> Sound:
    """Return one plucked string: bright, short."""
    amplitudes = [(float(k), k**-0.8 * abs(np.sin(0.6 * k))) for k in range(1, 13)]
    return partials(phase(freq_hz, n), freq_hz, amplitudes) * decay(n, float(rng.uniform(0.1, 0.4)))


def flute(rng: Rng, freq_hz: float, n: int) -> Sound:
    """Return one blown note with vibrato and breath."""
    bend = 1 + 0.006 * np.sin(2 * np.pi * float(rng.uniform(4, 6.5)) * np.arange(n) / RATE_HZ)
    tone = partials(phase(freq_hz * bend, n), freq_hz * 1.01, [(1, 1), (2, 0.3), (3, 0.12), (4, 0.04)])
    return (tone + np.float32(0.05) * band(rng, n, freq_hz * 0.8, freq_hz * 3)) * fade(n, 0.05, 0.06)


def strings(rng: Rng, freq_hz: float, n: int) -> Sound:
    """Return one bowed note: all harmonics, slow attack, vibrato."""
    bend = 1 + 0.004 * np.sin(2 * np.pi * 5.5 * np.arange(n) / RATE_HZ + float(rng.uniform(0, 6)))
    return partials(phase(freq_hz * bend, n), freq_hz, harmonics(rng, 10, 1.0)) * fade(n, 0.08, 0.08)


def square(rng: Rng, freq_hz: float, n: int) -> Sound:
    """Return one note of an old game: a pulse wave that falls or stays."""
    width = float(rng.choice([0.5, 0.25, 0.125]))
    amplitudes = [(float(k), np.sin(np.pi * k * width) / k) for k in range(1, 16)]
    envelope = decay(n, float(rng.uniform(0.08, 0.5))) if rng.random() < 0.6 else fade(n, 0.003, 0.01)
    return partials(phase(freq_hz, n), freq_hz, amplitudes) * envelope


def tune(rng: Rng, n: int, note: Note, root_hz: tuple[float, float], beat_s: tuple[float, float]) -> Sound:
    """Return a random melody, now and then with a second voice.

    Args:
        rng: draws scale, tempo and notes.
        n: samples.
        note: what plays it.
        root_hz: range of the lowest note.
        beat_s: range of the beat.
    """
    out = np.zeros(n, np.float32)
    root = float(np.exp(rng.uniform(*np.log(root_hz))))
    beat, scale = float(rng.uniform(*beat_s)), SCALES[int(rng.integers(len(SCALES)))]
    degree, at = int(rng.integers(0, 8)), -int(rng.uniform(0, beat) * RATE_HZ)
    while at < n:
        degree = int(np.clip(degree + rng.integers(-3, 4), 0, 2 * len(scale)))
        length_s = beat * float(rng.choice([0.5, 1, 1, 2]))
        sounding = int(max(0.12, length_s * float(rng.uniform(0.9, 1.6))) * RATE_HZ)
        if rng.random() < 0.9:
            add(out, note(rng, _pitch(root, scale, degree), sounding), at, float(rng.uniform(0.4, 1)))
            if rng.random() < 0.25:
                add(out, note(rng, _pitch(root, scale, degree + 2), sounding), at, float(rng.uniform(0.3, 0.8)))
        at += int(length_s * RATE_HZ)
    return out


def _pitch(root_hz: float, scale: Sequence[int], degree: int) -> float:
    octave, step = divmod(degree, len(scale))
    return float(min(6_000.0, root_hz * 2.0 ** (octave + scale[step] / 12)))


def drums(rng: Rng, n: int) -> Sound:
    """Return a beat of kick, snare and hat."""
    out = np.zeros(n, np.float32)
    beat = int(rng.uniform(0.22, 0.4) * RATE_HZ)
    length = RATE_HZ // 5
    sweep = 50 + 90 * np.exp(-np.arange(length) / 600)
    kick = np.sin(phase(sweep, length)) * decay(length, 0.08)
    snare = band(rng, length, 180, 5000) * decay(length, 0.05)
    hat = band(rng, length, 5000, 7500) * decay(length, 0.02)
    for index, at in enumerate(range(-int(rng.integers(beat)), n, beat)):
        add(out, (kick, snare)[index % 2], at)
        add(out, hat, at + beat // 2, 0.4)
    return out


def band_music(rng: Rng, n: int) -> Sound:
    """Return a small band: melody, bass and drums."""
    lead: Note = (piano, pluck, flute, strings, square)[int(rng.integers(5))]
    melody = unit(tune(rng, n, lead, (180, 500), (0.2, 0.5)))
    bass = unit(tune(rng, n, pluck, (45, 110), (0.3, 0.6)))
    beat = unit(drums(rng, n))
    return np.asarray(
        melody + np.float32(rng.uniform(0.3, 1)) * bass + np.float32(rng.uniform(0, 0.8)) * beat, np.float32
    )
