"""The generated C against TensorFlow Lite's reference kernels and TFLM, on random int8 models."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from oracles import assert_exact, exact, random_inputs, tflm_run
from tflite_models import SAME, VALID, ModelBuilder, article_model, ds_model, random_weights

from lab.deploy.compiler.host import HostModel
from lab.deploy.reference import ReferenceModel

EXACT = exact()
SCALES = st.floats(0.001, 0.2).map(lambda value: float(np.float32(value)))
ZERO_POINTS = st.sampled_from([-128, 127, 0, -5]) | st.integers(-128, 127)
PAIRS = st.tuples(st.integers(1, 3), st.integers(1, 3))
ACTIVATIONS = st.integers(0, 3)
SEEDS = st.integers(0, 2**32)


def input_of(m, shape, draw):
    return m.tensor(shape, draw(SCALES), draw(ZERO_POINTS), name="in")


def filter_scales(draw, count, per_channel):
    """One scale a channel, some far apart, or one for all."""
    rng = np.random.default_rng(draw(SEEDS))
    made = rng.uniform(0.0005, 0.05, count if per_channel else 1) * rng.choice([1.0, 1.0, 0.001], 1)
    return made.astype(np.float32)


def filter_weights(draw, shape):
    rng = np.random.default_rng(draw(SEEDS))
    kind = draw(st.sampled_from(["random", "greatest", "sparse"]))
    weights = random_weights(rng, shape)
    if kind == "greatest":
        return np.where(weights < 0, -127, 127).astype(np.int8)
    return np.where(rng.random(shape) < 0.7, 0, weights).astype(np.int8) if kind == "sparse" else weights


def filter_bias(draw, count):
    rng = np.random.default_rng(draw(SEEDS))
    return rng.integers(-1, 2, count).astype(np.int32) * draw(st.sampled_from([0, 1000, 100_000, 2**29]))


def spread(draw, m, x, scales, taps):
    """Return an output scale that spreads the sums over the codes, or saturates them."""
    usual = m.scale_of(x) * float(np.median(scales)) * np.sqrt(taps) * 70
    return float(np.float32(usual * draw(st.sampled_from([1.0, 1.0, 0.3, 0.01, 8.0]))))


@given(st.data())
@EXACT
def test_any_convolution_is_exact(data):
    draw, m = data.draw, ModelBuilder()
    kernel, channels, filters = draw(PAIRS), draw(st.integers(1, 5)), draw(st.integers(1, 9))
    dilation = draw(st.sampled_from([(1, 1), (1, 1), (2, 1), (2, 3)]))
    size = [(k - 1) * d + 1 + draw(st.integers(0, 6)) for k, d in zip(kernel, dilation, strict=True)]
    x = input_of(m, (1, *size, channels), draw)
    scales = filter_scales(draw, filters, draw(st.booleans()))
    y = m.conv(
        x, filter_weights(draw, (filters, *kernel, channels)), scales, filter_bias(draw, filters),
        spread(draw, m, x, scales, kernel[0] * kernel[1] * channels), draw(ZERO_POINTS), draw(PAIRS), dilation,
        draw(st.sampled_from([SAME, VALID])), draw(ACTIVATIONS),
    )  # fmt: skip
    assert_exact(m.build([x], [y]))


@given(st.data())
@exact(8)
def test_any_grouped_convolution_is_exact(data):
    draw, m = data.draw, ModelBuilder()
    (groups, channels), each, kernel = draw(PAIRS), draw(st.integers(1, 3)), draw(PAIRS)
    x = input_of(m, (1, 5, 4, (groups + 1) * channels), draw)
    filters = (groups + 1) * each
    scales = filter_scales(draw, filters, draw(st.booleans()))
    weights = filter_weights(draw, (filters, *kernel, channels))
    out = spread(draw, m, x, scales, kernel[0] * kernel[1] * channels)
    y = m.conv(x, weights, scales, filter_bias(draw, filters), out, draw(ZERO_POINTS), padding=SAME)
    assert_exact(m.build([x], [y]))


@given(st.data())
@EXACT
def test_any_depthwise_convolution_is_exact(data):
    draw, m = data.draw, ModelBuilder()
    kernel, channels, twins = draw(PAIRS), draw(st.integers(1, 5)), draw(st.integers(1, 3))
    dilation = draw(st.sampled_from([(1, 1), (1, 1), (2, 2)]))
    stride = draw(st.sampled_from([(1, 1), (2, 2), (3, 3), (1, 2)]))
    size = [(k - 1) * d + 1 + draw(st.integers(0, 6)) for k, d in zip(kernel, dilation, strict=True)]
    x = input_of(m, (1, *size, channels), draw)
    count = channels * twins
    scales = filter_scales(draw, count, per_channel=True)
    y = m.depthwise(
        x, filter_weights(draw, (1, *kernel, count)), scales, filter_bias(draw, count),
        spread(draw, m, x, scales, kernel[0] * kernel[1]), draw(ZERO_POINTS), stride, dilation,
        draw(st.sampled_from([SAME, VALID])), draw(ACTIVATIONS),
    )  # fmt: skip
    assert_exact(m.build([x], [y]))


@given(st.data())
@EXACT
def test_any_dense_layer_is_exact(data):
    draw, m = data.draw, ModelBuilder()
    rows, features, outputs = draw(st.integers(1, 3)), draw(st.integers(1, 40)), draw(st.integers(1, 9))
    x = input_of(m, (1, rows, features), draw)
    scales = filter_scales(draw, outputs, draw(st.booleans()))
    y = m.dense(
        x, filter_weights(draw, (outputs, features)), scales, filter_bias(draw, outputs),
        spread(draw, m, x, scales, features), draw(ZERO_POINTS), draw(ACTIVATIONS),
    )  # fmt: skip
    y = m.reshape(y, (1, rows, outputs))
    # TFLM rounds a dense layer's sums twice, TensorFlow Lite's reference once.
    assert_exact(m.build([x], [y]), count=200, tflm_apart=1)


@pytest.mark.parametrize("name", ["MAX_POOL_2D", "AVERAGE_POOL_2D"])
@given(st.data())
@EXACT
def test_any_pool_is_exact(name, data):
    draw, m = data.draw, ModelBuilder()
    kernel = draw(PAIRS)
    size = [k + draw(st.integers(0, 5)) for k in kernel]
    x = input_of(m, (1, *size, draw(st.integers(1, 5))), draw)
    y = m.pool(name, x, kernel, draw(PAIRS), draw(st.sampled_from([SAME, VALID])), draw(ACTIVATIONS))
    assert_exact(m.build([x], [y]))


@pytest.mark.parametrize("name", ["ADD", "SUB", "MUL"])
@given(st.data())
@EXACT
def test_any_sum_or_product_is_exact(name, data):
    draw, m = data.draw, ModelBuilder()
    shape = (1, draw(st.integers(1, 4)), draw(st.integers(1, 4)), draw(st.integers(1, 6)))
    x = input_of(m, shape, draw)
    other = draw(st.sampled_from(["itself", "pooled", "scalar", "channels", "column"]))
    if other == "itself":
        y = m.unary("RELU", x, draw(SCALES), draw(ZERO_POINTS))
    elif other == "pooled":
        y = m.pool("MAX_POOL_2D", x, shape[1:3], (1, 1))
    else:
        sizes = {"scalar": (1,), "channels": shape[3:], "column": (1, shape[1], 1, 1)}[other]
        values = random_weights(np.random.default_rng(draw(SEEDS)), sizes)
        y = m.constant(values, (draw(SCALES), draw(ZERO_POINTS)))
    usual = m.scale_of(x) * m.scale_of(y) * 128 if name == "MUL" else max(m.scale_of(x), m.scale_of(y))
    out_scale = float(np.float32(usual * draw(st.sampled_from([1.0, 2.0, 0.2]))))
    pair = (y, x) if draw(st.booleans()) and other != "itself" else (x, y)
    z = m.binary(name, *pair, out_scale, draw(ZERO_POINTS), draw(ACTIVATIONS))
    # TFLM multiplies the scales of MUL in double precision, TensorFlow Lite in single.
    assert_exact(m.build([x], [z]), tflm_apart=int(name == "MUL"))


@given(st.data())
@EXACT
def test_any_nearest_resize_is_exact(data):
    draw, m = data.draw, ModelBuilder()
    sizes = st.integers(1, 40)
    x = input_of(m, (1, draw(sizes), draw(sizes), draw(st.integers(1, 3))), draw)
    half, align = draw(st.sampled_from([(False, False), (True, False), (False, True)]))
    y = m.resize(x, (draw(sizes), draw(sizes)), half, align)
    assert_exact(m.build([x], [y]), count=3)


@given(st.data())
@EXACT
def test_any_bilinear_resize_is_exact(data):
    draw, m = data.draw, ModelBuilder()
    sizes = st.integers(1, 40)
    x = input_of(m, (1, draw(sizes), draw(sizes), draw(st.integers(1, 3))), draw)
    half, align = draw(st.sampled_from([(False, False), (True, False), (False, True)]))
    y = m.resize(x, (draw(sizes), draw(sizes)), half, align, "RESIZE_BILINEAR")
    assert_exact(m.build([x], [y]), count=5)


@pytest.mark.parametrize("name", ["QUANTIZE", "RELU", "RELU6", "RELU_N1_TO_1", "LEAKY_RELU", "LOGISTIC"])
@given(st.data())
@exact(8)
def test_any_table_is_exact(name, data):
    draw, m = data.draw, ModelBuilder()
    x = input_of(m, (1, 256), draw)
    ratio = draw(st.sampled_from([1.0, 0.1, 3.7]) | st.floats(0.05, 20))
    ends = (1 / 256, -128) if name == "LOGISTIC" else (float(np.float32(m.scale_of(x) * ratio)), draw(ZERO_POINTS))
    options: dict[str, Any] = {}
    if name == "LEAKY_RELU":
        options = {"kind": "LeakyReluOptions", "alpha": draw(st.sampled_from([0.0, 0.2, 0.3, 1.0, 2.5, -0.5, 1e-6]))}
    model = m.build([x], [m.unary(name, x, *ends, **options)])
    every = np.arange(-128, 128).astype(np.int8)[None]
    expected = ReferenceModel(model).run(every)
    np.testing.assert_array_equal(HostModel(model).run(every), expected)
    # TFLM has no RELU_N1_TO_1, and its RELU6 takes the output's scale to be the input's.
    if name not in ("RELU6", "RELU_N1_TO_1"):
        np.testing.assert_array_equal(tflm_run(model, every), expected)


@given(st.data())
@EXACT
def test_any_softmax_is_exact(data):
    draw, m = data.draw, ModelBuilder()
    scale = draw(st.sampled_from([0.001, 0.02, 0.1, 0.5, 2.0]) | SCALES)
    x = m.tensor((1, draw(st.integers(1, 3)), draw(st.integers(1, 60))), scale, draw(ZERO_POINTS))
    y = m.unary("SOFTMAX", x, 1 / 256, -128, "SoftmaxOptions", beta=draw(st.sampled_from([1.0, 0.3])))
    assert_exact(m.build([x], [y]), count=20)


@given(st.data())
@EXACT
def test_any_mean_is_exact(data):
    draw, m = data.draw, ModelBuilder()
    shape = (1, draw(st.integers(1, 6)), draw(st.integers(1, 6)), draw(st.integers(1, 4)))
    axes, keep = draw(st.sampled_from([[1, 2], [1], [2], [3], [-1], [2, 3], [1, 2, 3]])), draw(st.booleans())
    x = input_of(m, shape, draw)
    gone = {axis % 4 for axis in axes}
    made = [1 if axis in gone else size for axis, size in enumerate(shape) if keep or axis not in gone]
    y = m.tensor(made, float(np.float32(m.scale_of(x) * draw(st.sampled_from([1.0, 0.5, 1.7])))), draw(ZERO_POINTS))
    index = m.constant(np.array(axes, np.int32), dtype="INT32")
    y = m.operator("MEAN", [x, index], [y], "ReducerOptions", keepDims=keep)
    assert_exact(m.build([x], [y]))


@given(st.data())
@EXACT
def test_any_padding_and_joining_is_exact(data):
    draw, m = data.draw, ModelBuilder()
    x = input_of(m, (1, 3, draw(st.integers(1, 4)), draw(st.integers(1, 3))), draw)
    amounts = np.array([[0, 0], *[[draw(st.integers(0, 2)), draw(st.integers(0, 2))] for _ in range(3)]], np.int32)
    shape = [size + before + after for size, (before, after) in zip(m.shape_of(x), amounts, strict=True)]
    quantization = m.tensors[x].quantization
    y = m.tensor(shape, quantization.scale, quantization.zeroPoint)
    y = m.operator("PAD", [x, m.constant(amounts, dtype="INT32")], [y], "PadOptions")
    other = m.pool("MAX_POOL_2D", y, (1, 1), (1, 1), act=0)
    values = random_weights(np.random.default_rng(draw(SEEDS)), tuple(shape))
    constant = m.constant(values, (quantization.scale[0], quantization.zeroPoint[0]))
    axis = draw(st.sampled_from([1, 2, 3, -1]))
    parts = draw(st.sampled_from([[y, other], [y, constant], [constant, y, y]]))
    joined = list(shape)
    joined[axis] *= len(parts)
    z = m.tensor(joined, quantization.scale, quantization.zeroPoint)
    z = m.operator("CONCATENATION", parts, [z], "ConcatenationOptions", axis=axis)
    assert_exact(m.build([x], [z]))


@given(st.data())
@EXACT
def test_a_chain_with_a_shortcut_is_exact(data):
    draw, m = data.draw, ModelBuilder()
    x = input_of(m, (1, 6, 5, 3), draw)
    y = x
    for _ in range(draw(st.integers(1, 3))):
        scales = filter_scales(draw, 3, per_channel=True)
        out = spread(draw, m, y, scales, 27), draw(ZERO_POINTS)
        z = m.conv(y, filter_weights(draw, (3, 3, 3, 3)), scales, filter_bias(draw, 3), *out, padding=SAME)
        z = m.unary("RELU", z, float(np.float32(out[0] * 1.3)), draw(ZERO_POINTS))
        y = m.binary("ADD", y, z, float(np.float32(max(m.scale_of(y), m.scale_of(z)))), draw(ZERO_POINTS))
    assert_exact(m.build([x], [y]))


MODELS = {
    "article": lambda: article_model(),
    "article's baseline of 50 classes": lambda: article_model(1, "SOFTMAX", 50),
    "separable": lambda: ds_model(),
    "separable of 5 classes": lambda: ds_model(1, "SOFTMAX", 5),
}


@pytest.mark.parametrize("name", list(MODELS))
def test_a_whole_model_has_0_differences_on_1000_random_inputs(name):
    model = MODELS[name]()
    inputs = random_inputs(model, 1000, seed=7)
    expected = ReferenceModel(model).run(inputs)
    assert len(np.unique(expected)) > 20, "the test model says little"
    assert (HostModel(model).run(inputs) != expected).sum() == 0
    tflm_differs = (tflm_run(model, inputs).reshape(expected.shape) != expected).mean()
    # TFLM rounds a dense layer's sums twice: with many classes a few outputs move by a code.
    assert tflm_differs == 0 if expected.shape[1] == 1 else tflm_differs < 0.01
