"""Magnitudes of frames by the real CMSIS-DSP, called from Python."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import Missing
from lab.sound.features.hann import hann_q15


def magnitudes(frames: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return the q15 magnitude of every FFT bin of every frame.

    arm_mult_q15 by the Hann window, arm_rfft_q15, arm_cmplx_mag_q15. The
    first and last work on one number at a time, so that one call for all
    frames gives the same bits as a call a frame.

    Args:
        frames: int16, shape (f, N).

    Returns:
        int16, shape (f, N // 2 + 1), never negative.

    Raises:
        Missing: cmsisdsp is not installed.
    """
    count, frame_len = frames.shape
    bins = frame_len // 2 + 1
    if not count:
        return np.zeros((0, bins), np.int16)
    dsp, instance = _library(frame_len)
    window = np.tile(hann_q15(frame_len), count)
    windowed = dsp.arm_mult_q15(np.ascontiguousarray(frames).reshape(-1), window).reshape(count, frame_len)
    spectra = np.empty((count, 2 * bins), np.int16)
    for index in range(count):
        # The transform returns 2N values; those after the first N + 2 mirror them.
        spectra[index] = dsp.arm_rfft_q15(instance, windowed[index])[: 2 * bins]
    found = np.asarray(dsp.arm_cmplx_mag_q15(spectra.reshape(-1)), np.int16)
    return found.reshape(count, bins)


@lru_cache(maxsize=8)
def _library(frame_len: int) -> tuple[Any, Any]:
    try:
        import cmsisdsp as dsp
    except ImportError as error:
        raise Missing("The cmsisdsp package is not installed; run `make setup`.") from error
    instance = dsp.arm_rfft_instance_q15()
    if dsp.arm_rfft_init_q15(instance, frame_len, 0, 1) != 0:
        raise ValueError(f"CMSIS-DSP has no real FFT of {frame_len} points")
    return dsp, instance
