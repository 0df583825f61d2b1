"""The generated Thumb-1 on the emulated processor: the host's codes, and what they cost."""

import functools
import os
import shutil
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent / "compiler"))

from oracles import random_inputs
from test_choose import clustered_model, only
from tflite_graphs import seeded_graph
from tflite_models import SAME, VALID, ModelBuilder, article_model, ds_model, random_weights
from tflite_mutants import every_operator

from lab.deploy.compiler import choose
from lab.deploy.cycles import BUNDLE, invoke_cycles
from lab.deploy.prepared import prepared_detector
from lab.deploy.reference import ReferenceModel

GRAPHS = 4 * int(os.environ.get("LAB_EXAMPLES", "1"))

pytestmark = pytest.mark.skipif(
    shutil.which("arm-none-eabi-gcc") is None or not BUNDLE.exists(), reason="no cross compiler or no virtual board"
)


def random_model(seed):
    """Two convolutions and a depthwise one, with strides, borders, pools and zero points drawn by seed."""
    rng = np.random.default_rng(seed)
    m = ModelBuilder()
    x = m.tensor((1, *rng.integers(18, 24, 2).tolist(), int(rng.integers(1, 5))), 0.02, 3)
    y = x
    for number in range(3):
        channels, filters = m.shape_of(y)[3], int(rng.integers(1, 8))
        depthwise, kernel = number == 1, tuple(int(size) for size in rng.integers(1, 4, 2))
        filters = channels if depthwise else filters
        weights = random_weights(rng, (1, *kernel, filters) if depthwise else (filters, *kernel, channels))
        weights = np.where(rng.random(weights.shape) < rng.choice([0.0, 0.6]), 0, weights).astype(np.int8)
        scales = rng.uniform(0.002, 0.01, filters).astype(np.float32)
        taps = kernel[0] * kernel[1] * (1 if depthwise else channels)
        out = float(np.float32(m.scale_of(y) * 0.006 * np.sqrt(taps) * 70)), int(rng.integers(-128, 1))
        stride, padding = (int(rng.integers(1, 3)),) * 2, int(rng.choice([SAME, VALID]))
        add = m.depthwise if depthwise else m.conv
        bias = rng.integers(-3000, 3000, filters).astype(np.int32)
        y = add(y, weights, scales, bias, *out, stride=stride if number < 2 else (1, 1), padding=padding, act=1)
        if number == 0:
            pool = [(2, 1), (1, 2), (2, 2)][seed % 3]
            y = m.pool("MAX_POOL_2D", y, pool, pool)
    return m.build([x], [y])


@pytest.mark.parametrize("seed", range(6))
def test_random_models_give_on_the_board_s_processor_what_the_reference_gives(seed):
    model = random_model(seed)
    inputs = random_inputs(model, 6)
    np.testing.assert_array_equal(
        invoke_cycles(model, inputs).outputs.reshape(6, -1), ReferenceModel(model).run(inputs).reshape(6, -1)
    )


@pytest.mark.parametrize("seed", range(2))
def test_programs_that_layers_share_give_what_the_reference_gives(seed, monkeypatch):
    monkeypatch.setattr(choose, "_useful", list)
    monkeypatch.setattr(choose, "_within", only("weights as bytes"))
    model = random_model(seed)
    inputs = random_inputs(model, 6)
    got = invoke_cycles(model, inputs)
    np.testing.assert_array_equal(got.outputs.reshape(6, -1), ReferenceModel(model).run(inputs).reshape(6, -1))
    assert [layer["note"][:16] for layer in got.layers] == ["weights as bytes"] * 3


@pytest.mark.parametrize("signed", [False, True])
def test_clusters_that_add_first_give_what_the_reference_gives_in_fewer_cycles(signed):
    values = [-90, -41, -17, 23, 64, 90 if signed else 101]
    model, plain = clustered_model(0, values, (2, 2)), clustered_model(0, list(range(-127, 128)), (2, 2))
    inputs = random_inputs(model, 6)
    got = invoke_cycles(model, inputs)
    np.testing.assert_array_equal(got.outputs.reshape(6, -1), ReferenceModel(model).run(inputs).reshape(6, -1))
    assert got.total < 0.9 * invoke_cycles(plain, inputs).total


@pytest.mark.parametrize("make", [every_operator, *(functools.partial(seeded_graph, seed) for seed in range(GRAPHS))])
def test_graphs_of_any_operators_give_on_the_board_s_processor_what_the_reference_gives(make):
    model = make()
    inputs = random_inputs(model, 4)
    np.testing.assert_array_equal(
        invoke_cycles(model, inputs).outputs.reshape(4, -1), ReferenceModel(model).run(inputs).reshape(4, -1)
    )


@pytest.mark.parametrize(
    ("make", "most"),
    [(article_model, 260_000), (ds_model, 1_950_000), (lambda: prepared_detector().model, 1_080_000)],
)
def test_whole_models_are_exact_and_stay_within_their_cycles(make, most):
    model = make()
    inputs = random_inputs(model, 4)
    measured = invoke_cycles(model, inputs)
    np.testing.assert_array_equal(measured.outputs.reshape(4, -1), ReferenceModel(model).run(inputs).reshape(4, -1))
    assert measured.total <= most
    assert sum(layer["cycles"] for layer in measured.layers) == pytest.approx(measured.total, abs=100)


def test_a_sparse_clustered_convolution_costs_at_most_0_62_of_a_dense_one():
    def convolution(weights):
        m = ModelBuilder()
        x = m.tensor((1, 32, 32, 1), 0.02, -128)
        y = m.conv(x, weights, [0.004], np.zeros(8, np.int32), 0.3, -128, stride=(2, 2), act=1)
        return invoke_cycles(m.build([x], [m.pool("MAX_POOL_2D", y, (2, 2), (2, 2))])).total

    rng = np.random.default_rng(3)
    dense = random_weights(rng, (8, 8, 8, 1))
    clustered = rng.choice(np.array([-120, -75, -33, -9, 14, 50, 101], np.int8), dense.shape)
    assert convolution(np.where(rng.random(dense.shape) < 0.5, 0, clustered).astype(np.int8)) <= 0.62 * convolution(
        dense
    )
