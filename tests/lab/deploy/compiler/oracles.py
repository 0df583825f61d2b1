"""The two oracles: TensorFlow Lite's reference kernels and the TFLM interpreter of the tflite-micro wheel."""

import os

import numpy as np
from hypothesis import settings

from lab.deploy.compiler.host import HostModel
from lab.deploy.reference import ReferenceModel, _interpreter
from lab.deploy.tflite import read_graph

TFLM_ARENA_BYTES = 4_000_000


def exact(examples: int = 15) -> settings:
    """Return how Hypothesis tries models; LAB_EXAMPLES=20 tries 20 times as many, other ones each time."""
    times = int(os.environ.get("LAB_EXAMPLES", "1"))
    return settings(max_examples=examples * times, deadline=None, derandomize=times == 1, database=None)


def reference_ends(model: bytes, inputs: list[np.ndarray]) -> list[np.ndarray]:
    """Return every output of TensorFlow Lite's reference kernels, for every input, of any type."""
    interpreter = _interpreter(model)
    graph = read_graph(model)
    for index, array in zip(graph.inputs, inputs, strict=True):
        interpreter.set_tensor(index, array)
    interpreter.invoke()
    return [interpreter.get_tensor(index).copy() for index in graph.outputs]


def tflm_run(model: bytes, inputs: np.ndarray) -> np.ndarray:
    """Return TFLM's outputs, one inference an item."""
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(model, arena_size=TFLM_ARENA_BYTES)
    made = []
    for item in inputs:
        interpreter.set_input(item[None], 0)
        interpreter.invoke()
        made.append(interpreter.get_output(0)[0].copy())
    return np.array(made, np.int8)


def random_inputs(model: bytes, count: int, seed: int = 0) -> np.ndarray:
    """Return random codes for a model; the first two items are all least and all greatest."""
    graph = read_graph(model)
    shape = graph.tensors[graph.inputs[0]].shape[1:]
    inputs = np.random.default_rng(seed).integers(-128, 128, (count, *shape)).astype(np.int8)
    inputs[0], inputs[1 % count] = -128, 127
    return inputs


def assert_exact(model: bytes, count: int = 8, seed: int = 0, tflm_apart: int = 0) -> np.ndarray:
    """Assert that the generated C gives what TensorFlow Lite's reference gives; return it.

    TFLM must give the same, or be at most tflm_apart codes away where the two are known to differ.
    """
    inputs = random_inputs(model, count, seed)
    expected = ReferenceModel(model).run(inputs)
    tflm = tflm_run(model, inputs).reshape(expected.shape)
    assert np.abs(tflm.astype(int) - expected).max() <= tflm_apart, "the oracles differ"
    got = HostModel(model).run(inputs)
    np.testing.assert_array_equal(got, expected)
    return got
