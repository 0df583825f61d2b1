"""The effects: int16 in, int16 of one length out, drawn from a generator.

White noise, random silence and mixing are the article's; what exceeds full
scale is cut there. The others never clip: they are scaled down until they fit.
Rooms are those of the synthesis (`lab.sound.synth.room`).
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft, signal

from lab.sound.augment.settings import (
    BandLimit,
    Effect,
    Level,
    Mixing,
    RandomSilence,
    Range,
    Room,
    TimeShift,
    WhiteNoise,
)  # fmt: skip
from lab.sound.clip import RATE_HZ
from lab.sound.synth.room import echoes

Rng = np.random.Generator
Samples = NDArray[np.int16]
Tell = Callable[[str], None]

WHITE_NOISE, RANDOM_SILENCE, MIXING = WhiteNoise(), RandomSilence(), Mixing()
LEVEL, ROOM, BAND_LIMIT, TIME_SHIFT = Level(), Room(), BandLimit(), TimeShift()
LOUDEST, LOWEST = 32_767, -32_768
ORDER = 4
"""Of the band limit's filters: 24 dB an octave."""


class Copy(NamedTuple):
    """A copy: its samples, int16 (n,), and what was drawn for it, in words."""

    samples: Samples
    drawn: list[str]


def untold(_: str) -> None:
    """Tell nobody what was drawn."""


def drawn(rng: Rng, within: Range) -> float:
    """Return a number from a range; nothing is drawn where both ends are equal."""
    low, high = within
    return low if low == high else float(rng.uniform(low, high))


def white_noise(samples: Samples, rng: Rng, settings: WhiteNoise = WHITE_NOISE, tell: Tell = untold) -> Samples:
    """Add U(-1, 1) noise times a level, of full scale.

    Args:
        samples: int16, shape (n,).
        rng: draws the noise.
        settings: peak of the noise.
        tell: called with what was drawn.
    """
    noise = rng.uniform(-1, 1, len(samples))
    level = drawn(rng, settings.level)
    tell(f"noise peaks at {level:.3f} of full scale")
    return _cut(samples + noise * level * LOUDEST)


def random_silence(
    samples: Samples, rng: Rng, settings: RandomSilence = RANDOM_SILENCE, tell: Tell = untold
) -> Samples:
    """Set samples to zero at random, each with the drawn share as its chance."""
    share = drawn(rng, settings.share)
    tell(f"{share:.0%} of samples silenced")
    return np.where(rng.random(len(samples)) < 1 - share, samples, 0).astype(np.int16)


def mix(samples: Samples, background: Samples, rng: Rng, settings: Mixing = MIXING, tell: Tell = untold) -> Samples:
    """Add a random stretch of another sound, at a drawn share of this one's peak.

    The stretch is scaled to the peak first: recordings of quiet noise would
    else vanish. A background shorter than the sound goes round.

    Args:
        samples: int16, shape (n,).
        background: int16, shape (m,), m at least 1.
        rng: draws place and level.
        settings: level.
        tell: called with what was drawn.
    """
    start = int(rng.integers(max(1, len(background) - len(samples) + 1)))
    stretch = np.take(background, np.arange(start, start + len(samples)), mode="wrap").astype(np.float64)
    loudest, peak = np.abs(stretch).max(initial=0), _peak(samples)
    if not loudest:
        return samples
    share = drawn(rng, settings.level)
    tell(f"mixed in at {share:.2f} of its peak")
    return _cut(samples + stretch * (share * peak / loudest))


def level(samples: Samples, rng: Rng, settings: Level = LEVEL, tell: Tell = untold) -> Samples:
    """Multiply by a drawn gain, or by as much of it as full scale lets."""
    gain_db = drawn(rng, settings.gain_db)
    tell(f"{gain_db:.1f} dB louder" if gain_db > 0 else f"{-gain_db:.1f} dB quieter")
    return _fitted(samples * 10 ** (gain_db / 20))


def room(samples: Samples, rng: Rng, settings: Room = ROOM, tell: Tell = untold) -> Samples:
    """Put the sound into a room of a drawn RT60; its peak stays what it was.

    Direct sound first, then early reflections and a tail that falls by 60 dB
    in RT60; the direct sound does not move in time, and what echoes on after
    the clip's end is cut.
    """
    rt60_s = drawn(rng, settings.rt60_s)
    tell(f"room of {rt60_s:.2f} s")
    response = echoes(rng, rt60_s)
    length = fft.next_fast_len(len(samples) + len(response), real=True)
    heard = fft.irfft(fft.rfft(samples, length) * fft.rfft(response, length), length)[: len(samples)]
    loudest = float(np.abs(heard).max(initial=0))
    return _fitted(heard * (_peak(samples) / loudest if loudest else 0.0))


