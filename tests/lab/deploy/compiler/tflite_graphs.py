"""Random graphs of small layers, each built from what came before: by a seed, or by Hypothesis."""

from collections.abc import Callable
from typing import Any

import numpy as np
from tflite_models import SAME, VALID, ModelBuilder, random_weights

Choose = Callable[[int, int], int]
"""An integer from the first to the last."""
MAX_VALUES = 3_000


class _Graph:
    def __init__(self, choose: Choose) -> None:
        self.choose, self.m = choose, ModelBuilder()
        self.rng = np.random.default_rng(choose(0, 2**16))
        self.x = self.m.tensor((1, choose(1, 12), choose(1, 12), choose(1, 5)), self.scale(), self.zero(), name="in")
        self.made = [self.x]

    def one_of(self, *options: Any) -> Any:
        return options[self.choose(0, len(options) - 1)]

    def zero(self) -> int:
        return self.one_of(-128, 127, 0, self.choose(-128, 127))

    def scale(self) -> float:
        return float(np.float32(self.choose(1, 400) / 2000))

    def near(self, scale: float) -> tuple[float, int]:
        """Return an output's scale, near one that fits, and a zero point."""
        return float(np.float32(scale * self.one_of(1.0, 1.0, 0.3, 2.5))), self.zero()

    def weights(self, shape: tuple[int, ...], filters: int) -> tuple[Any, Any, Any]:
        values, kind = random_weights(self.rng, shape), self.choose(0, 3)
        if kind == 0:
            values = np.where(values < 0, -127, 127)
        if kind == 1:
            values = np.where(self.rng.random(shape) < 0.7, 0, values)
        scales = self.rng.uniform(0.002, 0.01, self.one_of(1, filters)).astype(np.float32)
        bias = self.rng.integers(-1, 2, filters) * self.one_of(0, 900, 2**29)
        return values.astype(np.int8), scales, bias.astype(np.int32)

    def window(self) -> dict[str, Any]:
        return {
            "stride": (self.choose(1, 3), self.choose(1, 3)), "padding": self.one_of(SAME, SAME, VALID),
            "act": self.choose(0, 3),
        }  # fmt: skip

    def fits(self, y: int, kernel: tuple[int, int], dilation: tuple[int, int], padding: int) -> bool:
        sizes = self.m.shape_of(y)[1:3]
        spans = [(k - 1) * d + 1 for k, d in zip(kernel, dilation, strict=True)]
        return padding == SAME or all(size >= span for size, span in zip(sizes, spans, strict=True))

    def conv(self, y: int) -> int:
        m, channels, options = self.m, self.m.shape_of(y)[3], self.window()
        kernel, dilation = (self.choose(1, 5), self.choose(1, 4)), (self.one_of(1, 1, 2), self.one_of(1, 1, 3))
        if not self.fits(y, kernel, dilation, options["padding"]):
            return y
        depthwise = self.choose(0, 1)
        filters = channels * self.choose(1, 2) if depthwise else self.choose(1, 9)
        shape = (1, *kernel, filters) if depthwise else (filters, *kernel, channels)
        weights, scales, bias = self.weights(shape, filters)
        if depthwise and len(scales) == 1:
            scales = np.repeat(scales, filters)
        taps = kernel[0] * kernel[1] * (1 if depthwise else channels)
        out = self.near(m.scale_of(y) * 0.006 * float(np.sqrt(taps)) * 60)
        add = m.depthwise if depthwise else m.conv
        return add(y, weights, scales, bias, *out, dilation=dilation, **options)

    def pool(self, y: int) -> int:
        kernel, options = (self.choose(1, 4), self.choose(1, 4)), self.window()
        if not self.fits(y, kernel, (1, 1), options["padding"]):
            return y
        name = self.one_of("MAX_POOL_2D", "AVERAGE_POOL_2D")
        return self.m.pool(name, y, kernel, **options)

    def resize(self, y: int) -> int:
        half, align = self.one_of((False, False), (True, False), (False, True))
        name = self.one_of("RESIZE_NEAREST_NEIGHBOR", "RESIZE_BILINEAR")
        return self.m.resize(y, (self.choose(1, 14), self.choose(1, 14)), half, align, name)

    def binary(self, y: int) -> int:
        m, shape = self.m, self.m.shape_of(y)
        same = [index for index in self.made if m.shape_of(index) == shape]
        if self.choose(0, 1):
            other = same[self.choose(0, len(same) - 1)]
        else:
            sizes = [size if self.choose(0, 1) else 1 for size in shape]
            values = random_weights(self.rng, tuple(sizes))
            other = m.constant(values, (self.scale(), self.zero()))
        name = self.one_of("ADD", "SUB", "MUL")
        usual = m.scale_of(y) * m.scale_of(other) * 90 if name == "MUL" else max(m.scale_of(y), m.scale_of(other))
        pair = (y, other) if self.choose(0, 1) else (other, y)
        return m.binary(name, *pair, *self.near(usual), act=self.choose(0, 3))

    def table(self, y: int) -> int:
        name = self.one_of("RELU", "RELU6", "RELU_N1_TO_1", "LEAKY_RELU", "QUANTIZE", "LOGISTIC")
        if name == "LOGISTIC":
            return self.m.unary(name, y, 1 / 256, -128)
        options = {"kind": "LeakyReluOptions", "alpha": self.choose(-3, 12) / 10} if name == "LEAKY_RELU" else {}
        return self.m.unary(name, y, *self.near(self.m.scale_of(y)), **options)

    def like(self, y: int, shape: list[int]) -> int:
        quantization = self.m.tensors[y].quantization
        return self.m.tensor(shape, quantization.scale, quantization.zeroPoint)

    def pad(self, y: int) -> int:
        amounts = np.array([[0, 0], *[[self.choose(0, 2), self.choose(0, 2)] for _ in range(3)]], np.int32)
        shape = [a + int(b.sum()) for a, b in zip(self.m.shape_of(y), amounts, strict=True)]
        return self.m.operator("PAD", [y, self.m.constant(amounts, dtype="INT32")], [self.like(y, shape)], "PadOptions")

    def join(self, y: int) -> int:
        axis, shape = self.choose(1, 3), list(self.m.shape_of(y))
        parts = [y] * self.choose(1, 2) + [self.m.pool("MAX_POOL_2D", y, (1, 1), (1, 1))]
        shape[axis] *= len(parts)
        return self.m.operator("CONCATENATION", parts, [self.like(y, shape)], "ConcatenationOptions", axis=axis)

    def mean(self, y: int) -> int:
        axes = sorted({self.choose(1, 3), self.choose(1, 3)})
        shape = [1 if axis in axes else size for axis, size in enumerate(self.m.shape_of(y))]
        out = self.m.tensor(shape, *self.near(self.m.scale_of(y)))
        index = self.m.constant(np.array(axes, np.int32), dtype="INT32")
        return self.m.operator("MEAN", [y, index], [out], "ReducerOptions", keepDims=True)

    def head(self, y: int) -> int:
        m = self.m
        y = m.reshape(y, (1, int(np.prod(m.shape_of(y)))))
        features, outputs = m.shape_of(y)[1], self.choose(1, 6)
        weights, scales, bias = self.weights((outputs, features), outputs)
        bias = np.clip(bias, -(2**20), 2**20)
        y = m.dense(y, weights, scales, bias, *self.near(m.scale_of(y) * 0.006 * float(np.sqrt(features)) * 60))
        kind = self.choose(0, 2)
        if kind == 0:
            return m.unary("SOFTMAX", y, 1 / 256, -128, "SoftmaxOptions", beta=1.0)
        return m.unary("LOGISTIC", y, 1 / 256, -128) if kind == 1 else y


def random_graph(choose: Choose, most: int = 6) -> bytes:
    """Return a model of up to `most` layers, with a dense head or without."""
    graph = _Graph(choose)
    y = graph.x
    kinds = (graph.conv, graph.pool, graph.resize, graph.binary, graph.table, graph.pad, graph.join, graph.mean)
    for _ in range(choose(1, most)):
        if int(np.prod(graph.m.shape_of(y))) < MAX_VALUES:
            y = (graph.conv, *kinds)[choose(0, len(kinds))](y)
            graph.made.append(y)
    if y == graph.x or choose(0, 1):
        y = graph.head(y)
    return graph.m.build([graph.x], [y])


def seeded_graph(seed: int, most: int = 6) -> bytes:
    """Return the random graph of a seed."""
    rng = np.random.default_rng(seed)
    return random_graph(lambda first, last: int(rng.integers(first, last + 1)), most)
