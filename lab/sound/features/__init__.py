"""From samples to what a model sees, the same bits as on the board.

`windows` cuts a clip into feature windows for training; `hop_windows` gives
the windows that a board sees, one a hop. Published windows are float32
magnitudes, all others int8 codes.
"""

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from lab.errors import BadInput
from lab.sound.features.rows import Rows, band_sums, codes, frames_of, hop_rows
from lab.sound.features.spec import DEFAULT, HOP_LEN, MAX_CODE, PUBLISHED, SPECS, FeatureSpec, check
from lab.sound.features.stft import stft

__all__ = [
    "DEFAULT", "HOP_LEN", "PUBLISHED", "SPECS", "ClipTooShort", "FeatureSpec", "Windows",
    "check", "hop_rows", "hop_windows", "latest_windows", "stft", "windows",
]  # fmt: skip

Windows = NDArray[np.int8] | NDArray[np.float32]
STRIDE = 16_000
BLOCK_WINDOWS = 256


class ClipTooShort(BadInput):
    """The clip cannot fill one window."""

    def __init__(self, got: int, need: int) -> None:
        super().__init__(f"Clip has {got} samples; one window needs {need}. Record longer.")


def windows(samples: NDArray[np.int16], spec: FeatureSpec, stride: int = STRIDE) -> Windows:
    """Return every complete feature window of a clip, from sample 0, with no padding.

    Args:
        samples: int16 at 16 kHz, shape (n,).
        spec: how sound becomes numbers.
        stride: samples from the start of a window to the start of the next.

    Returns:
        int8 codes, shape (w, rows, bands); for a spec without codes float32
        magnitudes / 64, which are those of `stft`.

    Raises:
        ClipTooShort: n is less than spec.window_len.
        BadInput: stride is less than 1.
    """
    if stride < 1:
        raise BadInput(f"Stride is {stride} samples; it must be at least 1.")
    if len(samples) < spec.window_len:
        raise ClipTooShort(len(samples), spec.window_len)
    count = 1 + (len(samples) - spec.window_len) // stride
    if stride % spec.frame_step == 0 and stride <= spec.window_len + spec.frame_len:
        pooled = _on_one_grid(samples, spec, stride // spec.frame_step, count)
    else:
        pooled = _each_alone(samples, spec, stride, count)
    return finish(codes(pooled, spec), spec)


def _on_one_grid(samples: NDArray[np.int16], spec: FeatureSpec, step: int, count: int) -> NDArray[np.uint32]:
    """Compute each frame once, though windows share it; `step` is frames from window to window."""
    sums = band_sums(frames_of(samples, spec), spec)
    if spec.pool_frames > 1:
        sums = sliding_window_view(sums, spec.pool_frames, axis=0).sum(axis=2, dtype=np.uint32)
    first = np.arange(count)[:, None] * step
    found: NDArray[np.uint32] = sums[first + np.arange(spec.rows) * spec.pool_frames]
    return found


def _each_alone(samples: NDArray[np.int16], spec: FeatureSpec, stride: int, count: int) -> NDArray[np.uint32]:
    frames_each = spec.rows * spec.pool_frames
    clips = sliding_window_view(samples, spec.window_len)[::stride]
    pooled = np.empty((count, spec.rows, spec.bands), np.uint32)
    for start in range(0, count, BLOCK_WINDOWS):
        block = clips[start : start + BLOCK_WINDOWS]
        frames = sliding_window_view(block, spec.frame_len, axis=1)[:, :: spec.frame_step][:, :frames_each]
        sums = band_sums(frames.reshape(-1, spec.frame_len), spec)
        grouped = sums.reshape(len(block), spec.rows, spec.pool_frames, spec.bands)
        pooled[start : start + len(block)] = grouped.sum(axis=2, dtype=np.uint32)
    return pooled


def hop_windows(samples: NDArray[np.int16], spec: FeatureSpec, first_hop: int = 0) -> Windows:
    """Return the windows that a board decides on, one a hop.

    Args:
        samples: int16 at 16 kHz, shape (n,), from the moment the board started.
        spec: how sound becomes numbers.
        first_hop: leave out decisions before this hop; there are none before hop spec.hops_per_window.

    Returns:
        As `windows`; row i belongs to hop max(first_hop, hops_per_window) + i.
        Published windows are a read-only view.
    """
    rows = hop_rows(samples, spec)
    hops = len(rows) // spec.rows_per_hop
    first = max(first_hop, spec.hops_per_window)
    if hops < first:
        return finish(rows[:0].reshape(0, spec.rows, spec.bands), spec)
    return latest_windows(rows, spec, hops - first + 1)


def latest_windows(rows: Rows, spec: FeatureSpec, count: int) -> Windows:
    """Return the windows of the newest hops, as `hop_windows` does.

    Args:
        rows: as `hop_rows` gives them; the newest ends a hop.
        spec: how.
        count: hops; their windows' rows must all be there.
    """
    if not count:
        return finish(rows[:0].reshape(0, spec.rows, spec.bands), spec)
    used = rows[len(rows) - spec.rows - (count - 1) * spec.rows_per_hop :]
    if spec.is_codes:
        return finish(_windowed(used, spec), spec)
    magnitudes: NDArray[np.float32] = _windowed(finish(used, spec), spec)
    return magnitudes


def _windowed(rows: NDArray[Any], spec: FeatureSpec) -> NDArray[Any]:
    return sliding_window_view(rows, spec.rows, axis=0).swapaxes(1, 2)[:: spec.rows_per_hop]


def finish(rows: Rows, spec: FeatureSpec) -> Windows:
    """Return what the model sees of windows of codes or magnitudes.

    Args:
        rows: uint8 codes or uint16 magnitudes, shape (…, rows, bands).
        spec: "log2_relative" raises each window so that its maximum is 255.
    """
    if not spec.is_codes:
        return rows.astype(np.float32) / np.float32(64)
    if spec.compression != "log2_relative" or not len(rows):
        return (rows.astype(np.int16) - 128).astype(np.int8)
    lift = MAX_CODE - rows.max(axis=(-2, -1), keepdims=True).astype(np.int16)
    lifted: NDArray[np.int8] = (rows.astype(np.int16) + lift - 128).astype(np.int8)
    return lifted
