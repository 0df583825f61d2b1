"""From the graph's operators to kernel calls."""

from collections import Counter
from dataclasses import dataclass, replace

import numpy as np

from lab.deploy.compiler import convolutions, elementwise, resize, shapes, softmax, windows
from lab.deploy.compiler.choose import accelerate
from lab.deploy.compiler.step import Constant, Lower, Step, Unsupported, View
from lab.deploy.tflite import Graph, Operator
from lab.errors import BadInput

LOWERINGS: dict[str, Lower] = {
    "ADD": elementwise.add,
    "AVERAGE_POOL_2D": windows.average_pool_2d,
    "CONCATENATION": shapes.concatenation,
    "CONV_2D": convolutions.conv_2d,
    "DEPTHWISE_CONV_2D": convolutions.depthwise_conv_2d,
    "FULLY_CONNECTED": convolutions.fully_connected,
    "LEAKY_RELU": elementwise.leaky_relu,
    "LOGISTIC": elementwise.logistic,
    "MAX_POOL_2D": windows.max_pool_2d,
    "MEAN": shapes.mean,
    "MUL": elementwise.mul,
    "PAD": shapes.pad,
    "QUANTIZE": elementwise.quantize,
    "RELU": elementwise.relu,
    "RELU6": elementwise.relu_6,
    "RELU_N1_TO_1": elementwise.relu_1,
    "RESHAPE": shapes.reshape,
    "RESIZE_BILINEAR": resize.resize_bilinear,
    "RESIZE_NEAREST_NEIGHBOR": resize.resize_nearest_neighbor,
    "SOFTMAX": softmax.softmax,
    "SUB": elementwise.sub,
}
MAX_ENDS = 64
MAX_OPERATORS = 1_000
MAX_FLASH_BYTES = 16 * 2**20
"""What the RP2040 can address."""
SHAPE_ONLY = ("SHAPE", "STRIDED_SLICE", "PACK")
"""They compute a shape for RESHAPE; every shape is known here, so they vanish."""


@dataclass(frozen=True, slots=True)
class Ends:
    """The tensors that a model begins and ends with, in the file's order."""

    firsts: tuple[int, ...]
    lasts: tuple[int, ...]


def lower(graph: Graph, ends: Ends, flash_bytes: int | None, streaming: bool, code_bytes: int) -> list[Step]:
    """Return the kernel calls of a graph, in running order.

    Args:
        graph: the model.
        ends: its int8 inputs and outputs.
        flash_bytes: what weights and code shall take at most, where that is possible.
        streaming: the first layers may run row by row.
        code_bytes: what all layers' code may take of SRAM.

    Raises:
        Unsupported: an operator, a type or a combination that has no kernel.
    """
    steps: list[Step] = []
    operators = needed(graph, ends)
    if len(operators) > MAX_OPERATORS:
        raise BadInput(f"The model has {len(operators)} operators; at most {MAX_OPERATORS} are compiled.")
    for operator in operators:
        if operator.name not in LOWERINGS:
            tensor = graph.tensors[operator.outputs[0]]
            raise Unsupported(operator, tensor, f"the compiler has no such operator. It has {', '.join(LOWERINGS)}.")
        if len(operator.outputs) != 1:
            raise Unsupported(operator, graph.tensors[operator.outputs[0]], "it has more than one output.")
        steps += LOWERINGS[operator.name](View(graph, operator))
        _check_flash(steps)
    if not steps:
        return []
    # Outputs are read once more, at the end: no step may be merged with the one that makes them.
    reading = Step(graph.operators[-1], "", ends.lasts, ends.lasts[0])
    joined = _read_through_tables(_join_tables([*steps, reading]))
    return accelerate(joined, ends.lasts[0], flash_bytes, streaming, code_bytes)[:-1]


def _check_flash(steps: list[Step]) -> None:
    """Refuse constants that no RP2040's flash holds, before the next layer adds to them."""
    sizes = [sum(constant.size_bytes for constant in step.constants) for step in steps]
    if sum(sizes) > MAX_FLASH_BYTES:
        largest = steps[max(range(len(steps)), key=sizes.__getitem__)].operator
        raise BadInput(
            f"The model does not fit any RP2040: its constants, up to operator {steps[-1].operator.index}, take "
            f"{sum(sizes) - MAX_FLASH_BYTES} bytes more than {MAX_FLASH_BYTES // 2**20} MiB of flash. The largest "
            f"layer is operator {largest.index} ({largest.name}) with {max(sizes)} bytes."
        )


