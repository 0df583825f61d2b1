"""Operators that slide a window: convolutions, dense layers and pools."""

import numpy as np
from numpy.typing import NDArray

from lab.deploy.compiler.activation import output_range
from lab.deploy.compiler.fixed import Ints, quantize_multiplier
from lab.deploy.compiler.step import Constant, Step, View, shape_fields
from lab.deploy.tflite import Tensor

SAME, VALID = 0, 1
FILTERS_AT_ONCE = 4
_SAFE_SUM = 2**30


def conv_2d(view: View) -> list[Step]:
    """Lower CONV_2D; weights are (filters, height, width, channels)."""
    image, weights, output = _image(view), view.constant(1, "int8"), view.int8(view.output)
    if len(weights.shape) != 4 or weights.shape[3] != image.shape[3] or not weights.size:
        raise view.refuse(weights, f"filters of shape {weights.shape} do not fit input {image.shape}.")
    count, height, width, _ = weights.shape
    shape = _window_shape(view, image, (height, width), count)
    taps = _values(weights).reshape(count, -1)
    return [_dense_step(view, image, output, taps, shape, _factors(view, image, weights, output, count))]


def fully_connected(view: View) -> list[Step]:
    """Lower FULLY_CONNECTED: a 1 x 1 convolution over rows of features."""
    rows, weights, output = view.computed(0), view.constant(1, "int8"), view.int8(view.output)
    if view.operator.options["WeightsFormat"] != 0:
        raise view.refuse(weights, "its weights are shuffled; convert with the default format.")
    if len(weights.shape) != 2 or not weights.size or rows.size % weights.shape[1]:
        raise view.refuse(weights, f"weights of shape {weights.shape} do not fit input {rows.shape}.")
    count, features = weights.shape
    if output.size != rows.size // features * count:
        raise view.refuse(output, f"its shape {output.shape} is not {rows.size // features} rows of {count}.")
    shape = shape_fields(
        batches=1, in_height=1, in_width=rows.size // features, channels=features, kernel_height=1, kernel_width=1,
        stride_height=1, stride_width=1, dilation_height=1, dilation_width=1, pad_top=0, pad_left=0,
        out_height=1, out_width=rows.size // features, padded=0, pad_code=0,
    )  # fmt: skip
    if len(weights.scales) == 1:
        # TensorFlow Lite multiplies these two scales in single precision here, and only here.
        factor = float(rows.scales[0] * weights.scales[0]) / float(output.scales[0])
        factors = [factor] * count
    else:
        factors = _factors(view, rows, weights, output, count)
    return [_dense_step(view, rows, output, _values(weights), shape, factors)]


def depthwise_conv_2d(view: View) -> list[Step]:
    """Lower DEPTHWISE_CONV_2D; weights are (1, height, width, channels · multiplier)."""
    image, weights, output = _image(view), view.constant(1, "int8"), view.int8(view.output)
    channels = image.shape[3]
    if len(weights.shape) != 4 or weights.shape[0] != 1 or not weights.size or weights.shape[3] % channels:
        raise view.refuse(weights, f"filters of shape {weights.shape} do not fit input {image.shape}.")
    _, height, width, count = weights.shape
    shape = _window_shape(view, image, (height, width), count)
    if weights.scales.size > 1 and weights.channel_axis != 3:
        raise view.refuse(weights, f"its scales run along axis {weights.channel_axis}; axis 3 is needed.")
    factors = _factors(view, image, weights, output, count, axis=3)
    taps = _values(weights).reshape(height * width, count).T
    bias, only_right = _fold_bias(view, image, taps, factors)
    low, high = output_range(view)
    scales = _scale_constants(bias, factors)
    weight = Constant("weights", "int8_t", _values(weights).astype(np.int8).reshape(height * width, count))
    filters = (
        f"{{.weights = {{weights}}, .bias = {{bias}}, .multiplier = {{multiplier}}, .shift = {{shift}}, "
        f".per_channel = {count // channels}, .out_offset = {output.zero_points[0]}, "
        f".out_min = {low}, .out_max = {high}, .only_right = {int(only_right)}}}"
    )
    outputs = shape["batches"] * shape["out_height"] * shape["out_width"] * count
    return [
        Step(
            view.operator, "depthwise_conv_2d", (image.index,), output.index,
            arguments=("&{shape}", "&(const struct channel_filters)" + filters), shape=shape,
            constants=(weight, *scales), scratch_bytes=_patch_bytes(shape), macs=outputs * height * width,
        )
    ]  # fmt: skip


