"""Electronic sounds that are not fire alarms."""

from collections.abc import Sequence

import numpy as np

from lab.sound.clip import RATE_HZ
from lab.sound.synth.music import square, struck
from lab.sound.synth.tones import (
    Pulse,
    Rng,
    Sound,
    add,
    decay,
    fade,
    gate,
    harmonics,
    partials,
    phase,
    repeat,
    run,
    wander,
)  # fmt: skip

PIEZO_HZ = 2_500.0
"""From here up a beep shorter than BRIEF_S is all that tells it from an alarm."""
BRIEF_S = 0.18


def gated(rng: Rng, n: int, freq_hz: float, pattern: Sequence[Pulse], cycle_s: float) -> Sound:
    """Return one tone with a repeating pattern, from a random point of its cycle."""
    slope = float(rng.uniform(1.0, 3.5))
    tone = partials(phase(freq_hz * wander(rng, n, 0.002), n), freq_hz, _timbre(rng, freq_hz, slope))
    pulses = repeat(-float(rng.uniform(0, cycle_s)), pattern, cycle_s, n / RATE_HZ)
    return tone * gate(pulses, n, float(rng.uniform(0.002, 0.015)))


def _timbre(rng: Rng, freq_hz: float, slope: float) -> list[tuple[float, float]]:
    """Return partials; around 520 Hz never odd ones alone, which a low-frequency alarm has."""
    odd = rng.random() < 0.4 and not 430 < freq_hz < 620
    return harmonics(rng, int(rng.integers(1, 9)), slope, odd=odd)


def t4(rng: Rng, n: int) -> Sound:
    """Return a carbon-monoxide alarm: four tenths of a second, then a pause of 5 s (FACTS: T4)."""
    stretch = rng.uniform(0.9, 1.1, 3)
    on, off, pause = 0.1 * stretch[0], 0.1 * stretch[1], 5.0 * stretch[2]
    if rng.random() < 0.3:
        pause = float(rng.uniform(1.0, 3.0))  # heard close together, so that more of them are seen
    freq = float(rng.uniform(2600, 3800))
    return gated(rng, n, freq, run(4, on, off), 4 * (on + off) - off + pause)


def microwave(rng: Rng, n: int) -> Sound:
    """Return beeps of about a second at 1–2.2 kHz, three to five in a row."""
    on = float(rng.uniform(0.4, 1.2))
    off = on * float(rng.uniform(0.5, 1.2))
    count = int(rng.integers(1, 6))
    cycle = count * (on + off) + float(rng.uniform(0.5, 6))
    return gated(rng, n, float(rng.uniform(900, 2300)), run(count, on, off), cycle)


def reversing(rng: Rng, n: int) -> Sound:
    """Return a reversing lorry: 0.9–1.5 kHz, half a second on and off."""
    on = float(rng.uniform(0.3, 0.6))
    return gated(rng, n, float(rng.uniform(850, 1600)), [(0, on)], on * float(rng.uniform(1.8, 2.2)))


def timer(rng: Rng, n: int) -> Sound:
    """Return a kitchen timer or alarm clock: groups of four short beeps, 1.6–2.7 kHz and some higher."""
    high = rng.random() < 0.3
    freq = float(rng.uniform(2700, 4300) if high else rng.uniform(1600, 2700))
    on = float(rng.uniform(0.04, 0.12))
    off = on * float(rng.uniform(0.6, 1.3))
    count = int(rng.choice([1, 2, 3, 4, 4, 4, 6]))
    return gated(rng, n, freq, run(count, on, off), count * (on + off) + float(rng.uniform(0.2, 1.0)))


def low_battery(rng: Rng, n: int) -> Sound:
    """Return the chirp of an alarm whose battery is low: 20–80 ms, at most once in a while."""
    freq, on = float(rng.uniform(2600, 3900)), float(rng.uniform(0.02, 0.08))
    start = float(rng.uniform(0, n / RATE_HZ))
    tone = partials(phase(freq, n), freq, [(1, 1), (2, float(rng.uniform(0.01, 0.2)))])
    return tone * gate([(start, min(n / RATE_HZ, start + on))], n, 0.003)


