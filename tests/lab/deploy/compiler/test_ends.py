"""Several inputs and outputs, and edges of other types, against TensorFlow Lite's reference kernels."""

import subprocess

import numpy as np
import pytest
from oracles import random_inputs, reference_ends
from tflite_models import SAME, ModelBuilder, random_weights

from lab.deploy.compiler import compile_model
from lab.deploy.compiler.host import HostModel
from lab.deploy.reference import ReferenceModel
from lab.errors import BadInput


def three_to_two():
    """Return a model in which an output is read further, and an input by two steps."""
    rng, m = np.random.default_rng(4), ModelBuilder()
    x, y, z = m.tensor((1, 6, 5, 2), 0.05, 3), m.tensor((1, 6, 5, 2), 0.03, -9), m.tensor((1, 2), 0.2, 0)
    total = m.binary("ADD", x, y, 0.08, -2)
    filtered = m.conv(
        total, random_weights(rng, (4, 2, 2, 2)), [0.01], np.zeros(4, np.int32), 0.3, -128, padding=SAME, act=1
    )
    pooled = m.pool("MAX_POOL_2D", filtered, (2, 1), (2, 1))
    product = m.binary("MUL", x, z, 0.1, 4)
    return m.build([x, y, z], [filtered, pooled, product, m.unary("RELU", filtered, 0.3, -128)])


def codes_for(model, seed):
    rng = np.random.default_rng(seed)
    return [rng.integers(-128, 128, end.shape).astype(np.int8) for end in compile_model(model).inputs]


@pytest.mark.parametrize("seed", range(5))
def test_several_inputs_and_outputs_are_exact(seed):
    model = three_to_two()
    inputs = codes_for(model, seed)
    for got, expected in zip(HostModel(model).run_ends(inputs), reference_ends(model, inputs), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_the_header_of_several_ends_numbers_them(tmp_path):
    files = compile_model(three_to_two()).files
    for text in ("MODEL_INPUTS", "MODEL_INPUT_2_LEN", "MODEL_OUTPUT_3_SCALE", "int8_t *model_input(int32_t number);"):
        assert text in files["model.h"]
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    strict = ["cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror", "-c", "model.c"]
    assert subprocess.run(strict, cwd=tmp_path, capture_output=True, text=True).stderr == ""


def test_rows_and_batches_need_one_input_and_one_output():
    with pytest.raises(BadInput, match="3 inputs and 4 outputs; rows need one"):
        compile_model(three_to_two(), streaming=True)
    with pytest.raises(BadInput, match="several inputs"):
        HostModel(three_to_two()).run(np.zeros((1, 6, 5, 2), np.int8))
    with pytest.raises(BadInput, match=r"takes int8 \(1, 6, 5, 2\), .* it was given nothing"):
        HostModel(three_to_two()).run_ends([])


@pytest.mark.parametrize("dtype", ["FLOAT32", "UINT8"])
def test_edges_of_another_type_are_cut_off(dtype):
    m = ModelBuilder()
    x, y = m.tensor((1, 64), 0.05, 131, dtype), m.tensor((1, 64), 1 / 256, 0, dtype)
    for index in (x, y) if dtype == "UINT8" else ():
        m.quantize(index, *((0.05, 131) if index == x else (1 / 256, 0)))
    inner = m.operator("QUANTIZE", [x], [m.tensor((1, 64), 0.05, 3)], "QuantizeOptions")
    made = m.unary("LOGISTIC", inner, 1 / 256, -128)
    back = ("DEQUANTIZE", "DequantizeOptions") if dtype == "FLOAT32" else ("QUANTIZE", "QuantizeOptions")
    model = m.build([x], [m.operator(back[0], [made], [y], back[1])])
    assert compile_model(model).operators == ("LOGISTIC",)
    codes = np.arange(-128, 128).astype(np.int8).reshape(4, 64)
    for row, got in zip(codes, HostModel(model).run(codes), strict=True):
        if dtype == "FLOAT32":
            real = (row.astype(np.float32) - np.float32(3)) * np.float32(0.05)
            expected = reference_ends(model, [real[None]])[0][0] * 256 - 128
        else:
            expected = reference_ends(model, [(row.astype(int) + 128).astype(np.uint8)[None]])[0][0].astype(int) - 128
        np.testing.assert_array_equal(got, expected)


def test_an_output_that_is_an_input_is_handed_through():
    m = ModelBuilder()
    x = m.tensor((1, 5))
    model = m.build([x], [x, m.unary("RELU", x, 0.02, 7)])
    inputs = codes_for(model, 0)
    for got, expected in zip(HostModel(model).run_ends(inputs), reference_ends(model, inputs), strict=True):
        np.testing.assert_array_equal(got, expected)


def test_an_input_that_nothing_reads_keeps_its_place():
    m = ModelBuilder()
    x, unread = m.tensor((1, 5)), m.tensor((1, 900))
    model = m.build([x, unread], [m.unary("RELU", x, 0.02, 7)])
    assert compile_model(model).arena_bytes >= 900
    inputs = codes_for(model, 0)
    np.testing.assert_array_equal(HostModel(model).run_ends(inputs)[0], reference_ends(model, inputs)[0])


def test_one_of_each_stays_the_plain_api():
    m = ModelBuilder()
    x = m.tensor((1, 5))
    model = m.build([x], [m.unary("RELU", x, 0.02, 7)])
    assert "int8_t *model_input(void);" in compile_model(model).files["model.h"]
    inputs = random_inputs(model, 4)
    np.testing.assert_array_equal(HostModel(model).run(inputs), ReferenceModel(model).run(inputs))
