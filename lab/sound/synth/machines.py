"""Machines, vehicles and household noises."""

import numpy as np

from lab.sound.clip import RATE_HZ
from lab.sound.synth.tones import (
    Rng,
    Sound,
    add,
    band,
    clock,
    decay,
    fade,
    gate,
    harmonics,
    partials,
    phase,
    repeat,
    unit,
    wander,
)  # fmt: skip


def drill(rng: Rng, n: int) -> Sound:
    """Return an electric motor under load: a comb of harmonics that moves, and brush noise."""
    base = float(rng.uniform(90, 700))
    speed = base * wander(rng, n, float(rng.uniform(0.02, 0.25)), 0.4)
    body = partials(phase(speed, n), base * 1.3, harmonics(rng, 14, float(rng.uniform(0.2, 1.0))))
    rough = 1 + np.float32(rng.uniform(0, 0.6)) * np.sin(phase(float(rng.uniform(20, 110)), n))
    noise = band(rng, n, 500, 6500, 1) * np.float32(rng.uniform(0.3, 2))
    return (unit(body) + noise) * rough


def vacuum(rng: Rng, n: int) -> Sound:
    """Return a vacuum cleaner, hair dryer or fan: noise, and one whining tone."""
    whine = float(rng.uniform(250, 3600))
    tone = np.sin(phase(whine * wander(rng, n, 0.01, 0.6), n)) * np.float32(rng.uniform(0.05, 0.7))
    return band(rng, n, 60, float(rng.uniform(1200, 6000)), 1) + tone


def engine(rng: Rng, n: int) -> Sound:
    """Return an engine: pulses at 20–120 Hz and exhaust noise."""
    rate = float(rng.uniform(20, 120)) * wander(rng, n, 0.2, 1.0)
    turns = phase(rate, n) / np.float32(2 * np.pi)
    return np.asarray(
        np.exp(-turns * np.float32(rng.uniform(4, 14))) * band(rng, n, 40, float(rng.uniform(400, 3000)), 1), np.float32
    )


def horn(rng: Rng, n: int) -> Sound:
    """Return car or train horns: two to five harmonic notes together, blown for a while."""
    count = int(rng.integers(2, 6))
    chord = float(rng.uniform(180, 480)) * np.cumprod(np.r_[1, rng.choice([1.19, 1.26, 1.33], count - 1)])
    total = np.zeros(n, np.float32)
    for freq in chord.tolist():
        drifting = freq * wander(rng, n, 0.004)
        total += partials(
            phase(drifting, n, float(rng.random())), freq, harmonics(rng, 12, float(rng.uniform(0.4, 1.1)))
        )
    on, rest = float(rng.uniform(0.3, 3.5)), float(rng.uniform(0.3, 2.0))
    pulses = repeat(-float(rng.uniform(0, on)), [(0, on)], on + rest, n / RATE_HZ)
    return total * gate(pulses, n, 0.05)


def steam_train(rng: Rng, n: int) -> Sound:
    """Return a steam engine: chuffs, and a whistle of several pipes."""
    rate = float(rng.uniform(1.5, 7))
    turns = phase(rate * wander(rng, n, 0.1, 2.0), n) / np.float32(2 * np.pi)
    out = band(rng, n, 80, 3000, 1) * np.exp(-turns * 5)
    on = float(rng.uniform(0.5, 2.5))
    pulses = repeat(float(rng.uniform(-1, 3)), [(0, on)], on + float(rng.uniform(1, 4)), n / RATE_HZ)
    base = float(rng.uniform(350, 900))
    bend = wander(rng, n, 0.01, 0.3)
    chord = [partials(phase(base * m * bend, n), base * m, [(1, 1), (2, 0.3), (3, 0.2)]) for m in (1, 1.25, 1.5, 1.78)]
    blown = np.sum(chord, axis=0, dtype=np.float32) + band(rng, n, base, 4 * base)
    return np.asarray(out + np.float32(rng.uniform(0.3, 1.5)) * blown * gate(pulses, n, 0.1), np.float32)


def siren(rng: Rng, n: int) -> Sound:
    """Return an emergency siren: wail, yelp or two tones, 400–1700 Hz."""
    low, kind = float(rng.uniform(380, 750)), int(rng.integers(3))
    high = low * float(rng.uniform(1.3, 2.6))
    period = float((rng.uniform(2, 7), rng.uniform(0.2, 0.5), rng.uniform(0.8, 2))[kind])
    turns = phase(1 / period, n, float(rng.random())) / np.float32(2 * np.pi)
    curve = (turns < 0.5) if kind == 2 else np.where(turns < 0.6, turns / 0.6, (1 - turns) / 0.4)
    freq = (low + (high - low) * curve) * (1 + float(rng.uniform(-0.03, 0.03)))
    return partials(phase(freq, n), high, harmonics(rng, 8, float(rng.uniform(0.7, 1.8))))


def clatter(rng: Rng, n: int) -> Sound:
    """Return dishes, cutlery, keys and glass: short rings of inharmonic high partials."""
    out = np.zeros(n, np.float32)
    for at in rng.integers(-2000, n, int(n / RATE_HZ * rng.uniform(0.6, 6)) + 1):
        length = int(rng.uniform(0.05, 0.5) * RATE_HZ)
        t = clock(length)
        ring = rng.standard_normal(length, dtype=np.float32) * np.exp(-t * 300)
        for freq in rng.uniform(700, 7000, int(rng.integers(2, 6))):
            ring += (
                np.float32(rng.uniform(0.2, 1))
                * np.exp(-t / np.float32(rng.uniform(0.01, 0.2)))
                * np.sin(phase(freq, length))
            )
        add(out, ring, int(at), float(rng.uniform(0.1, 1) ** 2))
    return out


