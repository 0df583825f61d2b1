"""TensorFlow Lite's reference kernels: what the generated C must equal.

LiteRT's BUILTIN_REF resolver: plain kernels, no delegate, no TensorFlow.
"""

import threading

import numpy as np
from numpy.typing import NDArray

from lab.deploy.batches import as_batch
from lab.deploy.tflite import read_graph
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


def _interpreter(tflite: bytes):  # type: ignore[no-untyped-def]
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    try:
        made = Interpreter(model_content=tflite, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
        made.allocate_tensors()
    except (ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise BadInput(f"TensorFlow Lite cannot run this model: {reason}") from error
    return made
