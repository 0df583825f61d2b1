"""From samples to rows of pooled magnitudes and codes."""

from functools import cache
from typing import Any, Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from lab.errors import Missing
from lab.sound.features import cmsis
from lab.sound.features.spec import HOP_LEN, FeatureSpec, code_thresholds

BLOCK_FRAMES = 4_096
"""Frames computed at a time, to bound memory."""

Rows = NDArray[np.unsignedinteger[Any]]


class Magnitudes(Protocol):
    """Computes q15 magnitudes (f, N // 2 + 1) of frames (f, N)."""

    def __call__(self, frames: NDArray[np.int16]) -> NDArray[np.int16]: ...


@cache
def engine() -> Magnitudes:
    """Return what computes magnitudes: the board's own C built for this host, else CMSIS-DSP's Python package.

    Both give the same bits.
    """
    try:
        from lab.sound.features import core

        core.magnitudes(np.zeros((1, 256), np.int16))
    except (ImportError, AttributeError, Missing):
        return cmsis.magnitudes
    found: Magnitudes = core.magnitudes
    return found


def band_sums(frames: NDArray[np.int16], spec: FeatureSpec) -> NDArray[np.uint32]:
    """Return each frame's magnitudes summed over pool_bins bins.

    Args:
        frames: int16, shape (f, frame_len); may be a strided view.
        spec: which bins, and how many a band.

    Returns:
        uint32, shape (f, bands).
    """
    compute = engine()
    sums = np.empty((len(frames), spec.bands), np.uint32)
    for start in range(0, len(frames), BLOCK_FRAMES):
        block = np.ascontiguousarray(frames[start : start + BLOCK_FRAMES])
        used = compute(block)[:, spec.first_bin : spec.first_bin + spec.bins]
        sums[start : start + len(block)] = used.reshape(len(block), spec.bands, spec.pool_bins).sum(
            axis=2, dtype=np.uint32
        )
    return sums


def codes(sums: NDArray[np.uint32], spec: FeatureSpec) -> Rows:
    """Return how many of the spec's thresholds each sum reaches; magnitudes stay as they are.

    Args:
        sums: uint32, any shape.
        spec: whose curve.

    Returns:
        uint8 codes, or uint16 magnitudes where the spec keeps them.
    """
    if not spec.is_codes:
        return sums.astype(np.uint16)
    return np.searchsorted(code_thresholds(spec), sums, side="right").astype(np.uint8)


def frames_of(samples: NDArray[np.int16], spec: FeatureSpec) -> NDArray[np.int16]:
    """Return a view of every complete frame, one each frame_step samples from 0.

    Returns:
        int16, shape (f, frame_len).
    """
    if len(samples) < spec.frame_len:
        return np.zeros((0, spec.frame_len), np.int16)
    return sliding_window_view(samples, spec.frame_len)[:: spec.frame_step]


def hop_rows(samples: NDArray[np.int16], spec: FeatureSpec) -> Rows:
    """Return the rows that a board makes of a stream, oldest first.

    Frames end each frame_step samples and reach back into zeros before the
    stream began; a group of pool_frames frames makes a row.

    Args:
        samples: int16 at 16 kHz, shape (n,); what does not fill a hop of 512 is left.
        spec: how.

    Returns:
        uint8 codes before the window's maximum is subtracted (uint16
        magnitudes for `published`), shape (n // 512 · rows_per_hop, bands).
    """
    hops = len(samples) // HOP_LEN
    history = np.zeros(spec.frame_len - spec.frame_step, np.int16)
    sums = band_sums(frames_of(np.concatenate([history, samples[: hops * HOP_LEN]]), spec), spec)
    sums = sums[: hops * HOP_LEN // spec.frame_step]
    pooled = sums.reshape(-1, spec.pool_frames, spec.bands).sum(axis=1, dtype=np.uint32)
    return codes(pooled, spec)
