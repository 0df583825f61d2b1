"""TensorFlow Lite's reference kernels: what the generated C must equal.

LiteRT's BUILTIN_REF resolver: plain kernels, no delegate, no TensorFlow.
"""

import threading

import numpy as np
from numpy.typing import NDArray

from lab.deploy.batches import as_batch
from lab.deploy.tflite import Operator, read_graph
from lab.errors import BadInput


class ReferenceModel:
    """An int8 model run by TensorFlow Lite's reference kernels.

    Args:
        tflite: the file's bytes.

    Raises:
        BadInput: not a readable .tflite, or not one int8 input and output.
    """

    def __init__(self, tflite: bytes) -> None:
        graph = read_graph(tflite)
        for what, indices in (("input", graph.inputs), ("output", graph.outputs)):
            if len(indices) != 1 or graph.tensors[indices[0]].dtype != "int8":
                raise BadInput(f"The model needs one int8 {what}; it has {[graph.tensors[i].dtype for i in indices]}.")
        self._shape = graph.tensors[graph.inputs[0]].shape
        self._interpreter = _interpreter(tflite)
        self._lock = threading.Lock()  # the tensors are the interpreter's own: one inference at a time
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._output = self._interpreter.get_output_details()[0]["index"]

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Return the shape of one input, without its batch of one."""
        return tuple(self._shape[1:])

    def run(self, inputs: NDArray[np.int8]) -> NDArray[np.int8]:
        """Return the outputs for a batch of inputs, one inference each.

        Args:
            inputs: int8, shape (n, …the model's input without its batch of one).

        Returns:
            int8, shape (n, …the model's output without its batch of one).

        Raises:
            BadInput: another shape or type.
        """
        batch = as_batch(inputs, self._shape)
        with self._lock:
            made = [self._run_one(item.reshape(self._shape)) for item in batch]
        shape = tuple(self._interpreter.get_output_details()[0]["shape"])
        return np.array(made, np.int8).reshape(len(batch), *shape[1:])

    def _run_one(self, item: NDArray[np.int8]) -> NDArray[np.int8]:
        self._interpreter.set_tensor(self._input, item)
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output)  # type: ignore[no-any-return]


def layer_outputs(tflite: bytes, item: NDArray[np.int8]) -> list[tuple[Operator, NDArray[np.int8]]]:
    """Return what every operator makes of one input, in running order; those that compute no int8 are left out.

    Args:
        tflite: the file's bytes.
        item: int8, of the model's input, with or without its batch of one.

    Raises:
        BadInput: as `ReferenceModel`, or another shape.
    """
    graph = read_graph(tflite)
    interpreter = _interpreter(tflite, keeps_all=True)
    given = graph.tensors[graph.inputs[0]]
    if item.size != given.size:
        raise BadInput(f"The model takes {given.size} values; {item.size} were given.")
    interpreter.set_tensor(given.index, item.reshape(given.shape))
    interpreter.invoke()
    made = [(operator, index) for operator in graph.operators for index in operator.outputs]
    return [
        (operator, np.array(interpreter.get_tensor(index)))
        for operator, index in made
        if graph.tensors[index].dtype == "int8"
    ]


def _interpreter(tflite: bytes, keeps_all: bool = False):  # type: ignore[no-untyped-def]
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    try:
        made = Interpreter(
            model_content=tflite, experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=keeps_all,
        )  # fmt: skip
        made.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise BadInput(f"TensorFlow Lite cannot run this model: {reason}") from error
    return made
