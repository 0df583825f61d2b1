"""Which kernels layers get, and that each kind is exact."""

import numpy as np
import pytest
from oracles import random_inputs
from tflite_models import SAME, VALID, ModelBuilder, article_model, random_weights

from lab.deploy.compiler import choose, compile_model
from lab.deploy.compiler.host import HostModel
from lab.deploy.prepared import prepared_detector
from lab.deploy.reference import ReferenceModel


def only(kind):
    """Return a chooser that takes the kernel whose note begins so, where a layer has one."""

    def within(kernels, *_):
        notes = [[kernel.steps[0].note for kernel in options] for options in kernels]
        return [next((at for at, note in enumerate(here) if note.startswith(kind)), 0) for here in notes]

    return within


def clustered_model(seed, values, pool=None, zeros=0.5):
    """Return a convolution of few weights, and a point-wise one behind it."""
    rng = np.random.default_rng(seed)
    m = ModelBuilder()
    y = x = m.tensor((1, 20, 21, 1), 0.02, 5)
    for filters, kernel, stride in ((8, (8, 8), (2, 2)), (5, (1, 1), (1, 1))):
        weights = rng.choice(values, (filters, *kernel, m.shape_of(y)[3]))
        weights = np.where(rng.random(weights.shape) < zeros, 0, weights).astype(np.int8)
        scales, bias = rng.uniform(0.002, 0.006, filters).astype(np.float32), rng.integers(-3000, 3000, filters)
        y = m.conv(y, weights, scales, bias.astype(np.int32), 0.3, -20, stride=stride, padding=VALID, act=1)
        y = m.pool("MAX_POOL_2D", y, pool, pool) if pool and m.shape_of(y)[3] == 8 else y
    return m.build([x], [y])


def shared_model(seed):
    """Return convolutions of 7, 3 and 2 filters, and a depthwise one, with strides, borders and a pool."""
    rng = np.random.default_rng(seed)
    m = ModelBuilder()
    y = x = m.tensor((1, 17, 15, 3), 0.02, -7)
    for number, (filters, kernel) in enumerate([(7, (3, 2)), (0, (3, 3)), (3, (1, 1)), (2, (2, 3))]):
        channels = m.shape_of(y)[3]
        weights = random_weights(rng, (filters, *kernel, channels) if filters else (1, *kernel, channels))
        scales = rng.uniform(0.002, 0.006, filters or channels).astype(np.float32)
        bias = rng.integers(-900, 900, filters or channels).astype(np.int32)
        scale = float(np.float32(m.scale_of(y) * 0.3 * np.sqrt(kernel[0] * kernel[1] * (channels if filters else 1))))
        add, padding = (m.conv if filters else m.depthwise), SAME if number % 2 else VALID
        y = add(y, weights, scales, bias, scale, -20, padding=padding, act=1)
        y = m.pool("MAX_POOL_2D", y, (2, 2), (2, 2)) if number == 0 and seed else y
    return m.build([x], [y])


@pytest.mark.parametrize("pool", [None, (2, 2), (2, 1)])
@pytest.mark.parametrize(
    "values", [[-90, -41, -17, 1, 23, 64, 101], [-70, 70, 12, -12, 5, 31, -80, 2], [-3], list(range(-90, 0, 10))]
)
def test_few_weights_add_before_they_multiply_and_are_exact(values, pool):
    model = clustered_model(1, values, pool)
    inputs = random_inputs(model, 6)
    np.testing.assert_array_equal(HostModel(model).run(inputs), ReferenceModel(model).run(inputs))
    assert compile_model(model).layers[0]["note"].startswith("straight-line code that adds before it multiplies of ")


@pytest.mark.parametrize("seed", range(3))
def test_a_program_that_all_filters_share_is_exact(seed, monkeypatch):
    monkeypatch.setattr(choose, "_useful", list)
    monkeypatch.setattr(choose, "_within", only("weights as bytes"))
    model = shared_model(seed)
    inputs = random_inputs(model, 6)
    np.testing.assert_array_equal(HostModel(model).run(inputs), ReferenceModel(model).run(inputs))
    assert [layer["note"][:16] for layer in compile_model(model).layers] == ["weights as bytes"] * 4


def test_less_flash_is_taken_where_it_costs_the_fewest_cycles_and_the_report_says_so():
    model = prepared_detector().model
    fast, small = compile_model(model), compile_model(model, flash_bytes=27_000)
    assert fast.weight_bytes > 35_000
    assert small.weight_bytes <= 27_000
    notes = [layer["note"] for layer in small.layers if "less than the fastest" in layer["note"]]
    assert notes
    assert all("so that all fit 27000 of flash" in note for note in notes)


def test_code_leaves_room_for_the_arena_in_sram(monkeypatch):
    model = prepared_detector().model
    fast = compile_model(model)
    monkeypatch.setattr("lab.deploy.compiler.SRAM_BYTES", 40_000)
    made = compile_model(model)
    assert fast.weight_bytes + fast.arena_bytes > 40_000 >= made.weight_bytes + made.arena_bytes
    assert any(layer["note"].endswith("of SRAM") for layer in made.layers)


def test_a_model_larger_than_the_flash_asked_for_gets_a_quarter_more_than_the_least():
    plain = compile_model(article_model(), flash_bytes=1)
    assert plain.layers[1]["note"].startswith("portable kernel: ")
    fast = compile_model(article_model())
    assert plain.weight_bytes < fast.weight_bytes
