"""RESIZE_NEAREST_NEIGHBOR and RESIZE_BILINEAR: which rows and columns are read is decided here."""

import numpy as np
from numpy.typing import NDArray

from lab.deploy.compiler.step import Constant, Step, View

_ONE_BITS = 10
"""Fraction bits of a bilinear weight, as TensorFlow Lite's integer kernel has them."""
_MAX_SIDE = 2**16 - 1


def resize_nearest_neighbor(view: View) -> list[Step]:
    """Lower RESIZE_NEAREST_NEIGHBOR."""
    batches, height, width, rows, columns, channels = _sizes(view)
    constants = (
        Constant("rows", "uint16_t", _nearest(view, height, rows)),
        Constant("columns", "uint16_t", _nearest(view, width, columns)),
    )
    return [_step(view, "resize", (batches, height, width, rows, columns, channels), constants)]


def resize_bilinear(view: View) -> list[Step]:
    """Lower RESIZE_BILINEAR."""
    batches, height, width, rows, columns, channels = _sizes(view)
    constants = (
        Constant("rows", "uint16_t", _between(view, height, rows)),
        Constant("columns", "uint16_t", _between(view, width, columns)),
    )
    return [_step(view, "resize_bilinear", (batches, height, width, rows, columns, channels), constants)]


def _step(view: View, kernel: str, sizes: tuple[int, ...], constants: tuple[Constant, ...]) -> Step:
    arguments = ("{rows}", "{columns}", *map(str, sizes))
    return Step(
        view.operator, kernel, (view.input(0).index,), view.output.index, arguments=arguments, constants=constants
    )


def _sizes(view: View) -> tuple[int, int, int, int, int, int]:
    """Return batches, height, width, rows, columns and channels, checked."""
    image, output = view.computed(0), view.int8(view.output)
    size = view.constant(1, "int32")
    if len(image.shape) != 4 or size.size != 2 or size.data is None:
        raise view.refuse(image, f"shape {image.shape} to size {size.shape} is not an image to (height, width).")
    batches, height, width, channels = image.shape
    rows, columns = (int(value) for value in size.data.ravel())
    view.expect_shape(output, (batches, rows, columns, channels))
    if max(*image.shape, rows, columns) > _MAX_SIDE:
        raise view.refuse(image, f"its shape {image.shape} is too large to resize.")
    if view.operator.options["AlignCorners"] and view.operator.options["HalfPixelCenters"]:
        raise view.refuse(output, "its corners are aligned and its pixels centred; only one can be.")
    return batches, height, width, rows, columns, channels


def _nearest(view: View, in_len: int, out_len: int) -> NDArray[np.int64]:
    """Return the place that each output reads, computed in single precision as TensorFlow Lite does."""
    align, half = view.operator.options["AlignCorners"], view.operator.options["HalfPixelCenters"]
    corners = align and out_len > 1
    scale = np.float32(in_len - 1) / np.float32(out_len - 1) if corners else np.float32(in_len) / np.float32(out_len)
    real = (np.arange(out_len, dtype=np.float32) + np.float32(0.5 if half else 0.0)) * scale
    places = np.floor(real.astype(np.float64) + 0.5) if align else np.floor(real)
    return np.clip(places.astype(np.int64), 0, in_len - 1)


def _between(view: View, in_len: int, out_len: int) -> NDArray[np.int64]:
    """Return (the two places that each output lies between, weight of the second in 1/1024), one row an output.

    Source: ResizeBilinearInteger and ComputeInterpolationValuesInteger of TensorFlow Lite.
    """
    align, half = view.operator.options["AlignCorners"], view.operator.options["HalfPixelCenters"]
    one = 1 << _ONE_BITS
    parts, whole = (in_len - 1, out_len - 1) if align and out_len > 1 else (in_len, out_len)
    scale = (one * parts + whole // 2) // whole
    at = np.arange(out_len, dtype=np.int64) * scale + (scale // 2 - one // 2 if half else 0)
    lower = np.maximum(at, 0) >> _ONE_BITS
    upper = np.minimum((np.maximum(at, 0) + one - 1) >> _ONE_BITS, in_len - 1)
    if lower.max() >= in_len:  # the reference's rounded scale leads it past the end
        raise view.refuse(view.output, f"{in_len} to {out_len} values reads outside the image in the reference.")
    # Where both are one place its value counts whole, whatever the weights.
    weight = np.where(lower == upper, 0, at - (lower << _ONE_BITS))
    return np.stack([lower, upper, weight], axis=1)
