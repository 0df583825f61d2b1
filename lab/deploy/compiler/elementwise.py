"""Operators that work value by value: tables of 256 outputs, and sums and products of two tensors."""

import numpy as np

from lab.deploy.compiler.activation import code_range, output_range
from lab.deploy.compiler.fixed import Ints, clamp, codes, quantize_multiplier, requantize
from lab.deploy.compiler.step import Constant, Step, View, shape_fields
from lab.deploy.tflite import Tensor

LEFT_SHIFT = 20


def lookup_step(view: View, read: int, table: Ints) -> Step:
    """Return the step that maps each code through a table of 256."""
    values = table.astype(np.int8)
    return Step(
        view.operator, "lookup", (read,), view.output.index, arguments=("{table}", str(view.output.size)),
        constants=(Constant("table", "int8_t", values),), in_place=True, table=values,
    )  # fmt: skip


def _unary(view: View) -> tuple[Tensor, Tensor]:
    first, output = view.computed(0), view.int8(view.output)
    view.expect_shape(output, first.shape)
    return first, output


def _rescaled(view: View, first: Tensor, output: Tensor, factor: float) -> Ints:
    multiplier, shift = quantize_multiplier(factor)
    if shift > 20:
        raise view.refuse(output, "its scale is too small for that of its input.")
    return requantize(codes() - int(first.zero_points[0]), multiplier, shift) + int(output.zero_points[0])


def quantize(view: View) -> list[Step]:
    """Lower QUANTIZE from int8 to int8: another scale."""
    first, output = _unary(view)
    factor = float(first.scales[0]) / float(output.scales[0])
    return [lookup_step(view, first.index, clamp(_rescaled(view, first, output, factor)))]


def relu(view: View) -> list[Step]:
    """Lower RELU."""
    return _relu(view, 0.0, None)


def relu_1(view: View) -> list[Step]:
    """Lower RELU_N1_TO_1."""
    return _relu(view, -1.0, 1.0)


def relu_6(view: View) -> list[Step]:
    """Lower RELU6."""
    return _relu(view, 0.0, 6.0)


def _relu(view: View, low: float, high: float | None) -> list[Step]:
    first, output = _unary(view)
    # The quotient is single precision in TensorFlow Lite.
    table = _rescaled(view, first, output, float(first.scales[0] / output.scales[0]))
    return [lookup_step(view, first.index, clamp(table, *code_range(output, low, high)))]


def leaky_relu(view: View) -> list[Step]:
    """Lower LEAKY_RELU: one multiplier from zero up, another below."""
    first, output = _unary(view)
    alpha = np.float32(view.operator.options["Alpha"])
    if not np.isfinite(alpha):
        raise view.refuse(output, "its alpha is not a number.")
    # Quotients are single precision in TensorFlow Lite.
    above = _rescaled(view, first, output, float(first.scales[0] / output.scales[0]))
    below = _rescaled(view, first, output, float(first.scales[0] * alpha / output.scales[0]))
    return [lookup_step(view, first.index, clamp(np.where(codes() >= int(first.zero_points[0]), above, below)))]


def logistic(view: View) -> list[Step]:
    """Lower LOGISTIC: the reference's own table, in single precision."""
    first, output = _unary(view)
    if float(output.scales[0]) != 1 / 256 or output.zero_points[0] != -128:
        raise view.refuse(output, "a logistic's output needs scale 1/256 and zero point -128.")
    real = first.scales[0] * (codes() - first.zero_points[0]).astype(np.float32)
    exponential = np.exp(-real.astype(np.float64)).astype(np.float32)
    rescaled = np.float32(256) * (np.float32(1) / (np.float32(1) + exponential))
    table = np.floor(rescaled.astype(np.float64) + 0.5).astype(np.int64) - 128
    return [lookup_step(view, first.index, clamp(table))]


def add(view: View) -> list[Step]:
    """Lower ADD."""
    return _sum(view, 1)


def sub(view: View) -> list[Step]:
    """Lower SUB."""
    return _sum(view, -1)


def _sum(view: View, sign: int) -> list[Step]:
    first, second, output = view.int8(view.input(0)), view.int8(view.input(1)), view.int8(view.output)
    twice = 2 * max(first.scales[0], second.scales[0])
    sides = [quantize_multiplier(float(side.scales[0]) / float(twice)) for side in (first, second)]
    multiplier, shift = quantize_multiplier(float(twice) / float(np.float32(2**LEFT_SHIFT) * output.scales[0]))
    if shift > 0:
        raise view.refuse(output, "its scale is too small for those of its inputs.")
    low, high = output_range(view)
    offsets = [-int(side.zero_points[0]) for side in (first, second)]

    def combine(a: Ints, b: Ints) -> Ints:
        parts = [
            requantize((side + offset) << LEFT_SHIFT, *pair)
            for side, offset, pair in zip((a, b), offsets, sides, strict=True)
        ]
        total = requantize(parts[0] + sign * parts[1], multiplier, shift) + int(output.zero_points[0])
        return clamp(total, low, high)

    scales = shape_fields(
        first_offset=offsets[0], first_multiplier=sides[0][0], first_shift=sides[0][1], second_offset=offsets[1],
        second_multiplier=sides[1][0], second_shift=sides[1][1], sign=sign, multiplier=multiplier, shift=shift,
        out_offset=output.zero_points[0], out_min=low, out_max=high,
    )  # fmt: skip
    return [_binary(view, first, second, combine, "add", scales)]


