"""Operators that multiply with weights: CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED."""

from dataclasses import replace

import numpy as np

from lab.deploy.compiler.filters import Filters, fold, side_by_side
from lab.deploy.compiler.fixed import Ints
from lab.deploy.compiler.step import MAX_TENSOR_BYTES, Constant, Layer, Step, View, shape_fields
from lab.deploy.compiler.windows import image_of, patch_bytes, window_shape
from lab.deploy.tflite import Tensor


def conv_2d(view: View) -> list[Step]:
    """Lower CONV_2D; weights are (filters, height, width, channels)."""
    image, weights = image_of(view), view.constant(1, "int8")
    if len(weights.shape) != 4 or not weights.size or image.shape[3] % weights.shape[3]:
        raise view.refuse(weights, f"filters of shape {weights.shape} do not fit input {image.shape}.")
    count, height, width, channels = weights.shape
    groups = image.shape[3] // channels
    if count % groups or groups * weights.size > MAX_TENSOR_BYTES:
        raise view.refuse(weights, f"{count} filters in {groups} groups cannot be, or are too many.")
    shape = window_shape(view, image, (height, width), count)
    taps = _ungrouped(_values(weights), groups).reshape(count, -1)
    step = _dense_step(view, image, taps, shape, fold(view, image, taps, axis=0))
    return [replace(step, macs=step.macs // groups)]


def _ungrouped(taps: Ints, groups: int) -> Ints:
    """Return filters that read every channel: a group's filters have zeros for the channels of the others."""
    if groups == 1:
        return taps
    count, height, width, channels = taps.shape
    made = np.zeros((count, height, width, groups, channels), np.int64)
    each = count // groups
    for group in range(groups):
        made[group * each : (group + 1) * each, :, :, group] = taps[group * each : (group + 1) * each]
    return made


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
    taps = _values(weights)
    return [_dense_step(view, rows, taps, shape, fold(view, rows, taps, axis=0, once=True))]


def depthwise_conv_2d(view: View) -> list[Step]:
    """Lower DEPTHWISE_CONV_2D; weights are (1, height, width, channels · multiplier)."""
    image, weights = image_of(view), view.constant(1, "int8")
    channels = image.shape[3]
    if len(weights.shape) != 4 or weights.shape[0] != 1 or not weights.size or weights.shape[3] % channels:
        raise view.refuse(weights, f"filters of shape {weights.shape} do not fit input {image.shape}.")
    _, height, width, count = weights.shape
    shape = window_shape(view, image, (height, width), count)
    taps = _values(weights).reshape(height * width, count)
    filters = fold(view, image, taps.T, axis=3)
    return [
        Step(
            view.operator, "depthwise_conv_2d", (image.index,), view.output.index, shape=shape,
            arguments=("&{shape}", filters.struct("channel_filters", "per_channel", count // channels)),
            constants=(Constant("weights", "int8_t", taps.T.astype(np.int8)), *filters.constants),
            scratch_bytes=patch_bytes(shape), macs=view.output.size * height * width,
            layer=Layer(taps.T.reshape(count, height, width, 1), filters, shape, is_depthwise=True),
        )
    ]  # fmt: skip


def _dense_step(view: View, image: Tensor, taps: Ints, shape: dict[str, int], filters: Filters) -> Step:
    return Step(
        view.operator, "conv_2d", (image.index,), view.output.index, shape=shape,
        arguments=("&{shape}", filters.struct("filters", "count", len(taps))),
        constants=(Constant("weights", "uint8_t", side_by_side(taps)), *filters.constants),
        scratch_bytes=patch_bytes(shape), macs=view.output.size * taps.shape[1],
        layer=Layer(
            taps.reshape(len(taps), shape["kernel_height"], shape["kernel_width"], -1), filters, shape
        ),
    )  # fmt: skip


def _values(tensor: Tensor) -> Ints:
    assert tensor.data is not None
    return tensor.data.astype(np.int64)