def max_pool_2d(view: View) -> list[Step]:
    """Lower MAX_POOL_2D."""
    return [_pool_step(view, "max_pool_2d")]


def average_pool_2d(view: View) -> list[Step]:
    """Lower AVERAGE_POOL_2D."""
    return [_pool_step(view, "average_pool_2d")]


def _pool_step(view: View, kernel: str) -> Step:
    image, output = _image(view), view.int8(view.output)
    view.same_scale(image, output)
    options = view.operator.options
    size = (options["FilterHeight"], options["FilterWidth"])
    if min(size) < 1 or max(size) > 2**15:
        raise view.refuse(output, f"a pool of {size} cannot be.")
    shape = _window_shape(view, image, size, image.shape[3])
    low, high = output_range(view)
    arguments = ("&{shape}", str(low), str(high))
    return Step(view.operator, kernel, (image.index,), output.index, arguments=arguments, shape=shape)


def _image(view: View) -> Tensor:
    image = view.computed(0)
    if len(image.shape) != 4:
        raise view.refuse(image, f"its shape {image.shape} is not (batch, height, width, channels).")
    return image


def _window_shape(view: View, image: Tensor, kernel: tuple[int, int], out_channels: int) -> dict[str, int]:
    options, output = view.operator.options, view.int8(view.output)
    batches, height, width, channels = image.shape
    strides = (options["StrideH"], options["StrideW"])
    dilations = (options.get("DilationHFactor", 1), options.get("DilationWFactor", 1))
    if min(*strides, *dilations) < 1 or max(*strides, *dilations, *kernel) > 2**15:
        raise view.refuse(output, f"strides {strides}, dilations {dilations} or window {kernel} cannot be.")
    if options["Padding"] not in (SAME, VALID):
        raise view.refuse(output, f"its padding {options['Padding']} is not SAME or VALID.")
    spans = [(size - 1) * dilation + 1 for size, dilation in zip(kernel, dilations, strict=True)]
    if options["Padding"] == SAME:
        sizes = [-(-size // stride) for size, stride in zip((height, width), strides, strict=True)]
    else:
        sizes = [
            (size - span) // stride + 1 for size, span, stride in zip((height, width), spans, strides, strict=True)
        ]
    view.expect_shape(output, (batches, *sizes, out_channels))
    over = [max(0, (out - 1) * stride + span - size)
            for out, stride, span, size in zip(sizes, strides, spans, (height, width), strict=True)]  # fmt: skip
    pads = [total // 2 for total in over]
    return shape_fields(
        batches=batches, in_height=height, in_width=width, channels=channels, kernel_height=kernel[0],
        kernel_width=kernel[1], stride_height=strides[0], stride_width=strides[1], dilation_height=dilations[0],
        dilation_width=dilations[1], pad_top=pads[0], pad_left=pads[1], out_height=sizes[0], out_width=sizes[1],
        padded=int(any(over) or dilations[1] > 1), pad_code=image.zero_points[0],
    )  # fmt: skip


def _patch_bytes(shape: dict[str, int]) -> int:
    """Return the work memory that gathering a window takes; a byte where none is gathered."""
    return shape["kernel_height"] * shape["kernel_width"] * shape["channels"] if shape["padded"] else 1


def _dense_step(
    view: View, image: Tensor, output: Tensor, taps: Ints, shape: dict[str, int], factors: list[float]
) -> Step:
    bias, only_right = _fold_bias(view, image, taps, factors)
    low, high = output_range(view)
    weights = Constant("weights", "int8_t", _side_by_side(taps))
    filters = (
        f"{{.weights = {{weights}}, .bias = {{bias}}, .multiplier = {{multiplier}}, .shift = {{shift}}, "
        f".count = {len(taps)}, .out_offset = {output.zero_points[0]}, "
        f".out_min = {low}, .out_max = {high}, .only_right = {int(only_right)}}}"
    )
    return Step(
        view.operator, "conv_2d", (image.index,), output.index,
        arguments=("&{shape}", "&(const struct filters)" + filters), shape=shape,
        constants=(weights, *_scale_constants(bias, factors)), scratch_bytes=_patch_bytes(shape),
        macs=output.size * taps.shape[1],
    )  # fmt: skip


def _side_by_side(taps: Ints) -> NDArray[np.int8]:
    """Return weights with four filters interleaved tap by tap; those left over follow whole."""
    full = len(taps) // FILTERS_AT_ONCE * FILTERS_AT_ONCE
    blocks = taps[:full].reshape(-1, FILTERS_AT_ONCE, taps.shape[1]).transpose(0, 2, 1)
    return np.concatenate([blocks.ravel(), taps[full:].ravel()]).astype(np.int8)


def _values(tensor: Tensor) -> Ints:
    assert tensor.data is not None
    return tensor.data.astype(np.int64)


def _factors(view: View, image: Tensor, weights: Tensor, output: Tensor, count: int, axis: int = 0) -> list[float]:
    """Return what each filter's sum is multiplied with, in double precision as TensorFlow Lite does."""
    if weights.scales.size not in (1, count) or (weights.scales.size > 1 and weights.channel_axis != axis):
        raise view.refuse(
            weights, f"it has {weights.scales.size} scales along axis {weights.channel_axis}, not {count}."
        )
    scales = np.broadcast_to(weights.scales.astype(np.float64), (count,))
    return [float(factor) for factor in float(image.scales[0]) * scales / float(output.scales[0])]


def _fold_bias(view: View, image: Tensor, taps: Ints, factors: list[float]) -> tuple[Ints, bool]:
    """Return the bias with the input's zero point folded in, and whether requantizing only shifts right.

    Raises:
        Unsupported: a sum could leave 32 bits, or the scales are too far apart.
    """
    weights = view.input(1)
    if weights.zero_points.any():
        raise view.refuse(weights, "its zero point is not 0; int8 weights are symmetric.")
    bias = np.zeros(len(taps), np.int64)
    given = view.optional(2)
    if given is not None:
        if given.dtype != "int32" or given.data is None or given.size != len(taps):
            raise view.refuse(given, f"the bias must be {len(taps)} constants of int32.")
        bias = given.data.astype(np.int64).ravel()
    folded = bias - int(image.zero_points[0]) * taps.sum(axis=1)
    bound = np.abs(folded) + 128 * np.abs(taps).sum(axis=1)
    if bound.max() >= 2**31 or np.abs(bias).max() + 255 * np.abs(taps).sum(axis=1).max() >= 2**31:
        raise view.refuse(weights, f"the sum of filter {int(bound.argmax())} can leave 32 bits.")
    shifts = [quantize_multiplier(factor)[1] for factor in factors]
    if max(shifts) > 30:
        raise view.refuse(view.output, "its scale is too small for those of input and weights.")
    return folded, bool(max(shifts) < 0 and bound.max() < _SAFE_SUM)


def _scale_constants(bias: Ints, factors: list[float]) -> tuple[Constant, ...]:
    pairs = np.array([quantize_multiplier(factor) for factor in factors], np.int64)
    return (
        Constant("bias", "int32_t", bias),
        Constant("multiplier", "int32_t", pairs[:, 0]),
        Constant("shift", "int8_t", pairs[:, 1]),
    )
