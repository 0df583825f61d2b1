"""Whole graphs: random ones, and one that uses each operator, bit for bit what TensorFlow Lite's reference gives."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import exact, random_inputs, reference_ends
from tflite_graphs import random_graph
from tflite_mutants import every_operator

from lab.deploy.compiler import compile_model
from lab.deploy.compiler.host import HostModel
from lab.deploy.compiler.lower import LOWERINGS
from lab.deploy.reference import ReferenceModel


@given(st.data())
@exact(25)
def test_any_graph_is_exact(data):
    model = random_graph(lambda first, last: data.draw(st.integers(first, last)))
    inputs = random_inputs(model, 12)
    np.testing.assert_array_equal(HostModel(model).run(inputs), ReferenceModel(model).run(inputs))


@pytest.mark.parametrize("seed", [0, 1])
def test_a_graph_of_each_operator_is_exact(seed):
    model = every_operator(seed)
    assert set(compile_model(model).operators) == set(LOWERINGS)
    inputs = random_inputs(model, 12)
    compiled = HostModel(model)
    for item in inputs:
        for got, expected in zip(compiled.run_ends([item[None]]), reference_ends(model, [item[None]]), strict=True):
            np.testing.assert_array_equal(got, expected)