def mul(view: View) -> list[Step]:
    """Lower MUL."""
    first, second, output = view.int8(view.input(0)), view.int8(view.input(1)), view.int8(view.output)
    # Both operations are single precision in TensorFlow Lite.
    multiplier, shift = quantize_multiplier(float(first.scales[0] * second.scales[0] / output.scales[0]))
    if shift > 14:
        raise view.refuse(output, "its scale is too small for those of its inputs.")
    low, high = output_range(view)
    offsets = [-int(side.zero_points[0]) for side in (first, second)]

    def combine(a: Ints, b: Ints) -> Ints:
        product = requantize((a + offsets[0]) * (b + offsets[1]), multiplier, shift)
        return clamp(product + int(output.zero_points[0]), low, high)

    scales = shape_fields(
        first_offset=offsets[0], second_offset=offsets[1], multiplier=multiplier, shift=shift,
        out_offset=output.zero_points[0], out_min=low, out_max=high,
    )  # fmt: skip
    return [_binary(view, first, second, combine, "mul", scales)]


def _binary(view: View, first: Tensor, second: Tensor, combine, kernel: str, scales: dict[str, int]) -> Step:  # type: ignore[no-untyped-def]
    try:
        shape = np.broadcast_shapes(first.shape, second.shape)
    except ValueError:
        raise view.refuse(second, f"its shape {second.shape} does not fit {first.shape}.") from None
    view.expect_shape(view.output, shape)
    values = [None if side.data is None else side.data.astype(np.int64) for side in (first, second)]
    if values[0] is not None and values[1] is not None:
        raise view.refuse(second, "both inputs are constants; fold them before converting.")
    for place, constant in enumerate(values):
        other = (first, second)[1 - place]
        if constant is not None and constant.size == 1 and other.shape == shape:
            only = constant.ravel()
            table = combine(only, codes()) if place == 0 else combine(codes(), only)
            return lookup_step(view, other.index, table)
    reads: list[int] = []
    constants: list[Constant] = []
    operands: list[str] = []
    for name, side, value in zip(("first", "second"), (first, second), values, strict=True):
        if value is None:
            operands.append(f"{{in{len(reads)}}}")
            reads.append(side.index)
        else:
            operands.append(f"{{{name}}}")
            constants.append(Constant(name, "int8_t", value))
    struct = f"&(const struct {kernel}_scales){{{', '.join(f'.{name} = {value}' for name, value in scales.items())}}}"
    return Step(
        view.operator, kernel, tuple(reads), view.output.index, operands=tuple(operands),
        arguments=(_broadcast(view, first.shape, second.shape, shape), struct), constants=tuple(constants),
    )  # fmt: skip


def _broadcast(view: View, first: tuple[int, ...], second: tuple[int, ...], shape: tuple[int, ...]) -> str:
    """Return the C literal that walks two shapes together, in at most four dimensions."""
    groups: list[list[int]] = []  # [size, first repeats, second repeats], merged where the repeats agree
    for size, a, b in zip(shape, _widen(first, len(shape)), _widen(second, len(shape)), strict=True):
        if size == 1:
            continue
        kind = [int(a == 1), int(b == 1)]
        if groups and groups[-1][1:] == kind:
            groups[-1][0] *= size
        else:
            groups.append([size, *kind])
    if len(groups) > 4:
        raise view.refuse(view.output, f"shapes {first} and {second} repeat along too many dimensions.")
    groups = [[1, 0, 0]] * (4 - len(groups)) + groups
    sizes = [group[0] for group in groups]
    steps = [_steps(sizes, [bool(group[side]) for group in groups]) for side in (1, 2)]
    fields = zip(("size", "first_step", "second_step"), (sizes, *steps), strict=True)
    return (
        "&(const struct broadcast_shape){"
        + ", ".join(f".{n} = {{{', '.join(map(str, values))}}}" for n, values in fields)
        + "}"
    )


def _widen(shape: tuple[int, ...], rank: int) -> tuple[int, ...]:
    return (1,) * (rank - len(shape)) + shape


def _steps(sizes: list[int], repeats: list[bool]) -> list[int]:
    steps, step = [0] * 4, 1
    for axis in range(3, -1, -1):
        if not repeats[axis]:
            steps[axis], step = step, step * sizes[axis]
    return steps
