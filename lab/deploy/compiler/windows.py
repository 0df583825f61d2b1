"""Operators that slide a window: the geometry they share, and the pools."""

from lab.deploy.compiler.activation import output_range
from lab.deploy.compiler.step import Step, View, shape_fields
from lab.deploy.tflite import Tensor

SAME, VALID = 0, 1
MAX_POOLED = 2**23
"""More codes than this may not add up within 32 bits."""


def max_pool_2d(view: View) -> list[Step]:
    """Lower MAX_POOL_2D."""
    return [_pool_step(view, "max_pool_2d")]


def average_pool_2d(view: View) -> list[Step]:
    """Lower AVERAGE_POOL_2D."""
    return [_pool_step(view, "average_pool_2d")]


def _pool_step(view: View, kernel: str) -> Step:
    image, output = image_of(view), view.int8(view.output)
    view.same_scale(image, output)
    options = view.operator.options
    size = (options["FilterHeight"], options["FilterWidth"])
    if min(size) < 1 or max(size) > 2**15:
        raise view.refuse(output, f"a pool of {size} cannot be.")
    shape = window_shape(view, image, size, image.shape[3])
    if min(size[0], image.shape[1]) * min(size[1], image.shape[2]) > MAX_POOLED:
        raise view.refuse(output, f"a pool of {size} adds more than {MAX_POOLED} values.")
    low, high = output_range(view)
    arguments = ("&{shape}", str(low), str(high))
    return Step(view.operator, kernel, (image.index,), output.index, arguments=arguments, shape=shape)


def image_of(view: View) -> Tensor:
    """Return the first input, checked to be (batch, height, width, channels)."""
    image = view.computed(0)
    if len(image.shape) != 4:
        raise view.refuse(image, f"its shape {image.shape} is not (batch, height, width, channels).")
    return image


def window_shape(view: View, image: Tensor, kernel: tuple[int, int], out_channels: int) -> dict[str, int]:
    """Return the fields of the C struct window_shape; refuses an output of another shape."""
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


def patch_bytes(shape: dict[str, int]) -> int:
    """Return the work memory that gathering a window takes; a byte where none is gathered."""
    return shape["kernel_height"] * shape["kernel_width"] * shape["channels"] if shape["padded"] else 1
