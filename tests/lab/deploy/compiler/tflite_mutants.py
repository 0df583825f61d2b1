"""Damaged .tflite files: real models with fields of their structure changed, or their plain bytes."""

import random
import struct
from collections.abc import Callable
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from tflite_models import SAME, ModelBuilder, article_model, ds_model, random_weights

from lab.deploy.prepared import prepared_detector

INTEGERS = (0, 1, -1, 2, 3, 4, 7, 8, 127, 128, 255, 256, 1000, 65_535, 2**24, 2**30, 2**31 - 1, -(2**31))
LONGS = (*INTEGERS, 2**62, -(2**63))
FLOATS = (
    0.0,
    -0.0,
    1e-45,
    1e-38,
    1e-9,
    1e-3,
    0.5,
    1.0,
    3.7,
    1e9,
    3e38,
    float("inf"),
    float("-inf"),
    float("nan"),
    -1.0,
)
NAMES = ("", "*/ #error", "a\0b", '"; system("x"); "', "??/\n", "\\", "名" * 9, "x" * 5000, "%s%n", "\x1b[2J\n\r")
WORDS = (b"\xff\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", bytes(4), b"\x01\x00\x00\x00")
MAX_BYTES = 200_000


def seeds() -> list[bytes]:
    """Return the models to begin from."""
    return [
        every_operator(), every_operator(1), small_graph(), small_graph(1), ds_model(2, "SOFTMAX", 5), article_model(),
        prepared_detector().model,
    ]  # fmt: skip


def mutant(models: list[bytes], seed: int, case: int) -> bytes:
    """Return the damaged file of a case; the same for the same seed and case."""
    rng = random.Random(f"{seed}:{case}")
    data = rng.choice(models)
    kind = rng.random()
    if kind < 0.7:
        data = _restructured(data, rng)
    if kind > 0.55:
        data = _scratched(data, rng)
    return data


def _restructured(data: bytes, rng: random.Random) -> bytes:
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    for _ in range(rng.choice((1, 1, 2, 3, 6))):
        rng.choices(_CHANGES, _WEIGHTS)[0](model, rng)
    builder = flatbuffers.Builder(1024)
    try:
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    except (TypeError, ValueError, struct.error, AttributeError):  # what cannot be written is no test of reading
        return data
    return bytes(builder.Output())