def medical(rng: Rng, n: int) -> Sound:
    """Return a patient monitor: bursts of 3, 5 or 10 short harmonic pulses, on one pitch or a melody."""
    count = int(rng.choice([1, 2, 3, 3, 5, 5, 10]))
    on = float(rng.uniform(0.07, 0.3))
    freq = float(np.exp(rng.uniform(np.log(200), np.log(3500))))
    if freq > PIEZO_HZ:
        on = min(on, BRIEF_S)
    off = on * float(rng.uniform(0.4, 1.2))
    group = run(count, on, off)
    if count >= 5:  # three, a breath, two
        group = [(a + (k % 5 > 2) * 1.5 * off, b + (k % 5 > 2) * 1.5 * off) for k, (a, b) in enumerate(group)]
    cycle = group[-1][1] + float(rng.uniform(0.3, 4.0))
    if rng.random() < 0.55:
        return gated(rng, n, freq, group, cycle)
    return _melody(rng, n, min(freq, 1400.0), group, cycle)


def _melody(rng: Rng, n: int, freq_hz: float, group: Sequence[Pulse], cycle_s: float) -> Sound:
    steps = rng.choice([0, 2, 3, 4, 5, 7, 9, 12, -5], len(group))
    offset = -float(rng.uniform(0, cycle_s))
    out = np.zeros(n, np.float32)
    slope = float(rng.uniform(0.8, 3))
    for step, (start, end) in zip(steps.tolist(), group, strict=True):
        pitch = freq_hz * 2 ** (step / 12)
        length = max(16, int((end - start) * RATE_HZ))
        piece = partials(phase(pitch, length), pitch, _timbre(rng, pitch, slope)) * fade(length, 0.008, 0.012)
        for a, _ in repeat(offset, [(start, end)], cycle_s, n / RATE_HZ):
            add(out, piece, int(a * RATE_HZ))
    return out


def monitor(rng: Rng, n: int) -> Sound:
    """Return a heart monitor: one beep a beat, or a tone that stays."""
    freq = float(np.exp(rng.uniform(np.log(350), np.log(2300))))
    on, cycle = float(rng.uniform(0.05, 0.25)), float(rng.uniform(0.35, 1.5))
    if rng.random() < 0.3:
        on, cycle = float(rng.uniform(0.3, 3.0)), float(rng.uniform(3.2, 5.0))
    if freq > 1900:
        on = min(on, 0.25)
    return gated(rng, n, freq, [(0, on)], cycle)


def two_tone(rng: Rng, n: int) -> Sound:
    """Return an electronic alarm of two pitches in turn, 0.4–2 kHz: burglar, phone app, pager."""
    low = float(np.exp(rng.uniform(np.log(380), np.log(1500))))
    high = low * float(rng.uniform(1.1, 1.6))
    turns = phase(float(rng.uniform(0.8, 9)), n, float(rng.random())) / np.float32(2 * np.pi)
    freq = np.where(turns < 0.5, low, high)
    tone = partials(phase(freq, n), high, harmonics(rng, 8, float(rng.uniform(0.6, 2.5))))
    on = float(rng.uniform(0.5, 4))
    pulses = repeat(-float(rng.uniform(0, on)), [(0, on)], on + float(rng.uniform(0.0, 1.5)) + 0.02, n / RATE_HZ)
    return tone * gate(pulses, n, 0.005)


def buzzer(rng: Rng, n: int) -> Sound:
    """Return a buzzer: many harmonics of 60–400 Hz, held or pulsed."""
    base = float(rng.uniform(60, 400))
    on, rest = float(rng.uniform(0.1, 2)), float(rng.uniform(0.1, 1.2))
    tone = partials(phase(base * wander(rng, n, 0.003), n), base, harmonics(rng, 24, float(rng.uniform(0.1, 0.9))))
    return tone * gate(repeat(-float(rng.uniform(0, on)), [(0, on)], on + rest, n / RATE_HZ), n, 0.003)


