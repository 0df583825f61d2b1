"""Small int8 models written straight as flatbuffers: any scale, stride, padding or zero point."""

from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

SAME, VALID = 0, 1
VERSIONS = {
    "RESHAPE": 1,
    "SHAPE": 1,
    "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 3,
    "FULLY_CONNECTED": 4,
    "RESIZE_NEAREST_NEIGHBOR": 3,
    "RESIZE_BILINEAR": 3,
    "RELU_N1_TO_1": 1,
}
NAMES = {value: name for name, value in vars(schema.BuiltinOperator).items() if isinstance(value, int)}


@dataclass
class ModelBuilder:
    """Adds tensors and operators, then gives the file's bytes."""

    tensors: list[Any] = field(default_factory=list)
    buffers: list[Any] = field(default_factory=lambda: [schema.BufferT()])
    operators: list[Any] = field(default_factory=list)
    codes: list[int] = field(default_factory=list)

    def tensor(self, shape, scale=0.05, zero_point=0, dtype="INT8", name="t"):
        """Add a computed tensor and return its index."""
        scale = None if dtype == "INT32" else np.atleast_1d(scale)
        return self._add(shape, scale, np.atleast_1d(zero_point), dtype, 0, name)

    def constant(self, values, scales=None, axis=0, dtype="INT8", name="c"):
        """Add a constant; its zero point is 0 unless scales is a (scale, zero point) pair in a tuple."""
        zero_points = [0]
        if isinstance(scales, tuple):
            scales, zero_points = [scales[0]], [scales[1]]
        buffer = schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self.buffers.append(buffer)
        index = self._add(values.shape, scales, zero_points, dtype, axis, name)
        self.tensors[index].buffer = len(self.buffers) - 1
        return index

    def _add(self, shape, scales, zero_points, dtype, axis, name):
        tensor = schema.TensorT()
        tensor.shape = np.array(shape, np.int32)
        tensor.type = getattr(schema.TensorType, dtype)
        tensor.name = name
        tensor.buffer = 0
        if scales is not None and dtype in ("INT8", "INT32"):
            quantization = schema.QuantizationParametersT()
            quantization.scale = np.asarray(scales, np.float32)
            quantization.zeroPoint = np.resize(np.asarray(zero_points, np.int64), len(quantization.scale))
            quantization.quantizedDimension = axis
            tensor.quantization = quantization
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def operator(self, name, inputs, outputs, kind=None, **options):
        """Add an operator with the options of schema class `kind`."""
        number = getattr(schema.BuiltinOperator, name)
        if number not in self.codes:
            self.codes.append(number)
        made = schema.OperatorT()
        made.opcodeIndex = self.codes.index(number)
        made.inputs, made.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        if kind:
            made.builtinOptionsType = getattr(schema.BuiltinOptions, kind)
            made.builtinOptions = getattr(schema, f"{kind}T")()
            for key, value in options.items():
                assert hasattr(made.builtinOptions, key), key
                setattr(made.builtinOptions, key, value)
        self.operators.append(made)
        return outputs[0]

    def build(self, inputs, outputs) -> bytes:
        """Return the .tflite file."""
        part = schema.SubGraphT()
        part.tensors, part.operators, part.name = self.tensors, self.operators, "main"
        part.inputs, part.outputs = np.array(inputs, np.int32), np.array(outputs, np.int32)
        model = schema.ModelT()
        model.version, model.description = 3, "made for a test"
        model.subgraphs, model.buffers = [part], self.buffers
        model.operatorCodes = []
        for number in self.codes:
            code = schema.OperatorCodeT()
            code.builtinCode, code.deprecatedBuiltinCode = number, min(number, 127)
            code.version = VERSIONS.get(NAMES[number], 2)
            model.operatorCodes.append(code)
        builder = flatbuffers.Builder(1024)
        builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
        return bytes(builder.Output())

    # Layers: each returns the index of its output.

    def quantize(self, index, scale, zero_point):
        """Give a tensor of any type one scale."""
        quantization = schema.QuantizationParametersT()
        quantization.scale, quantization.zeroPoint = np.float32([scale]), np.array([zero_point], np.int64)
        self.tensors[index].quantization = quantization

    def scale_of(self, index):
        """Return a tensor's first scale."""
        return float(self.tensors[index].quantization.scale[0])

    def shape_of(self, index):
        """Return a tensor's shape."""
        return tuple(int(size) for size in self.tensors[index].shape)

    def conv(self, x, weights, scales, bias, out_scale, out_zero, stride=(1, 1), dilation=(1, 1), padding=VALID, act=0):
        """Add CONV_2D; weights int8 (filters, height, width, channels)."""
        filters, *kernel, _ = weights.shape
        out = self.tensor(self._window(x, kernel, stride, dilation, padding, filters), out_scale, out_zero)
        w = self.constant(weights, scales)
        b = self.constant(bias, np.float32(self.scale_of(x)) * np.float32(scales), dtype="INT32")
        return self.operator(
            "CONV_2D", [x, w, b], [out], "Conv2DOptions", strideH=stride[0], strideW=stride[1],
            dilationHFactor=dilation[0], dilationWFactor=dilation[1], padding=padding, fusedActivationFunction=act,
        )  # fmt: skip

    def depthwise(
        self, x, weights, scales, bias, out_scale, out_zero, stride=(1, 1), dilation=(1, 1), padding=VALID, act=0
    ):
        """Add DEPTHWISE_CONV_2D; weights int8 (1, height, width, channels · multiplier)."""
        _, *kernel, filters = weights.shape
        out = self.tensor(self._window(x, kernel, stride, dilation, padding, filters), out_scale, out_zero)
        w = self.constant(weights, scales, axis=3)
        b = self.constant(bias, np.float32(self.scale_of(x)) * np.float32(scales), dtype="INT32")
        return self.operator(
            "DEPTHWISE_CONV_2D", [x, w, b], [out], "DepthwiseConv2DOptions", strideH=stride[0], strideW=stride[1],
            dilationHFactor=dilation[0], dilationWFactor=dilation[1], padding=padding, fusedActivationFunction=act,
            depthMultiplier=filters // self.shape_of(x)[3],
        )  # fmt: skip

    def pool(self, name, x, kernel, stride, padding=VALID, act=0):
        """Add MAX_POOL_2D or AVERAGE_POOL_2D."""
        shape = self._window(x, kernel, stride, (1, 1), padding, self.shape_of(x)[3])
        quantization = self.tensors[x].quantization
        out = self.tensor(shape, quantization.scale, quantization.zeroPoint)
        return self.operator(
            name, [x], [out], "Pool2DOptions", strideH=stride[0], strideW=stride[1], filterHeight=kernel[0],
            filterWidth=kernel[1], padding=padding, fusedActivationFunction=act,
        )  # fmt: skip

    def _window(self, x, kernel, stride, dilation, padding, filters):
        batch, *sizes, _ = self.shape_of(x)
        spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
        made = [
            -(-size // s) if padding == SAME else (size - span) // s + 1
            for size, span, s in zip(sizes, spans, stride, strict=True)
        ]
        return (batch, *made, filters)

    def dense(self, x, weights, scales, bias, out_scale, out_zero, act=0):
        """Add FULLY_CONNECTED; weights int8 (outputs, features)."""
        outputs, features = weights.shape
        rows = int(np.prod(self.shape_of(x))) // features
        out = self.tensor((rows, outputs), out_scale, out_zero)
        w = self.constant(weights, scales)
        b = self.constant(bias, np.float32(self.scale_of(x)) * np.float32(scales), dtype="INT32")
        return self.operator("FULLY_CONNECTED", [x, w, b], [out], "FullyConnectedOptions", fusedActivationFunction=act)

    def reshape(self, x, shape):
        """Add RESHAPE."""
        quantization = self.tensors[x].quantization
        out = self.tensor(shape, quantization.scale, quantization.zeroPoint)
        sizes = self.constant(np.array(shape, np.int32), dtype="INT32")
        return self.operator("RESHAPE", [x, sizes], [out], "ReshapeOptions", newShape=np.array(shape, np.int32))

    def resize(self, x, size, half=True, align=False, name="RESIZE_NEAREST_NEIGHBOR"):
        """Add RESIZE_NEAREST_NEIGHBOR or RESIZE_BILINEAR."""
        kind = {"RESIZE_BILINEAR": "ResizeBilinearOptions"}.get(name, "ResizeNearestNeighborOptions")
        batch, _, _, channels = self.shape_of(x)
        quantization = self.tensors[x].quantization
        out = self.tensor((batch, *size, channels), quantization.scale, quantization.zeroPoint)
        sizes = self.constant(np.array(size, np.int32), dtype="INT32")
        return self.operator(
            name, [x, sizes], [out], kind, alignCorners=align, halfPixelCenters=half,
        )  # fmt: skip

    def binary(self, name, x, y, out_scale, out_zero, act=0):
        """Add ADD, SUB or MUL."""
        shape = np.broadcast_shapes(self.shape_of(x), self.shape_of(y))
        out = self.tensor(shape, out_scale, out_zero)
        kind = {"ADD": "AddOptions", "SUB": "SubOptions", "MUL": "MulOptions"}[name]
        return self.operator(name, [x, y], [out], kind, fusedActivationFunction=act)

    def unary(self, name, x, out_scale, out_zero, kind=None, **options):
        """Add an operator of one input that keeps the shape."""
        out = self.tensor(self.shape_of(x), out_scale, out_zero)
        return self.operator(name, [x], [out], kind, **options)


def random_weights(rng, shape):
    """Return int8 weights over the whole symmetric range."""
    return rng.integers(-127, 128, shape).astype(np.int8)


def _spread(m, x, scales, taps):
    """Return an output scale that spreads a layer's sums over the codes."""
    return float(np.float32(m.scale_of(x) * float(np.median(scales)) * np.sqrt(taps) * 60))


def article_model(seed=0, head="LOGISTIC", outputs=1) -> bytes:
    """Return a model of the article's shape: (1, 124, 129, 1) to probabilities."""
    rng = np.random.default_rng(seed)
    m = ModelBuilder()
    x = m.tensor((1, 124, 129, 1), 1.25, -128, name="spectrogram")
    y = m.resize(x, (32, 32))
    y = m.binary("SUB", y, m.constant(np.full((1, 1, 1, 1), 87, np.int8), (0.009, -128)), 1.26, -126)
    y = m.binary("MUL", y, m.constant(np.full((1, 1, 1, 1), 127, np.int8), (0.0007, -128)), 0.21, -127)
    scales = rng.uniform(0.002, 0.006, 8).astype(np.float32)
    bias = rng.integers(-3000, 3000, 8).astype(np.int32)
    out = _spread(m, y, scales, 64), -128
    y = m.conv(y, random_weights(rng, (8, 8, 8, 1)), scales, bias, *out, stride=(2, 2), act=1)
    y = m.pool("MAX_POOL_2D", y, (2, 2), (2, 2))
    y = m.reshape(y, (1, 288))
    return m.build([x], [_head(m, rng, y, outputs, head)])


def ds_model(seed=0, head="LOGISTIC", outputs=1) -> bytes:
    """Return a small separable network on a (1, 31, 32, 1) input."""
    rng = np.random.default_rng(seed)
    m = ModelBuilder()
    x = m.tensor((1, 31, 32, 1), 1 / 128, 0)

    def layer(y, filters, kernel, separate=False, **options):
        channels = m.shape_of(y)[3]
        scales = rng.uniform(0.004, 0.012, filters).astype(np.float32)
        bias = rng.integers(-2000, 2000, filters).astype(np.int32)
        shape = (1, *kernel, filters) if separate else (filters, *kernel, channels)
        out = _spread(m, y, scales, kernel[0] * kernel[1] * (1 if separate else channels)), -128
        add = m.depthwise if separate else m.conv
        return add(y, random_weights(rng, shape), scales, bias, *out, act=1, **options)

    y = layer(x, 16, (5, 4), stride=(2, 2), padding=SAME)
    for channels in (16, 32):
        y = layer(y, channels, (3, 3), separate=True, padding=SAME)
        y = layer(y, 32, (1, 1))
        y = m.pool("MAX_POOL_2D", y, (2, 1), (2, 1))
    y = m.pool("AVERAGE_POOL_2D", y, (2, 4), (2, 4))
    y = m.reshape(y, (1, int(np.prod(m.shape_of(y)))))
    return m.build([x], [_head(m, rng, y, outputs, head)])


def _head(m, rng, y, outputs, head):
    features = m.shape_of(y)[1]
    bias = rng.integers(-500, 500, outputs).astype(np.int32)
    scale = float(np.float32(3 / (m.scale_of(y) * np.sqrt(features) * 60 * 64)))
    out = _spread(m, y, [scale], features), 7
    y = m.dense(y, random_weights(rng, (outputs, features)), [scale], bias, *out)
    kind = {"SOFTMAX": "SoftmaxOptions"}.get(head)
    return m.unary(head, y, 1 / 256, -128, kind, **({"beta": 1.0} if kind else {}))
