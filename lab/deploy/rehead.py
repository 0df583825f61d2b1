"""The dense layers at the end of an int8 .tflite: cut off, learned anew, put back.

Everything before them stays bit for bit, and so do all scales: the file keeps
its size, its operators and its cycles. No TensorFlow is needed.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.deploy.tflite import Graph, Operator, read_graph
from lab.errors import BadInput

Floats = NDArray[np.float32]
LIMIT = 127


@dataclass(frozen=True, slots=True, eq=False)
class Dense:
    """One dense layer, in real numbers.

    Attributes:
        weights: float32, shape (outputs, inputs).
        bias: float32, shape (outputs,).
        least, most: what its output is cut to; a ReLU's least is 0.
    """

    weights: Floats
    bias: Floats
    least: float
    most: float


class Headless:
    """A model of one sigmoid whose dense layers can be replaced.

    Args:
        tflite: the file's bytes.

    Raises:
        BadInput: the model does not end in dense layers and one sigmoid.
    """

    def __init__(self, tflite: bytes) -> None:
        self.tflite = tflite
        self.graph = read_graph(tflite)
        self._operators = _head_of(self.graph)

    @property
    def layers(self) -> tuple[Dense, ...]:
        """Return the dense layers, in running order."""
        return tuple(self._dense(operator) for operator in self._operators)

    def body(self) -> bytes:
        """Return the model up to the first dense layer, as a .tflite file: the same one whatever those layers hold."""
        model = _unpacked(self.tflite)
        graph, first = model.subgraphs[0], self._operators[0]
        graph.operators = graph.operators[: first.index]
        used = {graph.tensors[index].buffer for operator in graph.operators for index in operator.inputs if index >= 0}
        for place in {graph.tensors[index].buffer for each in self._operators for index in each.inputs[1:]} - used:
            model.buffers[place].data = np.zeros_like(model.buffers[place].data)
        graph.outputs = [first.inputs[0]]
        model.signatureDefs = None
        return _packed(model)

    def head(self) -> bytes:
        """Return the model from the first dense layer on, as a .tflite file."""
        model = _unpacked(self.tflite)
        graph, first = model.subgraphs[0], self._operators[0]
        graph.operators = graph.operators[first.index :]
        graph.inputs = [first.inputs[0]]
        model.signatureDefs = None
        return _packed(model)

    def features(self, codes: NDArray[np.int8]) -> Floats:
        """Return what the first dense layer reads, in real numbers, of the body's output codes, shape (n, …)."""
        tensor = self.graph.tensors[self._operators[0].inputs[0]]
        flat = codes.reshape(len(codes), -1).astype(np.float32)
        return np.asarray((flat - tensor.zero_points[0]) * tensor.scales[0], np.float32)

    def with_layers(self, layers: tuple[Dense, ...]) -> bytes:
        """Return the model with other weights in its dense layers, rounded to its own scales."""
        model = _unpacked(self.tflite)
        for operator, layer in zip(self._operators, layers, strict=True):
            source, weights, bias = (self.graph.tensors[index] for index in operator.inputs)
            codes = np.clip(np.rint(layer.weights / _column(weights.scales)), -LIMIT, LIMIT).astype(np.int8)
            sums = np.rint(layer.bias / (source.scales[0] * weights.scales)).astype(np.int64)
            words = np.clip(sums, -(2**31), 2**31 - 1).astype("<i4")
            for tensor, data in ((weights, codes), (bias, words)):
                place = model.subgraphs[0].tensors[tensor.index].buffer
                model.buffers[place].data = np.frombuffer(data.tobytes(), np.uint8)
        return _packed(model)

    def reach(self, layer: int) -> Floats:
        """Return the greatest weight that a layer's scales can hold, a column of its outputs."""
        return _column(self.graph.tensors[self._operators[layer].inputs[1]].scales) * LIMIT

    def _dense(self, operator: Operator) -> Dense:
        source, weights, bias = (self.graph.tensors[index] for index in operator.inputs)
        target = self.graph.tensors[operator.outputs[0]]
        assert weights.data is not None
        assert bias.data is not None
        ends = [(limit - int(target.zero_points[0])) * float(target.scales[0]) for limit in (-128, 127)]
        return Dense(
            np.asarray(weights.data.astype(np.float32) * _column(weights.scales), np.float32),
            np.asarray(bias.data.astype(np.float32) * (source.scales[0] * weights.scales), np.float32),
            max(0.0, ends[0]) if operator.options.get("FusedActivationFunction") == 1 else ends[0],
            ends[1],
        )


def _head_of(graph: Graph) -> tuple[Operator, ...]:
    """Return the dense operators before the last one, which must be a sigmoid."""
    operators = graph.operators
    found: list[Operator] = []
    for operator in reversed(operators[:-1]):
        if operator.name != "FULLY_CONNECTED" or len(operator.inputs) != 3:
            break
        found.insert(0, operator)
    single = graph.tensors[graph.outputs[0]].size == 1
    plain = all(graph.tensors[each.inputs[1]].data is not None for each in found)
    if not (found and single and plain and operators[-1].name == "LOGISTIC"):
        raise BadInput("Only a detector that ends in dense layers and one probability can be taught; train one anew.")
    return tuple(found)


def _column(scales: Floats) -> Floats:
    return np.asarray(scales, np.float32).reshape(-1, 1)


def _unpacked(tflite: bytes) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    return schema.ModelT.InitFromPackedBuf(tflite)


def _packed(model: Any) -> bytes:
    import flatbuffers

    builder = flatbuffers.Builder(1 << 16)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())
