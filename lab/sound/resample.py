"""Any rate to 16 kHz, a block at a time, with the result of doing it all at once."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from math import gcd

import numpy as np
from numpy.typing import NDArray

from lab.sound.clip import RATE_HZ

BLOCK_S = 10
Mono = NDArray[np.float32]


def resampled(blocks: Iterable[Mono], rate_hz: int) -> Iterator[Mono]:
    """Yield sound at 16 kHz.

    Args:
        blocks: float32 at rate_hz, each of shape (n,).
        rate_hz: what they come in.

    Source: scipy.signal.resample_poly over the whole, which each block joins
    exactly: it is given what its filter reaches on both sides.
    """
    if rate_hz == RATE_HZ:
        yield from blocks
        return
    common = gcd(rate_hz, RATE_HZ)
    up, down = RATE_HZ // common, rate_hz // common
    reach = 10 * max(up, down) // up + 2  # half of resample_poly's filter, in input samples
    margin = -(-reach // down) * down
    step = max(margin, BLOCK_S * rate_hz // down * down)
    held, lead = np.zeros(0, np.float32), 0
    for block in blocks:
        held = np.concatenate([held, block])
        while len(held) >= lead + step + margin:
            made = _poly(held[: lead + step + margin], up, down)
            yield made[lead // down * up : (lead + step) // down * up]
            held, lead = held[lead + step - margin :], margin
    if len(held) > lead:
        yield _poly(held, up, down)[lead // down * up :]


def _poly(samples: Mono, up: int, down: int) -> Mono:
    from scipy.signal import resample_poly

    return np.asarray(resample_poly(samples, up, down, window=_filter(max(up, down))), np.float32)


@lru_cache(maxsize=8)
def _filter(longest: int) -> Mono:
    """Return the filter that resample_poly would design anew each time."""
    from scipy.signal import firwin

    made: Mono = firwin(20 * longest + 1, 1 / longest, window=("kaiser", 5.0)).astype(np.float32)
    made.flags.writeable = False
    return made
