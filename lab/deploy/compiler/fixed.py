"""The fixed-point arithmetic of TensorFlow Lite's int8 kernels, in exact integers.

A real factor becomes a 32-bit multiplier and a shift; a value is multiplied,
its high word rounded (half up), then shifted right rounding half away from
zero. Source: gemmlowp's fixedpoint.h and TensorFlow Lite's quantization_util.
"""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
INT8_MIN, INT8_MAX = -128, 127
OVERFLOW_SHIFT = 1_024


def quantize_multiplier(factor: float) -> tuple[int, int]:
    """Return (multiplier, shift) with factor ≈ multiplier · 2^(shift - 31).

    Args:
        factor: ≥ 0; below 2^-32 it becomes 0, and one that overflowed gets a shift that no kernel takes.

    Returns:
        multiplier 0 or in [2^30, 2^31); shift positive for left.
    """
    if factor == 0.0:
        return 0, 0
    if not math.isfinite(factor):
        return 2**30, OVERFLOW_SHIFT
    fraction, shift = math.frexp(factor)
    multiplier = math.floor(fraction * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier, shift = 2**30, shift + 1
    return (0, 0) if shift < -31 else (multiplier, shift)


def requantize(values: Any, multiplier: int, shift: int) -> Ints:
    """Return values · multiplier · 2^(shift - 31), rounded as the kernels do.

    Args:
        values: integers within 32 bits after the left shift.
        multiplier: as quantize_multiplier gives it.
        shift: likewise.
    """
    left, right = max(shift, 0), max(-shift, 0)
    shifted = np.asarray(values, np.int64) << left
    high = (shifted * multiplier + 2**30) >> 31
    half = (1 << right) >> 1
    return (high + half - ((high < 0) & (right > 0))) >> right


def requantize_once(values: Ints, multiplier: int, shift: int) -> Ints:
    """Return values · multiplier · 2^(shift - 31), rounded once, halves up."""
    if shift >= 0:
        return ((values << shift) * multiplier + 2**30) >> 31
    return ((values * multiplier >> 31) + (1 << (-shift - 1))) >> -shift


def round_away(values: NDArray[np.float64]) -> Ints:
    """Return values rounded to integers, halves away from zero, exactly as C's round()."""
    whole = np.trunc(values)
    return (whole + (values - whole >= 0.5) - (values - whole <= -0.5)).astype(np.int64)


def clamp(values: Ints, low: int = INT8_MIN, high: int = INT8_MAX) -> Ints:
    """Return values held within low to high."""
    return np.clip(values, low, high)


def code_of(value: float, scale: np.float32, zero_point: int) -> int:
    """Return the code of a real value, rounded half away from zero in float32, not clamped."""
    ratio = max(-1e6, min(1e6, float(np.float32(value) / scale)))
    return zero_point + int(math.copysign(math.floor(abs(ratio) + 0.5), ratio))


def codes() -> Ints:
    """Return every int8 code, -128 to 127, in order."""
    return np.arange(INT8_MIN, INT8_MAX + 1, dtype=np.int64)
