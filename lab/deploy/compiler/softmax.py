"""SOFTMAX in exact integers: a table of exponentials, and one reciprocal a row at run time.

The fixed-point formulas are those of gemmlowp's fixedpoint.h, which TensorFlow
Lite's reference kernel calls: a polynomial around -1/8 for exp on [-1/4, 0),
then one constant factor for each higher bit of the exponent.
"""

import math

import numpy as np

from lab.deploy.compiler.fixed import Ints, quantize_multiplier
from lab.deploy.compiler.step import Constant, Step, View

INPUT_BITS = 5
MAX_DEPTH = 4_000
_FRACTION_BITS = 31 - INPUT_BITS
_EXP_NEG_EIGHTH = 1_895_147_668
_ONE_THIRD = 715_827_883
_ONE = 2**31 - 1
_FACTORS = (1_672_461_947, 1_302_514_674, 790_015_084, 290_630_308, 39_332_535, 720_401, 242)
"""exp(-1/4), exp(-1/2), exp(-1), … exp(-16), in 31 fraction bits."""


def softmax(view: View) -> list[Step]:
    """Lower SOFTMAX over the last dimension."""
    first, output = view.computed(0), view.int8(view.output)
    view.expect_shape(output, first.shape)
    if not first.shape or first.shape[-1] > MAX_DEPTH:
        raise view.refuse(first, f"shape {first.shape} has more than {MAX_DEPTH} classes, or none.")
    if float(output.scales[0]) != 1 / 256 or output.zero_points[0] != -128:
        raise view.refuse(output, "a softmax's output needs scale 1/256 and zero point -128.")
    factor = float(view.operator.options["Beta"]) * float(first.scales[0]) * 2**_FRACTION_BITS
    if not 1 < factor < math.inf:
        raise view.refuse(first, f"beta {view.operator.options['Beta']} with its scale is too small or no number.")
    table = exponentials(min(factor, float(_ONE)))
    depth = first.shape[-1]
    return [
        Step(
            view.operator, "softmax", (first.index,), output.index,
            arguments=("{table}", str(first.size // depth), str(depth)),
            constants=(Constant("table", "int32_t", table),),
        )
    ]  # fmt: skip


def exponentials(factor: float) -> Ints:
    """Return exp(-d · scale · beta) in 31 fraction bits for code differences d of 0 to 255.

    Args:
        factor: scale · beta · 2^26.
    """
    multiplier, shift = quantize_multiplier(factor)
    radius = math.floor((2**INPUT_BITS - 1) * 2**_FRACTION_BITS / 2**shift)
    distances = np.arange(256, dtype=np.int64)
    seen = distances <= radius
    scaled = _times(-np.where(seen, distances, 0) << shift, np.int64(multiplier))
    return np.where(seen, _exp_of_negative(scaled), 0)


def _times(a: Ints, b: Ints | np.int64) -> Ints:
    return (a * b + 2**30) >> 31


def _divide(a: Ints, bits: int) -> Ints:
    return (a + (1 << (bits - 1)) - (a < 0)) >> bits


def _exp_of_negative(a: Ints) -> Ints:
    quarter = 1 << (_FRACTION_BITS - 2)
    within = (a & (quarter - 1)) - quarter
    result = _exp_near_zero(within << INPUT_BITS)
    remainder = within - a
    for place, factor in enumerate(_FACTORS):
        bit = 1 << (_FRACTION_BITS - 2 + place)
        result = np.where(remainder & bit, _times(result, np.int64(factor)), result)
    return np.where(a == 0, _ONE, result)


def _exp_near_zero(a: Ints) -> Ints:
    """Return exp(a) for a in [-1/4, 0), both in 31 fraction bits: a Taylor polynomial around -1/8."""
    x = a + (1 << 28)
    x2 = _times(x, x)
    x3, x4 = _times(x2, x), _times(x2, x2)
    higher = _divide(_times(_divide(x4, 2) + x3, np.int64(_ONE_THIRD)) + x2, 1)
    return _EXP_NEG_EIGHTH + _times(x + higher, np.int64(_EXP_NEG_EIGHTH))
