"""Garbage, truncated, fuzzed and merely wrong .tflite files give one clear sentence."""

import contextlib
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.deploy.audit import audit
from lab.deploy.compiler import Unsupported, compile_model
from lab.deploy.tflite import read_graph
from lab.errors import BadInput

sys.path.insert(0, str(Path(__file__).parent / "compiler"))
from tflite_models import ModelBuilder, article_model, ds_model, random_weights

DS = ds_model()
QUICK = settings(max_examples=300, deadline=None, derandomize=True, database=None)


def refusal(model: bytes) -> str:
    with pytest.raises(BadInput) as raised:
        compile_model(model)
    text = str(raised.value)
    assert len(text) < 600, text
    assert "\n" not in text
    return text


def compiles_or_refuses(model: bytes) -> None:
    with contextlib.suppress(BadInput):
        compile_model(model)


@pytest.mark.parametrize("garbage", [b"", b"TFL3", b"RIFF" * 100, bytes(10_000), b"\xff" * 4096])
def test_garbage_is_no_tflite(garbage):
    assert "not a .tflite file" in refusal(garbage)


def test_every_truncation_is_refused():
    for size in range(0, len(DS), 61):
        refusal(DS[:size])


@given(st.lists(st.tuples(st.integers(0, len(DS) - 1), st.integers(0, 255)), min_size=1, max_size=8))
@QUICK
def test_fuzzed_bytes_compile_or_are_refused(changes):
    fuzzed = bytearray(DS)
    for place, value in changes:
        fuzzed[place] = value
    compiles_or_refuses(bytes(fuzzed))