def bangs(rng: Rng, n: int) -> Sound:
    """Return knocks, steps, doors and claps: short thumps of filtered noise."""
    out = np.zeros(n, np.float32)
    low = float(rng.uniform(40, 900))
    at = int(rng.uniform(-0.1, 0.5) * RATE_HZ)
    while at < n:
        length = int(rng.uniform(0.03, 0.3) * RATE_HZ)
        thump = band(rng, length, low, low * float(rng.uniform(2, 8)), 1) * decay(
            length, float(rng.uniform(0.008, 0.06)), 0.001
        )
        add(out, thump, at, float(rng.uniform(0.2, 1)))
        at += int(rng.uniform(0.08, 0.9) * RATE_HZ)
    return out


def clock_tick(rng: Rng, n: int) -> Sound:
    """Return a ticking clock or a keyboard: clicks, even or not."""
    out = np.zeros(n, np.float32)
    step, jitter = float(rng.uniform(0.1, 1.0)), float(rng.choice([0.0, 0.5]))
    centre = float(rng.uniform(900, 4500))
    at = -float(rng.uniform(0, step))
    while at * RATE_HZ < n:
        length = RATE_HZ // 40
        click = band(rng, length, centre * 0.7, centre * 1.4) * decay(length, 0.003, 0.0003)
        add(out, click, int(at * RATE_HZ), float(rng.uniform(0.5, 1)))
        at += step * (1 + jitter * float(rng.uniform(-0.8, 0.8)))
    return out


def hum(rng: Rng, n: int) -> Sound:
    """Return mains hum with harmonics, as of a refrigerator."""
    base = float(rng.choice([50.0, 60.0])) * float(rng.choice([1, 2]))
    body = partials(phase(base, n), base, [(k, k**-1.0 * rng.uniform(0, 1.5)) for k in range(1, 16)])
    return unit(body) + np.float32(rng.uniform(0.1, 1)) * band(rng, n, 60, 500, 1)


def kettle(rng: Rng, n: int) -> Sound:
    """Return a kettle: a boiling roar, and a whistle that climbs over seconds and trembles."""
    start, end = sorted(rng.uniform(700, 3700, 2))
    seconds = n / RATE_HZ
    rise = float(rng.uniform(0.4, 1.2)) * seconds
    curve = np.clip(clock(n) / np.float32(rise), 0, 1)
    freq = (start + (end - start) * curve) * wander(rng, n, 0.012, 0.15)
    tremble = 1 + np.float32(rng.uniform(0.05, 0.4)) * np.sin(phase(float(rng.uniform(8, 30)), n))
    tone = partials(phase(freq, n), end, [(1, 1), (2, 0.25), (3, float(rng.uniform(0, 0.2)))])
    breath = band(rng, n, start, 7000, 1) * np.float32(rng.uniform(0.2, 1.2))
    return (tone * tremble + breath) * np.float32(0.3 + 0.7 * curve) + np.float32(0.3) * band(rng, n, 100, 1500, 1)


def whistle(rng: Rng, n: int) -> Sound:
    """Return a person whistling: gliding notes with vibrato and breath, 600–3800 Hz."""
    out = np.zeros(n, np.float32)
    at, freq = -int(rng.uniform(0, 0.4) * RATE_HZ), float(rng.uniform(800, 3300))
    while at < n:
        length = int(rng.uniform(0.12, 1.6) * RATE_HZ)
        target = float(np.clip(freq * 2 ** (rng.normal(0, 4) / 12), 600, 3800))
        glide = np.clip(np.linspace(0, float(rng.uniform(1.2, 6)), length), 0, 1)
        bend = 1 + float(rng.uniform(0.003, 0.02)) * np.sin(
            2 * np.pi * float(rng.uniform(4, 8)) * np.arange(length) / RATE_HZ
        )
        path = (freq + (target - freq) * glide) * bend * wander(rng, length, 0.008, 0.08)
        tone = np.sin(phase(path, length)) + np.float32(0.08) * band(rng, length, 0.7 * freq, 2 * freq)
        add(out, tone * fade(length, 0.04, 0.06) * wander(rng, length, 0.3, 0.1), at)
        at += length + (int(rng.uniform(0.03, 0.8) * RATE_HZ) if rng.random() < 0.6 else 0)
        freq = target
    return out


def referee(rng: Rng, n: int) -> Sound:
    """Return a pea whistle: two close tones of 2–4.2 kHz chopped 20–45 times a second."""
    base, rate = float(rng.uniform(2000, 4000)), float(rng.uniform(20, 45))
    chop = 0.55 + 0.45 * np.sin(phase(rate * wander(rng, n, 0.15, 0.1), n))
    pair = np.sin(phase(base * wander(rng, n, 0.02, 0.1), n)) + np.sin(
        phase(base * 1.09 * wander(rng, n, 0.02, 0.1), n)
    )
    on = float(rng.uniform(0.15, 1.5))
    pulses = repeat(float(rng.uniform(-1, 1)), [(0, on)], on + float(rng.uniform(0.2, 2)), n / RATE_HZ)
    return (pair * np.float32(0.6) + np.float32(0.4) * band(rng, n, 2000, 6000)) * chop * gate(pulses, n, 0.02)
