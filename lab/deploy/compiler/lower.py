"""From the graph's operators to kernel calls."""

from dataclasses import replace

import numpy as np

from lab.deploy.compiler import convolutions, elementwise, shapes, softmax, windows
from lab.deploy.compiler.fast import accelerate
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
    "RESIZE_NEAREST_NEIGHBOR": shapes.resize_nearest_neighbor,
    "SOFTMAX": softmax.softmax,
    "SUB": elementwise.sub,
}
SHAPE_ONLY = ("SHAPE", "STRIDED_SLICE", "PACK")
"""They compute a shape for RESHAPE; every shape is known here, so they vanish."""


def lower(graph: Graph, first: int, last: int) -> list[Step]:
    """Return the kernel calls of a graph, in running order.

    Args:
        graph: the model.
        first: its int8 input's tensor.
        last: its int8 output's tensor.

    Raises:
        Unsupported: an operator, a type or a combination that has no kernel.
    """
    steps: list[Step] = []
    for operator in needed(graph, first, last):
        if operator.name not in LOWERINGS:
            tensor = graph.tensors[operator.outputs[0]]
            raise Unsupported(operator, tensor, f"the compiler has no such operator. It has {', '.join(LOWERINGS)}.")
        if len(operator.outputs) != 1:
            raise Unsupported(operator, graph.tensors[operator.outputs[0]], "it has more than one output.")
        steps += LOWERINGS[operator.name](View(graph, operator))
    return accelerate(_join_tables(steps, last), last)


def needed(graph: Graph, first: int, last: int) -> list[Operator]:
    """Return the operators that the output depends on, without those that only compute shapes."""
    wanted, kept = {last}, []
    for operator in reversed(graph.operators):
        if first in operator.outputs or not wanted & set(operator.outputs):
            continue
        if operator.name in SHAPE_ONLY:
            tensor = graph.tensors[operator.outputs[0]]
            raise Unsupported(operator, tensor, "its values are needed; only shapes for RESHAPE may be computed.")
        kept.append(operator)
        reads = operator.inputs[:1] if operator.name == "RESHAPE" else operator.inputs
        wanted |= {index for index in reads if index >= 0}
    return kept[::-1]


def _join_tables(steps: list[Step], last: int) -> list[Step]:
    """Merge an element-wise step into the one before it, if nobody else reads what lies between."""
    made: list[Step] = []
    readers: dict[int, int] = {}
    for step in steps:
        for index in step.reads:
            readers[index] = readers.get(index, 0) + 1
    for step in steps:
        before = made[-1] if made else None
        if (
            before is not None
            and before.table is not None
            and step.table is not None
            and step.reads == (before.writes,)
            and readers[before.writes] == 1
            and before.writes != last
        ):
            table = step.table[before.table.astype(np.int64) + 128]
            made[-1] = replace(step, reads=before.reads, table=table, constants=(Constant("table", "int8_t", table),))
        else:
            made.append(step)
    return made


def ends(graph: Graph) -> tuple[int, int]:
    """Return the int8 tensors that the model begins and ends with; float edges are cut off.

    Raises:
        BadInput: more than one input or output, or one that is not int8 inside.
    """
    if len(graph.inputs) != 1 or len(graph.outputs) != 1:
        raise BadInput(
            f"The model has {len(graph.inputs)} inputs and {len(graph.outputs)} outputs; one of each is compiled."
        )
    first, last = graph.inputs[0], graph.outputs[0]
    if graph.tensors[first].dtype == "float32":
        readers = [operator for operator in graph.operators if first in operator.inputs]
        if len(readers) == 1 and readers[0].name == "QUANTIZE":
            first = readers[0].outputs[0]
    if graph.tensors[last].dtype == "float32":
        makers = [operator for operator in graph.operators if last in operator.outputs]
        if len(makers) == 1 and makers[0].name == "DEQUANTIZE" and makers[0].inputs:
            last = makers[0].inputs[0]
    for what, index in (("input", first), ("output", last)):
        tensor = graph.tensors[index]
        if tensor.dtype != "int8" or len(tensor.scales) != 1 or tensor.shape[:1] != (1,) or not tensor.size:
            raise BadInput(
                f"The model's {what}, tensor {index} {tensor.name[:80]!r}, is {tensor.dtype} {tensor.shape}; "
                "int8 with one scale and a batch of one is needed. Quantize the model to int8."
            )
    return first, last