def test_fuzzing_every_word_of_the_structure_stays_quick():
    rng = np.random.default_rng(3)
    begun = time.process_time()
    for place in rng.integers(0, len(DS) // 4, 400):
        for word in (b"\xff\xff\xff\x7f", b"\x00\x00\x00\x00"):
            compiles_or_refuses(DS[: place * 4] + word + DS[place * 4 + 4 :])
    assert time.process_time() - begun < 60


def one_dense(**changes) -> bytes:
    m = ModelBuilder()
    x = m.tensor((1, 8), 0.05, 3, name="in")
    y = m.dense(x, random_weights(np.random.default_rng(0), (2, 8)), [0.01], np.zeros(2, np.int32), 0.1, 0)
    for index, (field, value) in changes.get("tensors", {}).items():
        target = m.tensors[index].quantization if hasattr(m.tensors[index].quantization, field) else m.tensors[index]
        setattr(target, field, value)
    return m.build([x], [y])


def test_a_good_model_compiles():
    assert compile_model(one_dense()).operators == ("FULLY_CONNECTED",)


@pytest.mark.parametrize("scale", [0.0, -1.0, np.nan, np.inf])
def test_an_impossible_scale_is_refused(scale):
    model = one_dense(tensors={0: ("scale", np.array([scale], np.float32))})
    assert "Tensor 0 has a scale that is zero, negative or not a number" in refusal(model)


@pytest.mark.parametrize("shape", [(1, 0), (0, 0), (1, 2**31 - 1, 2**31 - 1), (1, -8), (1,) * 9])
def test_an_impossible_shape_is_refused(shape):
    refusal(one_dense(tensors={0: ("shape", np.array(shape, np.int32))}))


@pytest.mark.parametrize("scale", [3e38, 1e-45])
@pytest.mark.parametrize("name", ["LOGISTIC", "RELU6", "QUANTIZE", "MUL", "ADD", "FULLY_CONNECTED", "CONV_2D", "MEAN"])
@pytest.mark.parametrize("side", [0, 1])
def test_an_absurd_scale_compiles_or_is_refused(name, scale, side):
    ends = [0.05, 0.05]
    ends[side] = scale
    m = ModelBuilder()
    x = m.tensor((1, 4, 4, 1), ends[0], 3)
    if name in ("MUL", "ADD"):
        y = m.binary(name, x, m.unary("RELU", x, 0.05, 0), ends[1], 0, act=3)
    elif name == "FULLY_CONNECTED":
        y = m.dense(x, np.ones((2, 16), np.int8), [0.01], np.zeros(2, np.int32), ends[1], 0)
    elif name == "CONV_2D":
        y = m.conv(x, np.ones((1, 2, 2, 1), np.int8), [0.01], np.zeros(1, np.int32), ends[1], 0, act=3)
    elif name == "MEAN":
        axes = m.constant(np.array([1, 2], np.int32), dtype="INT32")
        y = m.operator("MEAN", [x, axes], [m.tensor((1, 1), ends[1], 0)], "ReducerOptions", keepDims=False)
    else:
        y = m.unary(name, x, *((1 / 256, -128) if name == "LOGISTIC" else (ends[1], 0)))
    compiles_or_refuses(m.build([x], [y]))


def test_a_zero_point_outside_int8_is_refused():
    model = one_dense(tensors={0: ("zeroPoint", np.array([300], np.int64))})
    assert "zero point outside the range of int8" in refusal(model)


def test_data_of_the_wrong_length_is_refused():
    assert "needs 27 bytes" in refusal(one_dense(tensors={2: ("shape", np.array([3, 9], np.int32))}))


def test_a_float_model_is_refused_by_name():
    m = ModelBuilder()
    x, y = m.tensor((1, 8), dtype="FLOAT32", name="in"), m.tensor((1, 8), dtype="FLOAT32")
    model = m.build([x], [m.operator("LOGISTIC", [x], [y])])
    assert refusal(model).startswith("The model's input, tensor 0 'in', is float32 (1, 8); int8")


def test_a_float_tensor_inside_is_refused_with_operator_and_tensor():
    m = ModelBuilder()
    x, middle = m.tensor((1, 8)), m.tensor((1, 8), dtype="FLOAT32", name="middle")
    m.operator("DEQUANTIZE", [x], [middle])
    y = m.operator("QUANTIZE", [middle], [m.tensor((1, 8))])
    assert refusal(m.build([x], [y])).startswith("Operator 0 (DEQUANTIZE), tensor 1 'middle': ")


def test_a_sparse_constant_is_refused_by_name():
    m = ModelBuilder()
    x = m.tensor((1, 8))
    other = m.constant(np.ones((1, 8), np.int8), (0.05, 0), name="thin")
    m.tensors[other].sparsity = schema.SparsityParametersT()
    model = m.build([x], [m.binary("ADD", x, other, 0.1, 0)])
    assert refusal(model).startswith("Operator 0 (ADD), tensor 1 'thin': it is stored as a sparse tensor")


@pytest.mark.parametrize("place", [0, 1])
def test_a_constant_at_an_end_is_refused(place):
    m = ModelBuilder()
    x, constant = m.tensor((1, 8)), m.constant(np.ones((1, 8), np.int8), (0.05, 0))
    y = m.binary("ADD", x, constant, 0.1, 0)
    model = m.build([x, *[constant] * (1 - place)], [y, *[constant] * place])
    assert "is a constant" in refusal(model)


def test_an_unknown_operator_is_refused_with_operator_index_and_tensor():
    m = ModelBuilder()
    x = m.tensor((1, 8), name="in")
    y = m.unary("RELU", x, 0.05, 0)
    z = m.tensor((1, 8), name='odd\n"*/ name')
    m.operator("ELU", [y], [z])
    with pytest.raises(Unsupported, match=r"^Operator 1 \(ELU\), tensor 2 'odd\\n"):
        compile_model(m.build([x], [z]))


def test_overlapping_buffers_are_refused():
    model = one_dense()
    marker = model.index(random_weights(np.random.default_rng(0), (2, 8)).tobytes())
    length = marker - 4
    longer = model[:length] + (200).to_bytes(4, "little") + model[length + 4 :]
    refusal(longer)


def test_an_operator_that_reads_what_is_not_made_yet_is_refused():
    m = ModelBuilder()
    x, y, z = (m.tensor((1, 8)) for _ in range(3))
    m.operator("RELU", [y], [z])
    m.operator("RELU", [x], [y])
    assert "reads tensor 1 before anything makes it" in refusal(m.build([x], [z]))


def test_sums_that_could_leave_32_bits_are_refused():
    m = ModelBuilder()
    x = m.tensor((1, 2, 2, 1))
    bias = np.array([2**31 - 1], np.int32)
    y = m.conv(x, np.full((1, 1, 1, 1), 127, np.int8), [0.01], bias, 0.1, 0)
    assert "can leave 32 bits" in refusal(m.build([x], [y]))


@pytest.mark.parametrize("prefix", ["", "1a", "a b", "a;", "A", "a" * 50, "a\n"])
def test_a_prefix_that_is_no_identifier_is_refused(prefix):
    with pytest.raises(BadInput, match="identifier"):
        compile_model(DS, prefix)


def test_no_name_of_the_file_reaches_the_c():
    m = ModelBuilder()
    x = m.tensor((1, 8), name='*/ #error "pwned" \\')
    files = compile_model(m.build([x], [m.unary("LOGISTIC", x, 1 / 256, -128)])).files
    assert all("pwned" not in text for text in files.values())


def test_the_shape_operators_of_a_dynamic_batch_vanish():
    m = ModelBuilder()
    x = m.tensor((1, 2, 4, 1))
    sizes = m.operator("SHAPE", [x], [m.tensor((4,), dtype="INT32")], "ShapeOptions")
    y = m.tensor((1, 8))
    m.operator("RESHAPE", [x, sizes], [y], "ReshapeOptions")
    assert compile_model(m.build([x], [m.unary("RELU", y, 0.05, 0)])).operators == ("RESHAPE", "RELU")


def test_float_edges_are_cut_off():
    m = ModelBuilder()
    x = m.tensor((1, 8), dtype="FLOAT32")
    q = m.operator("QUANTIZE", [x], [m.tensor((1, 8), 0.5, 3)])
    y = m.unary("LOGISTIC", q, 1 / 256, -128)
    z = m.operator("DEQUANTIZE", [y], [m.tensor((1, 8), dtype="FLOAT32")])
    made = compile_model(m.build([x], [z]))
    assert (made.inputs[0].scale, made.inputs[0].zero_point, made.operators) == (0.5, 3, ("LOGISTIC",))


def test_audit_counts_zeros_codes_and_channels():
    weights = np.array([[0, 0, 5, 5, 5, -7, 0, 9], [0, 0, 0, 0, 1, 1, 1, 1]], np.int8)
    m = ModelBuilder()
    x = m.tensor((1, 8))
    y = m.dense(x, weights, np.array([0.01, 0.02], np.float32), np.zeros(2, np.int32), 0.1, 0)
    found = audit(m.build([x], [y]))
    row = found["tensors"][0]
    assert found["operators"] == ["FULLY_CONNECTED"]
    assert (row["operator"], row["shape"], row["dtype"]) == ("FULLY_CONNECTED", [2, 8], "int8")
    assert (row["zeros"], row["codes"], row["codes_per_channel_max"], row["scales"]) == (0.4375, 5, 4, 2)


def test_audit_reads_the_article_model():
    found = audit(article_model())
    assert found["operators"][0] == "RESIZE_NEAREST_NEIGHBOR"
    assert 0 < found["gzip_bytes"] < found["tflite_bytes"]


def test_the_graph_keeps_shapes_scales_and_options():
    graph = read_graph(DS)
    first = graph.tensors[graph.inputs[0]]
    assert (first.shape, first.dtype, first.scales.tolist(), first.zero_points.tolist()) == (
        (1, 31, 32, 1), "int8", [1 / 128], [0],
    )  # fmt: skip
    assert graph.operators[0].options["StrideH"] == 2