def band_limit(samples: Samples, rng: Rng, settings: BandLimit = BAND_LIMIT, tell: Tell = untold) -> Samples:
    """Filter by a high-pass and a low-pass of drawn corners.

    Butterworth filters of fourth order, causal as electronics are: 3 dB down
    at the corner, 24 dB an octave beyond. A corner at 0 Hz or at half the
    rate leaves that side as it is.
    """
    low_hz, high_hz = drawn(rng, settings.low_hz), drawn(rng, settings.high_hz)
    tell(f"band of {low_hz:.0f} to {high_hz:.0f} Hz")
    out: NDArray[Any] = samples.astype(np.float64)
    if low_hz > 0 and len(out):
        out = signal.sosfilt(signal.butter(ORDER, low_hz, "highpass", fs=RATE_HZ, output="sos"), out)
    if high_hz < RATE_HZ / 2 and len(out):
        out = signal.sosfilt(signal.butter(ORDER, high_hz, "lowpass", fs=RATE_HZ, output="sos"), out)
    return _fitted(out)


def time_shift(samples: Samples, rng: Rng, settings: TimeShift = TIME_SHIFT, tell: Tell = untold) -> Samples:
    """Move the sound by a drawn time, to the nearest sample; silence takes the place it left."""
    moved = round(drawn(rng, settings.shift_s) * RATE_HZ)
    tell(f"{abs(moved) / RATE_HZ:.2f} s {'earlier' if moved < 0 else 'later'}")
    out, count = np.zeros_like(samples), len(samples) - abs(moved)
    if count > 0:
        out[max(0, moved) : max(0, moved) + count] = samples[max(0, -moved) : max(0, -moved) + count]
    return out


MAKERS: dict[type[Effect], Callable[..., Samples]] = {
    TimeShift: time_shift,
    Room: room,
    BandLimit: band_limit,
    Level: level,
    WhiteNoise: white_noise,
    RandomSilence: random_silence,
}
"""All but mixing, which needs another sound."""


def strikes(effect: Effect, rng: Rng) -> bool:
    """Whether an effect strikes this time; a sure one draws nothing."""
    return effect.chance >= 1 or bool(rng.random() < effect.chance)


def apply(effect: Effect, samples: Samples, backgrounds: Sequence[Samples], rng: Rng, tell: Tell = untold) -> Samples:
    """Return the sound with one effect on it; mixing without a background leaves it as it is."""
    if not isinstance(effect, Mixing):
        return MAKERS[type(effect)](samples, rng, effect, tell)
    if not len(backgrounds):
        return samples
    return mix(samples, backgrounds[int(rng.integers(len(backgrounds)))], rng, effect, tell)


def one_by_each(effects: Sequence[Effect], samples: Samples, backgrounds: Sequence[Samples], rng: Rng) -> list[Copy]:
    """Return a copy by each effect that strikes, all drawn from one generator; no background, no mixing."""
    made: list[Copy] = []
    for effect in effects:
        if (len(backgrounds) or not isinstance(effect, Mixing)) and strikes(effect, rng):
            said: list[str] = []
            made.append(Copy(apply(effect, samples, backgrounds, rng, said.append), said))
    return made


def augmented(samples: Samples, backgrounds: Sequence[Samples], rng: Rng) -> list[Samples]:
    """Return the article's copies: noise, silence, and mixing where there is a background.

    Copies belong to the recording that they were made of: augment after
    splitting, and only what trains.
    """
    return [copy.samples for copy in one_by_each((WHITE_NOISE, RANDOM_SILENCE, MIXING), samples, backgrounds, rng)]


def _peak(samples: Samples) -> float:
    return float(np.abs(samples.astype(np.float64)).max(initial=0))


def _cut(values: NDArray[np.number[Any]]) -> Samples:
    return np.asarray(np.clip(np.rint(values), LOWEST, LOUDEST), np.int16)


def _fitted(values: NDArray[np.number[Any]]) -> Samples:
    """Round, scaled down where the peak exceeds full scale."""
    loudest = float(np.abs(values).max(initial=0))
    return _cut(values * (LOUDEST / loudest) if loudest > LOUDEST else values)