def _scratched(data: bytes, rng: random.Random) -> bytes:
    made = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        place = rng.randrange(len(made))
        if rng.random() < 0.5:  # the structure lies at both ends, weights between
            place = rng.choice((place % 2000, len(made) - 1 - place % 4000)) % len(made)
        action = rng.random()
        if action < 0.45:
            made[place] = rng.randrange(256)
        elif action < 0.75:
            place = min(place // 4 * 4, len(made) - 4)
            made[place : place + 4] = rng.choice(WORDS)
        elif action < 0.85:
            source = rng.randrange(len(made))
            made[place : place + 16] = made[source : source + 16]
        elif action < 0.93:
            made[place:place] = rng.randbytes(rng.randrange(1, 9))
        else:
            del made[max(place, 9) :]
    return bytes(made[:MAX_BYTES] or b"TFL3")


def _part(model: Any, rng: random.Random) -> Any:
    return rng.choice(model.subgraphs)


def _integer(rng: random.Random, near: int = 0) -> int:
    return rng.choice((rng.choice(INTEGERS), near + rng.choice((-1, 1)), rng.randrange(-3, 40)))


def _shape(model: Any, rng: random.Random) -> None:
    tensor = rng.choice(_part(model, rng).tensors)
    sizes = [int(size) for size in (tensor.shape if tensor.shape is not None else [])]
    action = rng.random()
    if sizes and action < 0.6:
        place = rng.randrange(len(sizes))
        sizes[place] = _integer(rng, sizes[place])
    elif action < 0.8:
        sizes.insert(rng.randrange(len(sizes) + 1), _integer(rng))
    else:
        sizes = sizes[: rng.randrange(len(sizes) + 1)]
    tensor.shape = np.array([min(max(size, -(2**31)), 2**31 - 1) for size in sizes], np.int32)


def _scale(model: Any, rng: random.Random) -> None:
    found = rng.choice(_part(model, rng).tensors).quantization
    if found is None or found.scale is None or not len(found.scale):
        return
    scale, zero = np.array(found.scale, np.float32), np.array(found.zeroPoint, np.int64)
    action = rng.random()
    with np.errstate(over="ignore"):
        if action < 0.4:
            scale[rng.randrange(len(scale))] = rng.choice(FLOATS)
        elif action < 0.6:
            scale *= np.float32(10 ** rng.uniform(-12, 12))
        elif action < 0.85 and len(zero):
            zero[rng.randrange(len(zero))] = rng.choice((rng.choice(LONGS), rng.randrange(-128, 128)))
        elif action < 0.95:
            scale = np.resize(scale, rng.choice((0, 1, 2, len(scale) + 1, 300)))
        else:
            found.quantizedDimension = _integer(rng)
    found.scale, found.zeroPoint = scale, zero


def _tensor_field(model: Any, rng: random.Random) -> None:
    tensor = rng.choice(_part(model, rng).tensors)
    action = rng.random()
    if action < 0.3:
        tensor.type = rng.choice((0, 1, 2, 3, 4, 6, 7, 9, 12, 17, 18, 100))
    elif action < 0.6:
        tensor.buffer = rng.choice((rng.randrange(len(model.buffers)), rng.choice((0, 2**31, 2**32 - 1))))
    elif action < 0.9:
        tensor.name = rng.choice(NAMES)
    else:
        tensor.sparsity = schema.SparsityParametersT()


def _indices(model: Any, rng: random.Random) -> None:
    part = _part(model, rng)
    owner, name = rng.choice(
        [(operator, name) for operator in part.operators for name in ("inputs", "outputs")]
        + [(part, "inputs"), (part, "outputs")]
    )
    found = [int(index) for index in (getattr(owner, name) if getattr(owner, name) is not None else [])]
    action = rng.random()
    index = rng.choice((rng.randrange(len(part.tensors)), rng.randrange(len(part.tensors)), rng.choice(INTEGERS)))
    if found and action < 0.6:
        found[rng.randrange(len(found))] = index
    elif action < 0.85:
        found.insert(rng.randrange(len(found) + 1), index)
    else:
        found = found[:-1]
    setattr(owner, name, np.array(found, np.int32))


def _option(model: Any, rng: random.Random) -> None:
    options = rng.choice(_part(model, rng).operators).builtinOptions
    fields = [name for name, value in vars(options).items() if isinstance(value, (int, float, bool))] if options else []
    if not fields:
        return
    name = rng.choice(fields)
    value = getattr(options, name)
    if isinstance(value, float):
        setattr(options, name, rng.choice(FLOATS))
    elif isinstance(value, bool):
        setattr(options, name, not value)
    else:
        setattr(options, name, rng.choice((_integer(rng, value), rng.randrange(6))))


def _operators(model: Any, rng: random.Random) -> None:
    operators = _part(model, rng).operators
    place, action = rng.randrange(len(operators)), rng.random()
    if action < 0.3:
        operators[place].opcodeIndex = rng.choice((rng.randrange(len(model.operatorCodes)), 2**31))
    elif action < 0.5:
        operators.insert(rng.randrange(len(operators) + 1), operators[place])
    elif action < 0.7:
        operators.append(operators.pop(place))
    elif action < 0.85 and len(operators) > 1:
        operators.pop(place)
    else:
        code = rng.choice(model.operatorCodes)
        code.builtinCode = rng.choice((rng.randrange(210), 32))
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)


def _buffer(model: Any, rng: random.Random) -> None:
    buffer = rng.choice(model.buffers)
    data = bytearray(bytes(buffer.data) if buffer.data is not None else b"")
    action = rng.random()
    if action < 0.3:
        del data[rng.randrange(len(data) + 1) :]
    elif action < 0.5:
        data += rng.randbytes(rng.choice((1, 3, 4, 100)))
    elif action < 0.9 and len(data) >= 4:
        place = rng.randrange(len(data) - 3)
        data[place : place + 4] = rng.choice((struct.pack("<i", rng.choice(INTEGERS)), rng.randbytes(4)))
    else:
        buffer.offset = rng.choice((2, 100, 2**40))
    buffer.data = np.frombuffer(bytes(data), np.uint8)


_CHANGES: tuple[Callable[[Any, random.Random], None], ...] = (
    _shape, _scale, _tensor_field, _indices, _option, _operators, _buffer,
)  # fmt: skip
_WEIGHTS = (4, 4, 3, 4, 5, 2, 4)


