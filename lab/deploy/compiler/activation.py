"""Fused activations: the range that an operator's output codes keep to."""

import numpy as np

from lab.deploy.compiler.fixed import INT8_MAX, INT8_MIN, code_of
from lab.deploy.compiler.step import View
from lab.deploy.tflite import Tensor

_RANGES: dict[int, tuple[float | None, float | None]] = {
    0: (None, None),
    1: (0.0, None),
    2: (-1.0, 1.0),
    3: (0.0, 6.0),
}


def output_range(view: View) -> tuple[int, int]:
    """Return the least and greatest output code that the fused activation allows.

    Raises:
        Unsupported: an activation that is not NONE, RELU, RELU_N1_TO_1 or RELU6.
    """
    kind = view.operator.options["FusedActivationFunction"]
    if kind not in _RANGES:
        raise view.refuse(view.output, f"its fused activation {kind} is not one of NONE, RELU, RELU_N1_TO_1, RELU6.")
    return code_range(view.output, *_RANGES[kind])


def code_range(output: Tensor, low: float | None, high: float | None) -> tuple[int, int]:
    """Return real limits as codes within int8; None is no limit."""
    scale, zero_point = np.float32(output.scales[0]), int(output.zero_points[0])
    least = INT8_MIN if low is None else max(INT8_MIN, code_of(low, scale, zero_point))
    most = INT8_MAX if high is None else min(INT8_MAX, code_of(high, scale, zero_point))
    return least, most
