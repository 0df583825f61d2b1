"""Operators that move values or reduce them: reshape, pad, concatenate, mean."""

import math

from lab.deploy.compiler.fixed import quantize_multiplier
from lab.deploy.compiler.step import Constant, Step, View
from lab.deploy.tflite import Tensor


def reshape(view: View) -> list[Step]:
    """Lower RESHAPE: the same memory under another shape, so the shape operand is not read."""
    first, output = view.computed(0), view.int8(view.output)
    if first.size != output.size:
        raise view.refuse(output, f"its shape {output.shape} does not hold the {first.size} values of {first.shape}.")
    return [Step(view.operator, "", (first.index,), output.index, in_place=True)]


def pad(view: View) -> list[Step]:
    """Lower PAD: the border reads as real zero."""
    first, output = view.computed(0), view.int8(view.output)
    amounts = view.constant(1, "int32") if view.input(1).dtype == "int32" else view.constant(1, "int64")
    rank = len(first.shape)
    if amounts.shape != (rank, 2) or amounts.data is None or amounts.data.min() < 0 or rank > 4:
        raise view.refuse(amounts, f"its shape {amounts.shape} is not a pair for each of {rank} dimensions, at most 4.")
    view.same_scale(first, output)
    pairs = [(0, 0)] * (4 - rank) + [(int(a), int(b)) for a, b in amounts.data.tolist()]
    sizes = [1] * (4 - rank) + list(first.shape)
    made = [size + before + after for size, (before, after) in zip(sizes, pairs, strict=True)]
    view.expect_shape(output, tuple(made[4 - rank :]))
    fields = {"size": sizes, "before": [a for a, _ in pairs], "after": [b for _, b in pairs]}
    struct = ", ".join(f".{name} = {_braces(values)}" for name, values in fields.items())
    shape = f"&(const struct pad_shape){{{struct}, .code = {output.zero_points[0]}}}"
    return [Step(view.operator, "pad", (first.index,), output.index, arguments=(shape,))]


def concatenation(view: View) -> list[Step]:
    """Lower CONCATENATION: one block copy an input."""
    output = view.int8(view.output)
    parts = [view.int8(view.input(place)) for place in range(len(view.operator.inputs))]
    rank, options = len(output.shape), view.operator.options
    axis = options["Axis"] + (rank if options["Axis"] < 0 else 0)
    if not 0 <= axis < rank or options["FusedActivationFunction"] != 0:
        raise view.refuse(output, f"axis {options['Axis']} of shape {output.shape}, or a fused activation, cannot be.")
    for part in parts:
        view.same_scale(part, output)
        if len(part.shape) != rank or part.shape[:axis] + part.shape[axis + 1 :] != (
            output.shape[:axis] + output.shape[axis + 1 :]
        ):
            raise view.refuse(part, f"its shape {part.shape} does not fit {output.shape} along axis {axis}.")
    if all(part.data is not None for part in parts):
        raise view.refuse(output, "all its inputs are constants; fold them before converting.")
    if sum(part.shape[axis] for part in parts) != output.shape[axis]:
        raise view.refuse(output, f"its shape {output.shape} is not the sum of its inputs along axis {axis}.")
    return _blocks(view, parts, output, axis)


def _blocks(view: View, parts: list[Tensor], output: Tensor, axis: int) -> list[Step]:
    rows, inner = math.prod(output.shape[:axis]), math.prod(output.shape[axis + 1 :])
    pitch, offset, steps = output.shape[axis] * inner, 0, []
    for part in parts:
        width = part.shape[axis] * inner
        numbers = tuple(map(str, (offset, rows, width, pitch, width)))
        if part.data is None:
            steps.append(Step(view.operator, "copy_block", (part.index,), output.index, arguments=numbers))
        else:
            constant = Constant("values", "int8_t", part.data)
            steps.append(
                Step(
                    view.operator, "copy_block", (), output.index, operands=("{values}",), arguments=numbers,
                    constants=(constant,),
                )
            )  # fmt: skip
        offset += width
    return steps


def mean(view: View) -> list[Step]:
    """Lower MEAN over any constant axes."""
    first, output, axes = view.computed(0), view.int8(view.output), view.constant(1, "int32")
    rank = len(first.shape)
    assert axes.data is not None
    if rank > 4 or any(not -rank <= axis < rank for axis in axes.data.ravel().tolist()):
        raise view.refuse(first, f"a mean of shape {first.shape} along {axes.data.ravel().tolist()[:8]} cannot be.")
    summed = {axis % rank for axis in axes.data.ravel().tolist()}
    keep = view.operator.options["KeepDims"]
    shape = tuple(1 if axis in summed else size for axis, size in enumerate(first.shape) if keep or axis not in summed)
    view.expect_shape(output, shape)
    count = math.prod(first.shape[axis] for axis in summed)
    multiplier, shift = quantize_multiplier(float(first.scales[0]) / float(output.scales[0]))
    if shift > 20 or count > 2**22:
        raise view.refuse(output, f"its scale is too small for a mean of {count} values.")
    spare = min(count.bit_length() - 1, 32, 31 + shift)
    sizes = [1] * (4 - rank) + list(first.shape)
    steps = [math.prod(sizes[axis + 1 :]) for axis in range(4)]
    is_summed = [axis - (4 - rank) in summed for axis in range(4)]
    fields = {
        "kept": [1 if gone else size for size, gone in zip(sizes, is_summed, strict=True)],
        "kept_step": steps,
        "summed": [size if gone else 1 for size, gone in zip(sizes, is_summed, strict=True)],
        "summed_step": steps,
    }
    struct = ", ".join(f".{name} = {_braces(values)}" for name, values in fields.items())
    numbers = (
        f".offset = {-int(first.zero_points[0]) * count}, .multiplier = {(multiplier << spare) // count}, "
        f".shift = {shift - spare}, .out_offset = {output.zero_points[0]}"
    )
    argument = f"&(const struct mean_shape){{{struct}, {numbers}}}"
    return [Step(view.operator, "mean", (first.index,), output.index, arguments=(argument,))]


def _braces(values: list[int]) -> str:
    return "{" + ", ".join(str(value) for value in values) + "}"