def every_operator(seed: int = 0) -> bytes:
    """Return a model that uses each operator of the compiler."""
    rng, m = np.random.default_rng(seed), ModelBuilder()
    x = m.tensor((1, 9, 8, 4), 0.05, 3, name="in")

    def weights(shape: tuple[int, ...]) -> Any:
        return np.where(rng.random(shape) < 0.3 * seed, 0, random_weights(rng, shape)).astype(np.int8)

    y = m.conv(
        x, weights((6, 3, 2, 4)), rng.uniform(0.004, 0.01, 6).astype(np.float32), rng.integers(-900, 900, 6, np.int32),
        0.3, -20, dilation=(1 + seed, 1), padding=SAME, act=seed,
    )  # fmt: skip
    y = m.pool("MAX_POOL_2D", y, (2, 2), (2, 2))
    y = m.depthwise(
        y, weights((1, 3, 3, 6)), rng.uniform(0.004, 0.01, 6).astype(np.float32), rng.integers(-900, 900, 6, np.int32),
        0.2, -30, padding=SAME, act=3 * seed,
    )  # fmt: skip
    y = m.resize(y, (5, 7), half=bool(seed), align=not seed)
    y = m.resize(y, (6, 6), half=bool(seed), align=not seed, name="RESIZE_BILINEAR")
    y = m.pool("AVERAGE_POOL_2D", y, (3, 2), (1, 2), SAME)
    amounts = np.array([[0, 0], [1, 0], [0, 2], [0, 0]], np.int32)
    padded = m.tensor([a + int(b.sum()) for a, b in zip(m.shape_of(y), amounts, strict=True)], 0.2, -30)
    y = m.operator("PAD", [y, m.constant(amounts, dtype="INT32")], [padded], "PadOptions")
    z = m.unary("LEAKY_RELU", y, 0.2, -30, "LeakyReluOptions", alpha=0.2)
    batch, height, width, channels = m.shape_of(y)
    joined = m.tensor((batch, height, 2 * width, channels), 0.2, -30)
    y = m.operator("CONCATENATION", [y, z], [joined], "ConcatenationOptions", axis=2)
    y = m.binary("SUB", y, m.constant(weights((1, 1, 1, 6)), (0.01, 4)), 0.2, -9, act=2 * (1 - seed))
    y = m.binary("MUL", y, m.constant(weights((1, 1, 1, 6)), (0.01, 4)), 0.1, 12)
    y = m.binary("ADD", y, m.constant(weights((1, 1, 1, 1)), (0.01, 4)), 0.1, 0, act=1)
    for name in ("RELU", "RELU6", "RELU_N1_TO_1"):
        y = m.unary(name, y, 0.05, -20)
    y = m.unary("LOGISTIC", y, 1 / 256, -128)
    y = m.operator("QUANTIZE", [y], [m.tensor(m.shape_of(y), 0.005, -100)], "QuantizeOptions")
    mean = m.tensor((1, m.shape_of(y)[1], channels), 0.004, -90)
    y = m.operator("MEAN", [y, m.constant(np.array([2], np.int32), dtype="INT32")], [mean], "ReducerOptions")
    sizes = m.operator("SHAPE", [y], [m.tensor((3,), dtype="INT32")], "ShapeOptions", outType=schema.TensorType.INT32)
    ends = [m.constant(np.array([end], np.int32), dtype="INT32") for end in (0, 1, 1)]
    one = m.tensor((), dtype="INT32")
    m.operator("STRIDED_SLICE", [sizes, *ends], [one], "StridedSliceOptions", shrinkAxisMask=1)
    rest = m.constant(np.array(int(np.prod(m.shape_of(y))), np.int32), dtype="INT32")
    sizes = m.operator("PACK", [one, rest], [m.tensor((2,), dtype="INT32")], "PackOptions", valuesCount=2)
    flat = m.tensor((1, int(np.prod(m.shape_of(y)))), 0.004, -90)
    y = m.operator("RESHAPE", [y, sizes], [flat], "ReshapeOptions")
    y = m.dense(y, weights((4, m.shape_of(y)[1])), [0.1], rng.integers(-900, 900, 4, np.int32), 0.4, 5)
    soft = m.unary("SOFTMAX", y, 1 / 256, -128, "SoftmaxOptions", beta=1.0)
    return m.build([x], [soft, m.unary("LOGISTIC", y, 1 / 256, -128)] if seed else [soft])


def small_graph(seed: int = 0) -> bytes:
    """Return a few small layers, whose mutants mostly stay near what compiles."""
    rng, m = np.random.default_rng(seed), ModelBuilder()
    x = m.tensor((1, 6, 6, 2), 0.05, 3, name="in")
    scales = rng.uniform(0.004, 0.01, 3).astype(np.float32)
    y = m.conv(x, random_weights(rng, (3, 3, 3, 2)), scales, np.zeros(3, np.int32), 0.3, -128, stride=(1, 2), act=1)
    if seed:
        y = m.pool("AVERAGE_POOL_2D", y, (2, 2), (2, 2))
    y = m.binary("ADD", y, m.unary("RELU", y, 0.3, -100), 0.4, -3)
    y = m.reshape(y, (1, int(np.prod(m.shape_of(y)))))
    y = m.dense(y, random_weights(rng, (2, m.shape_of(y)[1])), [0.01], np.zeros(2, np.int32), 0.5, 0)
    return m.build([x], [m.unary("LOGISTIC", y, 1 / 256, -128)])