def long_beeps(rng: Rng, n: int) -> Sound:
    """Return beeps of 0.3–1 s at other pitches than an alarm's: 0.2–0.45, 0.65–2.2 and 4.2–6 kHz."""
    low, high = ((200, 430), (640, 2200), (640, 2200), (4200, 6000))[int(rng.integers(4))]
    on = float(rng.uniform(0.3, 1.0))
    return gated(rng, n, float(rng.uniform(low, high)), run(3, on, on), 5 * on + float(rng.uniform(0, 2)))


def pure_low(rng: Rng, n: int) -> Sound:
    """Return sine beeps near 520 Hz, without the odd harmonics of the low-frequency alarm."""
    freq, on = float(rng.uniform(400, 680)), float(rng.uniform(0.1, 1.2))
    tone = partials(phase(freq, n), freq, [(1, 1), (2, float(rng.uniform(0, 0.1)))])
    pulses = repeat(-float(rng.uniform(0, on)), [(0, on)], on * float(rng.uniform(1.3, 3)), n / RATE_HZ)
    return tone * gate(pulses, n, 0.01)


def ping(rng: Rng, n: int) -> Sound:
    """Return notifications: one to four decaying notes, now and then."""
    out = np.zeros(n, np.float32)
    makers = [struck("glockenspiel"), struck("xylophone"), struck("chime"), struck("music_box"), square]
    maker = makers[int(rng.integers(len(makers)))]
    root = float(np.exp(rng.uniform(np.log(400), np.log(3000))))
    notes = [root * 2 ** (float(rng.choice([0, 3, 4, 5, 7, 12])) / 12) for _ in range(int(rng.integers(1, 5)))]
    gap = float(rng.uniform(0.05, 0.22))
    at = float(rng.uniform(-0.3, 1.0))
    while at * RATE_HZ < n:
        for index, freq in enumerate(notes):
            add(out, maker(rng, min(freq, 5000), int(RATE_HZ * 0.7)), int((at + index * gap) * RATE_HZ))
        at += len(notes) * gap + float(rng.uniform(0.6, 4))
    return out


def coin(rng: Rng, n: int) -> Sound:
    """Return the coin or power-up of a game: pulse waves in fast rising steps."""
    out = np.zeros(n, np.float32)
    at = float(rng.uniform(-0.3, 0.5))
    while at * RATE_HZ < n:
        root, steps = float(rng.uniform(350, 1400)), int(rng.integers(2, 9))
        step_s = float(rng.uniform(0.03, 0.1))
        for index in range(steps):
            length = step_s if index < steps - 1 else float(rng.uniform(0.1, 0.5))
            note = square(rng, root * 2 ** (index * float(rng.choice([2, 4, 5])) / 12) % 6000, int(length * RATE_HZ))
            add(out, note, int((at + index * step_s) * RATE_HZ))
        at += steps * step_s + float(rng.uniform(0.2, 2.5))
    return out


def zap(rng: Rng, n: int) -> Sound:
    """Return toy lasers and error sounds: fast sweeps of a pulse wave."""
    out = np.zeros(n, np.float32)
    at = int(rng.uniform(-0.2, 0.4) * RATE_HZ)
    while at < n:
        length = int(rng.uniform(0.08, 0.6) * RATE_HZ)
        start, end = np.exp(rng.uniform(np.log(200), np.log(4000), 2))
        path = start * (end / start) ** np.linspace(0, 1, length)
        add(out, partials(phase(path, length), float(max(start, end)), harmonics(rng, 5, 1.0)) * decay(length, 0.2), at)
        at += length + int(rng.uniform(0.05, 1.5) * RATE_HZ)
    return out


def doorbell(rng: Rng, n: int) -> Sound:
    """Return a two-tone chime: ding, then dong a third below."""
    note = struck(str(rng.choice(["chime", "bell", "glockenspiel"])))
    high = float(rng.uniform(500, 1300))
    out = np.zeros(n, np.float32)
    at = float(rng.uniform(-0.8, 1.5))
    while at * RATE_HZ < n:
        for index, freq in enumerate((high, high / 1.26)):
            add(out, note(rng, freq, int(1.4 * RATE_HZ)), int((at + 0.55 * index) * RATE_HZ))
        at += float(rng.uniform(2, 5))
    return out
