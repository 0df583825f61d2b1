"""A .tflite file as a typed graph, read without trusting a byte of it.

The flatbuffer accessors come from LiteRT's own schema. Every length, index,
shape and scale is checked before it is used, so that garbage gives one clear
sentence in bounded time and memory.
"""

import itertools
import math
import struct
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import BadInput

MAX_FILE_BYTES = 64 * 2**20
MAX_ITEMS = 10_000
MAX_LIST = 1_000
MAX_SCALES = 2**20
MAX_RANK = 8
MAX_TEXT_BYTES = 4_096
MAX_TENSOR_BYTES = 2**31 - 1

_ITEM_BITS = {
    "float64": 64, "int64": 64, "uint64": 64, "float32": 32, "int32": 32, "uint32": 32, "float16": 16,
    "int16": 16, "uint16": 16, "int8": 8, "uint8": 8, "bool": 8, "int4": 4,
}  # fmt: skip
_UNREADABLE = (struct.error, IndexError, ValueError, TypeError, OverflowError, AttributeError, AssertionError)
_ACTIVATION = ("FusedActivationFunction",)
_STRIDES = ("Padding", "StrideW", "StrideH")
_DILATIONS = ("DilationWFactor", "DilationHFactor")
_OPTIONS: dict[str, tuple[str, ...]] = {
    "CONV_2D": ("Conv2DOptions", *_STRIDES, *_DILATIONS, *_ACTIVATION),
    "DEPTHWISE_CONV_2D": ("DepthwiseConv2DOptions", *_STRIDES, *_DILATIONS, "DepthMultiplier", *_ACTIVATION),
    "MAX_POOL_2D": ("Pool2DOptions", *_STRIDES, "FilterWidth", "FilterHeight", *_ACTIVATION),
    "AVERAGE_POOL_2D": ("Pool2DOptions", *_STRIDES, "FilterWidth", "FilterHeight", *_ACTIVATION),
    "FULLY_CONNECTED": ("FullyConnectedOptions", "WeightsFormat", "KeepNumDims", *_ACTIVATION),
    "ADD": ("AddOptions", *_ACTIVATION),
    "SUB": ("SubOptions", *_ACTIVATION),
    "MUL": ("MulOptions", *_ACTIVATION),
    "RESIZE_NEAREST_NEIGHBOR": ("ResizeNearestNeighborOptions", "AlignCorners", "HalfPixelCenters"),
    "RESIZE_BILINEAR": ("ResizeBilinearOptions", "AlignCorners", "HalfPixelCenters"),
    "SOFTMAX": ("SoftmaxOptions", "Beta"),
    "MEAN": ("ReducerOptions", "KeepDims"),
    "CONCATENATION": ("ConcatenationOptions", "Axis", *_ACTIVATION),
    "LEAKY_RELU": ("LeakyReluOptions", "Alpha"),
}


