"""Fire alarms: three pulses and a pause (T3), continuous, sweeping, two at once.

Timing, pitch and ramps are those of ISO 8201 and of what piezo sounders do,
each varied by about ten per cent. Each generator returns the dry sound and
the seconds in which a tone is on.
"""

from collections.abc import Sequence

import numpy as np

from lab.sound.clip import RATE_HZ
from lab.sound.synth.tones import Pulse, Rng, Sound, gate, partials, phase, repeat, run, wander

Dry = tuple[Sound, list[Pulse]]


def t3_pulses(rng: Rng, seconds: float, timing: float = 0.1) -> list[Pulse]:
    """Return T3 pulses from a random point of the cycle: 0.5 s on, 0.5 s off, three times, then 1.5 s off."""
    on, off, pause = np.array([0.5, 0.5, 1.5]) * rng.uniform(1 - timing, 1 + timing, 3)
    cycle = 3 * on + 2 * off + pause
    return repeat(-float(rng.uniform(0, cycle)), run(3, on, off), cycle, seconds)


def piezo_hz(rng: Rng) -> float:
    """Return a sounder's pitch: mostly near 3.15 kHz, always within 2.6–3.8 kHz."""
    drawn = rng.normal(3150, 170) if rng.random() < 0.55 else rng.uniform(2600, 3800)
    return float(np.clip(drawn, 2600, 3800))


def piezo(rng: Rng, freq_hz: float, n: int) -> Sound:
    """Return a piezo sounder that never stops: drift ±0.5 %, second harmonic -15 to -40 dB."""
    second = 10 ** (-float(rng.uniform(15, 40)) / 20)
    below = 10 ** (-float(rng.uniform(18, 60)) / 20)
    theta = phase(freq_hz / 2 * wander(rng, n, 0.005), n, float(rng.random()))
    tone = partials(theta, freq_hz / 2, [(1, below), (2, 1.0), (4, second)])
    if rng.random() < 0.5:
        tone *= wander(rng, n, float(rng.uniform(0.02, 0.4)), float(rng.uniform(0.01, 0.15)))  # it flutters
    return tone


def low_hz(rng: Rng) -> float:
    """Return a low-frequency alarm's pitch: 520 Hz ±10 %."""
    return 520 * float(rng.uniform(0.9, 1.1))


def low_square(rng: Rng, freq_hz: float, n: int) -> Sound:
    """Return a square wave through a small loudspeaker."""
    slope = float(rng.uniform(0.7, 1.25))
    lean = 10 ** (-float(rng.uniform(15, 60)) / 20)  # how little even harmonics there are
    amplitudes = [
        (float(k), k**-slope * float(rng.uniform(0.8, 1.25)) * (1.0 if k % 2 else lean)) for k in range(1, 15)
    ]
    return partials(phase(freq_hz * wander(rng, n, 0.004), n, float(rng.random())), freq_hz, amplitudes)


def span(rng: Rng, pulses: Sequence[Pulse], seconds: float) -> list[Pulse]:
    """Keep the pulses of a while: an alarm may begin or end within the scene."""
    start, end = 0.0, seconds
    if rng.random() < 0.35 and seconds > 3:
        start, end = sorted((float(rng.uniform(-2, seconds - 1.5)), float(rng.uniform(1.5, seconds + 2))))
        end = max(end, start + 1.5)
    return [(max(a, start), min(b, end)) for a, b in pulses if min(b, end) - max(a, start) > 0.02]


def ramp_s(rng: Rng) -> float:
    """Return how long a tone takes to rise: 5–20 ms."""
    return float(rng.uniform(0.005, 0.02))


def sounding(rng: Rng, tone: Sound, pulses: Sequence[Pulse]) -> Dry:
    """Gate a tone with the pulses that lie within the scene."""
    kept = span(rng, pulses, len(tone) / RATE_HZ)
    return tone * gate(kept, len(tone), ramp_s(rng)), kept


def t3(rng: Rng, n: int) -> Dry:
    """Return a piezo T3."""
    return sounding(rng, piezo(rng, piezo_hz(rng), n), t3_pulses(rng, n / RATE_HZ))


def t3_low(rng: Rng, n: int) -> Dry:
    """Return a T3 of the low-frequency kind."""
    return sounding(rng, low_square(rng, low_hz(rng), n), t3_pulses(rng, n / RATE_HZ))


def continuous(rng: Rng, n: int) -> Dry:
    """Return a piezo that stays on."""
    return sounding(rng, piezo(rng, piezo_hz(rng), n), [(0.0, n / RATE_HZ)])


def continuous_low(rng: Rng, n: int) -> Dry:
    """Return a low-frequency alarm that stays on."""
    return sounding(rng, low_square(rng, low_hz(rng), n), [(0.0, n / RATE_HZ)])


