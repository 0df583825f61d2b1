"""The Hann window, in the numbers that host and board share."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray


@lru_cache(maxsize=8)
def hann_q15(frame_len: int) -> NDArray[np.int16]:
    """Return the periodic Hann window 0.5·(1 - cos(2πi/N)) in q15.

    Float32, times 32768, cut towards zero, at most 32767: what CMSIS-DSP's
    arm_float_to_q15 makes of it.

    Args:
        frame_len: N, in samples.

    Returns:
        int16, shape (frame_len,), read-only.
    """
    turns = 2 * np.pi * np.arange(frame_len) / frame_len
    window = (0.5 * (1 - np.cos(turns))).astype(np.float32) * np.float32(32_768)
    q15: NDArray[np.int16] = np.minimum(window, 32_767).astype(np.int16)
    q15.flags.writeable = False
    return q15
