"""The article's three ways to make more of a recording, seeded.

White noise of a random level, a random share of samples silenced, and another
sound mixed in. Each takes and gives int16 of one shape.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rng = np.random.Generator
Samples = NDArray[np.int16]

NOISE_LEVEL = 0.2
"""Noise peaks at up to this share of full scale."""
KEEP = 0.8
"""Chance of a sample to stay."""


def white_noise(samples: Samples, rng: Rng, level: float = NOISE_LEVEL) -> Samples:
    """Add U(-1, 1) noise times U(0, level) of full scale.

    Args:
        samples: int16, shape (n,).
        rng: draws the noise.
        level: greatest peak of the noise, from 0 to 1.
    """
    noise = rng.uniform(-1, 1, len(samples)) * rng.uniform(0, level) * 32_767
    return _int16(samples + noise)


def random_silence(samples: Samples, rng: Rng, keep: float = KEEP) -> Samples:
    """Set samples to zero at random, each with the chance 1 - keep."""
    return np.where(rng.random(len(samples)) < keep, samples, 0).astype(np.int16)


def mix(samples: Samples, background: Samples, rng: Rng) -> Samples:
    """Add a random stretch of another sound, at U(0, 1) of this one's peak.

    The stretch is scaled to the peak first: recordings of quiet noise would
    else vanish. A background shorter than the sound goes round.

    Args:
        samples: int16, shape (n,).
        background: int16, shape (m,), m at least 1.
        rng: draws place and level.
    """
    start = int(rng.integers(max(1, len(background) - len(samples) + 1)))
    stretch = np.take(background, np.arange(start, start + len(samples)), mode="wrap").astype(np.float64)
    loudest, peak = np.abs(stretch).max(initial=0), np.abs(samples.astype(np.float64)).max(initial=0)
    level = rng.uniform(0, 1) * peak / loudest if loudest else 0.0
    return _int16(samples + stretch * level)


def augmented(samples: Samples, backgrounds: Sequence[Samples], rng: Rng) -> list[Samples]:
    """Return one copy by each way; mixing needs at least one background.

    Copies belong to the recording that they were made of: augment after
    splitting, and only what trains.
    """
    made = [white_noise(samples, rng), random_silence(samples, rng)]
    if len(backgrounds):
        made.append(mix(samples, backgrounds[int(rng.integers(len(backgrounds)))], rng))
    return made


WAYS: dict[str, Callable[..., Samples]] = {
    "white noise": white_noise,
    "random silence": random_silence,
    "mixing": mix,
}
"""What the page calls them."""


def _int16(values: NDArray[np.number[Any]]) -> Samples:
    return np.asarray(np.clip(np.rint(values), -32_768, 32_767), np.int16)