def sweep(rng: Rng, n: int) -> Dry:
    """Return a sounder that sweeps like a saw's teeth, about once a second, with a strong band at 2.4–3.1 kHz."""
    rate = float(np.exp(rng.uniform(np.log(0.6), np.log(4))))
    turns = phase(rate * wander(rng, n, 0.01), n, float(rng.random())) / np.float32(2 * np.pi)
    if rng.random() < 0.3:
        turns = 1 - turns
    return _swept(rng, turns ** np.float32(rng.uniform(0.6, 1.6)), n)


def sweep_triangle(rng: Rng, n: int) -> Dry:
    """Return a sounder that sweeps up and down."""
    rate = float(np.exp(rng.uniform(np.log(0.5), np.log(7))))
    turns = phase(rate, n, float(rng.random())) / np.float32(2 * np.pi)
    return _swept(rng, 1 - np.abs(2 * turns - 1), n)


def _swept(rng: Rng, curve: Sound, n: int) -> Dry:
    low = float(rng.uniform(2300, 2800))
    width = float(rng.uniform(150, 750))
    main = int(rng.choice([1, 1, 2, 3]))  # which partial the sounder's resonance lifts
    freq = (low + width * curve) * wander(rng, n, 0.003)
    others = [(float(k), 10 ** (-float(rng.uniform(10, 45)) / 20)) for k in range(1, 4 * main + 1) if k != main]
    tone = partials(phase(freq / main, n), (low + width) / main, [(float(main), 1.0), *others])
    dip = float(rng.choice([0.0, 0.0, rng.uniform(0.2, 0.9)]))
    loudness = 1 - np.float32(dip) * np.abs(2 * curve - 1)
    return sounding(rng, tone * loudness, [(0.0, n / RATE_HZ)])


def pair(rng: Rng, n: int) -> Dry:
    """Return two alarms nearby: they beat where both sound, and fill each other's pauses."""
    seconds, freq = n / RATE_HZ, piezo_hz(rng)
    other = freq + float(rng.uniform(-40, 40)) if rng.random() < 0.5 else piezo_hz(rng)
    first, second = t3_pulses(rng, seconds), t3_pulses(rng, seconds)
    if rng.random() < 0.3:
        second = first
    total = piezo(rng, freq, n) * gate(first, n, ramp_s(rng))
    total += np.float32(rng.uniform(0.2, 1)) * piezo(rng, other, n) * gate(second, n, ramp_s(rng))
    return total, merged([*first, *second])


def horn(rng: Rng, freq_hz: float, n: int) -> Sound:
    """Return a piezo driven in bursts, so that sidebands of 40–120 Hz stand beside the tone."""
    rough = float(rng.uniform(40, 120))
    chop = 1 - np.float32(rng.uniform(0.2, 0.7)) * (0.5 + 0.5 * np.sin(phase(rough, n)))
    return piezo(rng, freq_hz, n) * chop


def t3_horn(rng: Rng, n: int) -> Dry:
    """Return a horn's T3."""
    return sounding(rng, horn(rng, piezo_hz(rng), n), t3_pulses(rng, n / RATE_HZ))


def low_speaker(rng: Rng, freq_hz: float, n: int) -> Sound:
    """Return a low square wave whose loudspeaker rings and whose square leans: some even harmonics too."""
    duty = float(rng.uniform(0.485, 0.515))
    lift = float(rng.uniform(1200, 3200))
    amplitudes = [
        (float(k), abs(np.sin(np.pi * k * duty)) / k * (1 + 1.5 / (1 + ((k * freq_hz - lift) / 500) ** 2)))
        for k in range(1, 14)
    ]
    return partials(phase(freq_hz * wander(rng, n, 0.005), n), freq_hz, amplitudes)


def t3_low_speaker(rng: Rng, n: int) -> Dry:
    """Return a low-frequency T3 of such a loudspeaker."""
    tone = low_speaker(rng, low_hz(rng), n)
    return sounding(rng, tone, t3_pulses(rng, n / RATE_HZ))


def warble(rng: Rng, n: int) -> Dry:
    """Return a sounder that jumps between two pitches 2–12 times a second."""
    low = float(rng.uniform(2550, 3300))
    turns = phase(float(rng.uniform(2, 12)), n, float(rng.random())) / np.float32(2 * np.pi)
    freq = np.where(turns < 0.5, low, low * float(rng.uniform(1.04, 1.16)))
    tone = partials(phase(freq, n), low * 1.16, [(1, 1), (2, float(rng.uniform(0.01, 0.18)))])
    return sounding(rng, tone, [(0.0, n / RATE_HZ)])


def merged(pulses: Sequence[Pulse]) -> list[Pulse]:
    """Return the union of pulses, in order."""
    out: list[Pulse] = []
    for start, end in sorted(pulses):
        if out and start <= out[-1][1]:
            out[-1] = (out[-1][0], max(out[-1][1], end))
        else:
            out.append((start, end))
    return out
