"""Weights, bias and scale of convolutions and dense layers, folded for the kernels."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab.deploy.compiler.activation import output_range
from lab.deploy.compiler.fixed import Ints, clamp, quantize_multiplier, requantize_once, round_away
from lab.deploy.compiler.step import Constant, View
from lab.deploy.tflite import Tensor

FILTERS_AT_ONCE = 4
TWICE, TWICE_RIGHT, TWICE_SHORT, ONCE = range(4)
"""How a sum becomes a code: kernels/requantize.h has one function for each."""
_SAFE_SUM = 2**30
_SHORT_SUM = 2**20 - 2
_TRIES = (0, 1, -1, 2, -2, 3, -3, 4, -4)


@dataclass(frozen=True, slots=True, eq=False)
class Filters:
    """What a kernel needs beside its weights.

    Attributes:
        bias: int64, (filters,), with the input's zero point folded in.
        pairs: multiplier and shift of each filter, (filters, 2).
        rounding: TWICE, TWICE_RIGHT, TWICE_SHORT or ONCE.
        limits: offset, least and greatest code of the output.
    """

    bias: Ints
    pairs: Ints
    rounding: int
    limits: tuple[int, int, int]

    @property
    def constants(self) -> tuple[Constant, ...]:
        """Return the const arrays."""
        return (
            Constant("bias", "int32_t", self.bias),
            Constant("multiplier", "int32_t", self.pairs[:, 0]),
            Constant("shift", "int8_t", self.pairs[:, 1]),
        )

    def struct(self, kind: str, field: str, count: int) -> str:
        """Return the C literal that hands everything to the kernel; `field` is the struct's count."""
        offset, low, high = self.limits
        return (
            f"&(const struct {kind}){{.weights = {{weights}}, .bias = {{bias}}, .multiplier = {{multiplier}}, "
            f".shift = {{shift}}, .{field} = {count}, .out_offset = {offset}, .out_min = {low}, .out_max = {high}, "
            f".rounding = {self.rounding}}}"
        )


def fold(view: View, image: Tensor, taps: Ints, axis: int, once: bool = False) -> Filters:
    """Return what goes with the weights of a layer.

    Args:
        view: the operator; its input 1 is the weights, input 2 the bias or absent.
        image: the input, for its scale and zero point.
        taps: weights, (filters, taps).
        axis: the weights' dimension that filters run along.
        once: round once, as TensorFlow Lite's reference does for dense layers, instead of twice.

    Raises:
        Unsupported: a sum could leave 32 bits, or the scales do not fit.
    """
    output, weights = view.output, view.input(1)
    factors = _factors(view, image, weights, len(taps), axis)
    bias = _bias(view, len(taps))
    folded = bias - int(image.zero_points[0]) * taps.sum(axis=1)
    size = np.abs(taps).sum(axis=1)
    # Ours: weights are stored plus 128, which is taken off beforehand. The reference's: codes minus the zero point.
    ours = np.abs(folded) + 128 * (128 + 255) * taps.shape[1]
    bounds = np.maximum(ours, np.abs(bias) + 255 * size)
    if bounds.max() >= 2**31:
        raise view.refuse(weights, f"the sum of filter {int(bounds.argmax())} can leave 32 bits.")
    low, high = output_range(view)
    limits = (int(output.zero_points[0]), low, high)
    least, most = (code - int(image.zero_points[0]) for code in (-128, 127))
    above, below = np.maximum(taps, 0).sum(axis=1), np.minimum(taps, 0).sum(axis=1)
    reach = np.maximum(np.abs(bias + most * above + least * below), np.abs(bias + least * above + most * below))
    if once:
        pairs = [_exact_pair(view, *item, limits) for item in zip(factors, reach.tolist(), strict=True)]
        return Filters(folded, np.array(pairs, np.int64), ONCE, limits)
    pairs = [quantize_multiplier(factor) for factor in factors]
    if max(shift for _, shift in pairs) > 30:
        raise view.refuse(output, "its scale is too small for those of input and weights.")
    return Filters(folded, np.array(pairs, np.int64), _rounding(pairs, int(reach.max())), limits)


def _rounding(pairs: list[tuple[int, int]], bound: int) -> int:
    """Return the cheapest way to round twice that is exact for sums up to bound."""
    if any(shift >= 0 for _, shift in pairs) or bound >= _SAFE_SUM:
        return TWICE
    return TWICE_SHORT if bound < _SHORT_SUM else TWICE_RIGHT


def _factors(view: View, image: Tensor, weights: Tensor, count: int, axis: int) -> list[float]:
    """Return what each filter's sum is multiplied with, in double precision as TensorFlow Lite does."""
    if weights.zero_points.any():
        raise view.refuse(weights, "its zero point is not 0; int8 weights are symmetric.")
    if weights.scales.size not in (1, count) or (weights.scales.size > 1 and weights.channel_axis != axis):
        raise view.refuse(weights, f"it needs one scale, or {count} along axis {axis}.")
    scales = np.broadcast_to(weights.scales.astype(np.float64), (count,))
    return [float(factor) for factor in float(image.scales[0]) * scales / float(view.output.scales[0])]


def _bias(view: View, count: int) -> Ints:
    given = view.optional(2)
    if given is None:
        return np.zeros(count, np.int64)
    if given.dtype != "int32" or given.data is None or given.size != count:
        raise view.refuse(given, f"the bias must be {count} constants of int32.")
    return given.data.astype(np.int64).ravel()


def _exact_pair(view: View, factor: float, bound: int, limits: tuple[int, int, int]) -> tuple[int, int]:
    """Return (multiplier, shift) that round once to exactly what double precision gives, for every sum.

    TensorFlow Lite's reference rounds sum · factor in double precision here,
    halves away from zero. Both ways rise with the sum, so they are equal if
    they are equal on both sides of each code's first sum.
    """
    if bound >= _SAFE_SUM or factor * bound >= 2**30:
        raise view.refuse(view.output, "a sum of its inputs and weights is too large for its scale.")
    offset, low, high = limits
    codes = range(low - offset - 1, high - offset + 2)
    edges = [math.floor((code - 0.5) / factor) for code in codes] if factor else [0]
    sums = np.unique(np.clip(np.add.outer(edges, np.arange(-2, 4)), -bound, bound).astype(np.int64))
    expected = clamp(round_away(sums.astype(np.float64) * np.float64(factor)) + offset, low, high)
    multiplier, shift = quantize_multiplier(factor)
    for change in _TRIES:
        tried = min(max(multiplier + change, 0), 2**31 - 1)
        if np.array_equal(clamp(requantize_once(sums, tried, shift) + offset, low, high), expected):
            return tried, shift
    raise view.refuse(view.output, "no 32-bit multiplier rounds its sums exactly.")


def side_by_side(taps: Ints) -> NDArray[np.uint8]:
    """Return weights plus 128, with four filters interleaved tap by tap; those left over follow whole."""
    full = len(taps) // FILTERS_AT_ONCE * FILTERS_AT_ONCE
    blocks = taps[:full].reshape(-1, FILTERS_AT_ONCE, taps.shape[1]).transpose(0, 2, 1)
    return (np.concatenate([blocks.ravel(), taps[full:].ravel()]) + 128).astype(np.uint8)
