"""What is measured of a clip once, when it comes in, and kept with it."""

import numpy as np
from numpy.typing import NDArray

FULL_SCALE = 32_768
RAIL = 32_767


def peak(samples: NDArray[np.int16]) -> float:
    """Return the greatest magnitude as a share of full scale; samples: int16, shape (n,)."""
    low, high = int(samples.min(initial=0)), int(samples.max(initial=0))
    return max(-low, high) / FULL_SCALE


def clipped(samples: NDArray[np.int16]) -> int:
    """Return how many samples were cut off: those at full scale beside another on the same side.

    One alone may be a peak that just fits; two in a row are a flat top.
    """
    high, low = samples >= RAIL, samples <= -RAIL
    if not (high.any() or low.any()):
        return 0
    return _in_runs(high) + _in_runs(low)


def _in_runs(rail: NDArray[np.bool_]) -> int:
    pairs = rail[1:] & rail[:-1]
    inside = np.zeros(len(rail), bool)
    inside[1:] |= pairs
    inside[:-1] |= pairs
    return int(inside.sum())