def needed(graph: Graph, ends: Ends) -> list[Operator]:
    """Return the operators that the outputs depend on, without those that only compute shapes."""
    wanted, kept = set(ends.lasts), []
    for operator in reversed(graph.operators):
        if set(ends.firsts) & set(operator.outputs) or not wanted & set(operator.outputs):
            continue
        if operator.name in SHAPE_ONLY:
            tensor = graph.tensors[operator.outputs[0]]
            raise Unsupported(operator, tensor, "its values are needed; only shapes for RESHAPE may be computed.")
        kept.append(operator)
        reads = operator.inputs[:1] if operator.name == "RESHAPE" else operator.inputs
        wanted |= {index for index in reads if index >= 0}
    return kept[::-1]


def _join_tables(steps: list[Step]) -> list[Step]:
    """Merge an element-wise step into the one before it, if nobody else reads what lies between."""
    made: list[Step] = []
    readers = Counter(index for step in steps for index in step.reads)
    for step in steps:
        before = made[-1] if made else None
        if before is not None and before.table is not None and _takes_table(before, step, readers):
            assert step.table is not None
            table = step.table[before.table.astype(np.int64) + 128]
            made[-1] = replace(step, reads=before.reads, table=table, constants=(Constant("table", "int8_t", table),))
        else:
            made.append(step)
    return made


def _read_through_tables(steps: list[Step]) -> list[Step]:
    """Let a nearest-neighbour resize apply the element-wise step that follows it, such as a normalization."""
    made: list[Step] = []
    readers = Counter(index for step in steps for index in step.reads)
    for step in steps:
        before = made[-1] if made else None
        if before is not None and before.kernel == "resize" and _takes_table(before, step, readers):
            rows, columns, *sizes = before.arguments
            made[-1] = replace(
                before, kernel="resize_table", writes=step.writes, arguments=(rows, columns, "{table}", *sizes),
                constants=(*before.constants, *step.constants),
                note=f"portable kernel: operator {step.operator.index} ({step.operator.name}) is read through a table",
            )  # fmt: skip
        else:
            made.append(step)
    return made


def _takes_table(before: Step, step: Step, readers: Counter[int]) -> bool:
    return step.table is not None and step.reads == (before.writes,) and readers[before.writes] == 1


def ends(graph: Graph) -> Ends:
    """Return the int8 tensors that the model begins and ends with; edges of another type are cut off.

    Raises:
        BadInput: an input or output that is not int8 inside, or an input that is given twice.
    """
    if len(set(graph.inputs)) != len(graph.inputs) or max(len(graph.inputs), len(graph.outputs)) > MAX_ENDS:
        raise BadInput(f"The model lists an input twice, or more than {MAX_ENDS} inputs or outputs.")
    firsts = tuple(_after_quantize(graph, index) for index in graph.inputs)
    lasts = tuple(_before_dequantize(graph, index) for index in graph.outputs)
    for what, index in (*(("input", index) for index in firsts), *(("output", index) for index in lasts)):
        tensor = graph.tensors[index]
        if tensor.data is not None or tensor.sparse:
            raise BadInput(f"The model's {what}, tensor {index} {tensor.name[:80]!r}, is a constant.")
        if tensor.dtype != "int8" or len(tensor.scales) != 1 or tensor.shape[:1] != (1,) or not tensor.size:
            raise BadInput(
                f"The model's {what}, tensor {index} {tensor.name[:80]!r}, is {tensor.dtype} {tensor.shape}; "
                "int8 with one scale and a batch of one is needed. Quantize the model to int8."
            )
    return Ends(firsts, lasts)


def _after_quantize(graph: Graph, index: int) -> int:
    """Return the int8 tensor that a float or uint8 input becomes, else the input itself."""
    readers = [operator for operator in graph.operators if index in operator.inputs]
    if graph.tensors[index].dtype == "int8" or len(readers) != 1 or readers[0].name != "QUANTIZE":
        return index
    made = readers[0].outputs[0]
    return made if graph.tensors[index].dtype == "float32" or _only_shifts(graph, index, made) else index


def _before_dequantize(graph: Graph, index: int) -> int:
    """Return the int8 tensor that a float or uint8 output is made from, else the output itself."""
    makers = [operator for operator in graph.operators if index in operator.outputs]
    if graph.tensors[index].dtype == "int8" or len(makers) != 1 or not makers[0].inputs or makers[0].inputs[0] < 0:
        return index
    source, kind = makers[0].inputs[0], graph.tensors[index].dtype
    if makers[0].name == "DEQUANTIZE" and kind == "float32":
        return source
    return source if makers[0].name == "QUANTIZE" and _only_shifts(graph, index, source) else index


def _only_shifts(graph: Graph, outer: int, inner: int) -> bool:
    """Return whether a uint8 tensor's codes are an int8 tensor's plus 128."""
    a, b = graph.tensors[outer], graph.tensors[inner]
    if (a.dtype, b.dtype) != ("uint8", "int8") or len(a.scales) != 1 or len(b.scales) != 1:
        return False
    return bool(a.scales[0] == b.scales[0] and a.zero_points[0] == b.zero_points[0] + 128)