@dataclass(frozen=True, slots=True, eq=False)
class Tensor:
    """One tensor of the graph.

    Attributes:
        index: its place in the file.
        name: as the file gives it; any text at all.
        shape: sizes, all ≥ 0; () for a scalar.
        dtype: "int8", "int32", "float32", …
        scales: float32, one, or one a channel of `channel_axis`; empty if not quantized.
        zero_points: int64, as many as scales.
        channel_axis: the dimension that per-channel scales run along.
        data: the constant's values in `shape`, read-only; None if it is computed or not plain numbers.
    """

    index: int
    name: str
    shape: tuple[int, ...]
    dtype: str
    scales: NDArray[np.float32] = field(repr=False)
    zero_points: NDArray[np.int64] = field(repr=False)
    channel_axis: int = 0
    data: NDArray[Any] | None = field(default=None, repr=False)
    sparse: bool = False

    @property
    def size(self) -> int:
        """Return the number of elements."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class Operator:
    """One step of the graph: name, tensor indices (-1: absent) and options by the schema's names."""

    index: int
    name: str
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Graph:
    """A model's one subgraph: operators in running order, each after what it reads."""

    tensors: tuple[Tensor, ...]
    operators: tuple[Operator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


def read_graph(tflite: bytes) -> Graph:
    """Return the graph that a .tflite file holds.

    Args:
        tflite: the file's bytes.

    Raises:
        BadInput: not a .tflite file, cut short, inconsistent, or too large.
    """
    if len(tflite) < 16 or tflite[4:8] != b"TFL3":
        raise BadInput("This is not a .tflite file: its first bytes do not say TFL3.")
    if len(tflite) > MAX_FILE_BYTES:
        raise BadInput(f"The .tflite file has {len(tflite)} bytes; at most {MAX_FILE_BYTES} are read.")
    try:
        return _Reader(bytes(tflite)).graph()
    except _UNREADABLE as error:
        raise BadInput("The .tflite file is cut short or damaged: a part of it lies outside the file.") from error


class _Reader:
    def __init__(self, tflite: bytes) -> None:
        from ai_edge_litert import schema_py_generated as schema

        self.schema = schema
        self.file_len = len(tflite)
        self.scale_count = 0
        self.model = schema.Model.GetRootAs(tflite, 0)
        self.operator_names = _names(schema.BuiltinOperator)
        self.dtype_names = {code: name.lower() for code, name in _names(schema.TensorType).items()}

    def graph(self) -> Graph:
        model = self.model
        if model.SubgraphsLength() != 1:
            raise BadInput(f"The model has {_few(model.SubgraphsLength())} subgraphs; one is needed.")
        part = model.Subgraphs(0)
        buffers = self._buffers()
        count = _count(part.TensorsLength(), "tensors")
        tensors = tuple(self._tensor(index, part.Tensors(index), buffers) for index in range(count))
        count = _count(part.OperatorsLength(), "operators")
        operators = tuple(self._operator(index, part.Operators(index), len(tensors)) for index in range(count))
        inputs = _indices(part.InputsLength(), part.InputsAsNumpy, len(tensors), "The model's inputs")
        outputs = _indices(part.OutputsLength(), part.OutputsAsNumpy, len(tensors), "The model's outputs")
        if not inputs or not outputs or min(inputs + outputs) < 0:
            raise BadInput("The model names no input or no output.")
        _check_order(tensors, operators, inputs, outputs)
        return Graph(tensors, operators, inputs, outputs)

    def _buffers(self) -> list[NDArray[np.uint8]]:
        made, spans = [], []
        for index in range(_count(self.model.BuffersLength(), "buffers")):
            buffer = self.model.Buffers(index)
            if buffer.Offset() > 1 or buffer.Size() > 1:
                raise BadInput(f"Buffer {index} keeps its data outside the flatbuffer; such files are not read.")
            size = buffer.DataLength()
            if size:
                table = buffer._tab
                start = table.Vector(table.Offset(4))
                if start < 0 or start + size > self.file_len:
                    raise BadInput(f"The data of buffer {index} lies outside the file.")
                spans.append((start, start + size, index))
            made.append(buffer.DataAsNumpy() if size else np.zeros(0, np.uint8))
        spans.sort()
        for (_, end, first), (start, _, second) in itertools.pairwise(spans):
            if start < end:
                raise BadInput(f"The data of buffers {first} and {second} overlap in the file.")
        return made

    def _tensor(self, index: int, raw: Any, buffers: list[NDArray[np.uint8]]) -> Tensor:
        rank = raw.ShapeLength()
        if rank > MAX_RANK:
            raise BadInput(f"Tensor {index} has {_few(rank)} dimensions; at most {MAX_RANK} are read.")
        shape = tuple(int(raw.Shape(axis)) for axis in range(rank))
        name = _text(raw._tab, 10)
        dtype = self.dtype_names.get(raw.Type(), f"type {raw.Type()}")
        bits = _ITEM_BITS.get(dtype, 8)
        if min(shape, default=1) < 0 or math.prod(max(1, size) for size in shape) * bits // 8 > MAX_TENSOR_BYTES:
            raise BadInput(f"Tensor {index} has the shape {shape}; sizes must be positive and fit in 2 GiB.")
        scales, zero_points, axis = _quantization(index, raw, shape, dtype)
        self.scale_count += len(scales)
        if self.scale_count > MAX_SCALES:
            raise BadInput(f"The model has more than {MAX_SCALES} scales.")
        if not 0 <= raw.Buffer() < len(buffers):
            raise BadInput(f"Tensor {index} names buffer {raw.Buffer()}; the file has {len(buffers)}.")
        sparse = raw.Sparsity() is not None
        data = None if sparse else _constant(index, buffers[raw.Buffer()], shape, dtype)
        return Tensor(index, name, shape, dtype, scales, zero_points, axis, data, sparse)

    def _operator(self, index: int, raw: Any, tensor_count: int) -> Operator:
        codes = _count(self.model.OperatorCodesLength(), "operator codes")
        if not 0 <= raw.OpcodeIndex() < codes:
            raise BadInput(f"Operator {index} names code {raw.OpcodeIndex()}; the file has {codes}.")
        code = self.model.OperatorCodes(raw.OpcodeIndex())
        number = max(code.DeprecatedBuiltinCode(), code.BuiltinCode())
        name = self.operator_names.get(number, f"operator code {number}")
        if name == "CUSTOM":
            name = f"CUSTOM {_text(code._tab, 6)!r}"
        title = f"Operator {index} ({name})"
        inputs = _indices(raw.InputsLength(), raw.InputsAsNumpy, tensor_count, title)
        outputs = _indices(raw.OutputsLength(), raw.OutputsAsNumpy, tensor_count, title)
        if not outputs or min(outputs) < 0:
            raise BadInput(f"{title} has no output.")
        return Operator(index, name, inputs, outputs, self._options(title, name, raw))

    def _options(self, title: str, name: str, raw: Any) -> dict[str, Any]:
        if name not in _OPTIONS:
            return {}
        kind, *fields = _OPTIONS[name]
        options = getattr(self.schema, kind)()
        table = raw.BuiltinOptions()
        if table is None:
            raise BadInput(f"{title} has no options.")
        if raw.BuiltinOptionsType() != getattr(self.schema.BuiltinOptions, kind):
            raise BadInput(f"{title} carries the options of another operator.")
        options.Init(table.Bytes, table.Pos)
        return {field: getattr(options, field)() for field in fields}


def _names(enumeration: type) -> dict[int, str]:
    return {value: name for name, value in vars(enumeration).items() if isinstance(value, int)}


def _few(count: int) -> str:
    return "no" if count == 0 else str(count)


def _count(count: int, what: str) -> int:
    if count > MAX_ITEMS:
        raise BadInput(f"The model has {count} {what}; at most {MAX_ITEMS} are read.")
    return count


def _indices(count: int, read: Any, tensor_count: int, title: str) -> tuple[int, ...]:
    if count > MAX_LIST:
        raise BadInput(f"{title} lists {count} tensors; at most {MAX_LIST} are read.")
    if not count:
        return ()
    found = tuple(int(index) for index in read())
    for index in found:
        if not -1 <= index < tensor_count:
            raise BadInput(f"{title} refers to tensor {index}; the model has {tensor_count}.")
    return found


def _text(table: Any, slot: int) -> str:
    """Return a string field, shown whole, with bytes that are no UTF-8 replaced."""
    offset = table.Offset(slot)
    if not offset:
        return ""
    place = table.Pos + offset
    place += struct.unpack_from("<I", table.Bytes, place)[0]
    size = struct.unpack_from("<I", table.Bytes, place)[0]
    if size > MAX_TEXT_BYTES or place + 4 + size > len(table.Bytes):
        raise BadInput(f"A name in the .tflite file claims {size} bytes; at most {MAX_TEXT_BYTES} are read.")
    return bytes(table.Bytes[place + 4 : place + 4 + size]).decode("utf-8", "replace")


def _quantization(
    index: int, raw: Any, shape: tuple[int, ...], dtype: str
) -> tuple[NDArray[np.float32], NDArray[np.int64], int]:
    found = raw.Quantization()
    count = found.ScaleLength() if found is not None else 0
    if not count:
        return np.zeros(0, np.float32), np.zeros(0, np.int64), 0
    if count > MAX_SCALES:
        raise BadInput(f"Tensor {index} claims {count} scales; at most {MAX_SCALES} are read.")
    axis = found.QuantizedDimension()
    if count != 1 and not (0 <= axis < len(shape) and shape[axis] == count):
        raise BadInput(
            f"Tensor {index} has {count} scales along axis {axis} of shape {shape}; one a channel is needed."
        )
    scales = found.ScaleAsNumpy()
    if not (np.isfinite(scales).all() and (scales > 0).all()):
        raise BadInput(f"Tensor {index} has a scale that is zero, negative or not a number.")
    zeros = found.ZeroPointLength()
    if zeros not in (0, 1, count):
        raise BadInput(f"Tensor {index} has {count} scales and {zeros} zero points; the numbers must agree.")
    points = np.broadcast_to(found.ZeroPointAsNumpy() if zeros else np.int64(0), (count,)).astype(np.int64)
    if dtype in ("int8", "uint8", "int16"):
        limits = np.iinfo(dtype)
        if points.min() < limits.min or points.max() > limits.max:
            raise BadInput(f"Tensor {index} has a zero point outside the range of {dtype}.")
    return scales, points, axis


def _constant(index: int, data: NDArray[np.uint8], shape: tuple[int, ...], dtype: str) -> NDArray[Any] | None:
    if not len(data) or dtype not in _ITEM_BITS:
        return None
    need = (math.prod(shape) * _ITEM_BITS[dtype] + 7) // 8
    if len(data) != need:
        raise BadInput(f"Tensor {index} of {dtype} {shape} needs {need} bytes of data; the file holds {len(data)}.")
    if dtype == "int4":
        return None
    # A view, never a copy: many tensors may name one large buffer.
    return data.view(np.dtype(dtype).newbyteorder("<")).reshape(shape)


def _check_order(
    tensors: tuple[Tensor, ...], operators: tuple[Operator, ...], inputs: tuple[int, ...], outputs: tuple[int, ...]
) -> None:
    """Refuse a graph in which an operator reads what is not made yet, or two make one tensor."""
    constants = {tensor.index for tensor in tensors if tensor.data is not None or tensor.sparse or not tensor.size}
    ready = constants | set(inputs)
    for operator in operators:
        for index in operator.inputs:
            if index >= 0 and index not in ready:
                raise BadInput(
                    f"Operator {operator.index} ({operator.name}) reads tensor {index} before anything makes it."
                )
        for index in operator.outputs:
            if index in ready:
                raise BadInput(f"Operator {operator.index} ({operator.name}) overwrites tensor {index}.")
        ready |= set(operator.outputs)
    for index in outputs:
        if index not in ready:
            raise BadInput(f"The model's output, tensor {index}, is made by no operator.")
