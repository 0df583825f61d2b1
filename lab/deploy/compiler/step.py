"""What the compiler knows of one step of the model, before it is C."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.deploy.tflite import Graph, Operator, Tensor
from lab.errors import BadInput

MAX_TENSOR_BYTES = 16 * 2**20


class Unsupported(BadInput):
    """The compiler has no kernel for this; the message names operator, index and tensor."""

    def __init__(self, operator: Operator, tensor: Tensor, reason: str) -> None:
        super().__init__(
            f"Operator {operator.index} ({operator.name}), tensor {tensor.index} {tensor.name[:80]!r}: {reason}"
        )


@dataclass(frozen=True, slots=True, eq=False)
class Constant:
    """A const array of the generated C: `TYPE PREFIX_NAME[]`; one that is large and read once may stay in flash."""

    name: str
    c_type: str
    values: NDArray[Any]
    is_read_once: bool = False

    @property
    def size_bytes(self) -> int:
        """Return what it takes in flash."""
        return self.values.size * {"int8_t": 1, "uint8_t": 1, "uint16_t": 2, "int32_t": 4, "float": 4}[self.c_type]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """What straight-line code is made from.

    Attributes:
        taps: int64 weights, (filters, rows, columns, channels); of one channel each where depthwise.
        filters: bias, scale and limits.
        shape: fields of the kernel's window_shape.
        is_depthwise: every filter reads one channel.
        pool: max-pool (height, width) that only its greatest sums go through.
        plain: the steps of the portable kernels, where a pool was taken in.
    """

    taps: NDArray[np.int64]
    filters: Any
    shape: dict[str, int]
    is_depthwise: bool = False
    pool: tuple[int, int] = (1, 1)
    plain: tuple["Step", ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Step:
    """One kernel call.

    Attributes:
        operator: the operator it comes from.
        kernel: the C function's name.
        reads: tensors of the arena, in the order the kernel takes them unless `operands` says otherwise.
        writes: the tensor it makes.
        arguments: C expressions after the pointers; `{name}` stands for a constant of this step.
        shape: fields of the kernel's shape struct, if it has one.
        constants: its const arrays.
        scratch_bytes: work memory for the time of the call, passed after the inputs when not 0.
        in_place: the output may take the first input's memory.
        table: for an element-wise step of one input, its 256 outputs by code.
        macs: multiply-accumulates.
        operands: the input pointers, where constants stand among them: `{in0}`, `{in1}` or a constant's name.
        layer: for a step with weights, what straight-line code is made from.
        program: C of its own, before the model's functions; `{stem}` begins its names.
        code_bytes: instructions in it, and its tables.
        cycles: roughly, of what differs between the kernels that a layer can have.
        note: why it has the kernel it has.
        lanes: numbers of its straight-line code that streaming needs.
    """

    operator: Operator
    kernel: str
    reads: tuple[int, ...]
    writes: int
    arguments: tuple[str, ...] = ()
    shape: dict[str, int] | None = None
    constants: tuple[Constant, ...] = ()
    scratch_bytes: int = 0
    in_place: bool = False
    table: NDArray[np.int8] | None = None
    macs: int = 0
    operands: tuple[str, ...] = ()
    layer: Layer | None = None
    program: str = ""
    code_bytes: int = 0
    cycles: int = 0
    note: str = ""
    lanes: dict[str, int] | None = None


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """An operator with the tensors it needs at hand, and checks that read like speech."""

    graph: Graph
    operator: Operator

    def input(self, place: int) -> Tensor:
        """Return an input; Unsupported if it is absent."""
        if place >= len(self.operator.inputs) or self.operator.inputs[place] < 0:
            raise Unsupported(self.operator, self.output, f"it lacks its input {place}.")
        return self.graph.tensors[self.operator.inputs[place]]

    def optional(self, place: int) -> Tensor | None:
        """Return an input, or None if it is absent."""
        absent = place >= len(self.operator.inputs) or self.operator.inputs[place] < 0
        return None if absent else self.graph.tensors[self.operator.inputs[place]]

    @property
    def output(self) -> Tensor:
        """Return the first output."""
        return self.graph.tensors[self.operator.outputs[0]]

    def refuse(self, tensor: Tensor, reason: str) -> Unsupported:
        """Return the error to raise."""
        return Unsupported(self.operator, tensor, reason)

    def int8(self, tensor: Tensor) -> Tensor:
        """Return a tensor checked to be int8 with one scale, and of a size that fits."""
        if tensor.dtype != "int8":
            raise self.refuse(tensor, f"it is {tensor.dtype}; the compiler takes int8. Quantize the model to int8.")
        if tensor.sparse:
            raise self.refuse(tensor, "it is stored as a sparse tensor; such files are not read.")
        if len(tensor.scales) != 1:
            raise self.refuse(tensor, f"it has {len(tensor.scales)} scales; one is needed.")
        if not tensor.size:
            raise self.refuse(tensor, f"its shape {tensor.shape} holds nothing.")
        if tensor.size > MAX_TENSOR_BYTES:
            raise self.refuse(tensor, f"it has {tensor.size} bytes; at most {MAX_TENSOR_BYTES} are compiled.")
        return tensor

    def computed(self, place: int) -> Tensor:
        """Return an int8 input that is not a constant."""
        tensor = self.int8(self.input(place))
        if tensor.data is not None or tensor.sparse:
            raise self.refuse(tensor, "it is a constant where a computed tensor is needed.")
        return tensor

    def constant(self, place: int, dtype: str) -> Tensor:
        """Return an input whose values are in the file."""
        tensor = self.input(place)
        if tensor.dtype != dtype or tensor.data is None:
            raise self.refuse(tensor, f"it is {tensor.dtype}; a constant of {dtype} is needed.")
        return tensor

    def expect_shape(self, tensor: Tensor, shape: tuple[int, ...]) -> None:
        """Refuse a tensor whose shape is not what the operator makes."""
        if tensor.shape != shape:
            raise self.refuse(tensor, f"it has shape {tensor.shape} where the operator makes {shape}.")

    def same_scale(self, first: Tensor, second: Tensor) -> None:
        """Refuse two tensors that differ in scale or zero point."""
        if first.scales[0] != second.scales[0] or first.zero_points[0] != second.zero_points[0]:
            raise self.refuse(second, f"its scale and zero point differ from those of tensor {first.index}.")


Lower = Callable[[View], list[Step]]


def shape_fields(**sizes: int) -> dict[str, int]:
    """Return sizes as plain integers for a C struct."""
    return {name: int(size) for name, size in sizes.items()}
