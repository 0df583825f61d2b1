"""Row by row equals window by window."""

import ctypes

import numpy as np
import pytest
from tflite_models import SAME, VALID, ModelBuilder, article_model, random_weights

from lab.deploy.compiler import compile_model
from lab.deploy.compiler.host import HostModel
from lab.deploy.prepared import prepared_detector
from lab.hostcc import shared_library

RUN = """
#include <string.h>
#include "model.h"
void run(const int8_t *rows, const int32_t *lifts, int8_t *out, int64_t count, int64_t every);
void run(const int8_t *rows, const int32_t *lifts, int8_t *out, int64_t count, int64_t every) {
    for (int64_t row = 0; row < count; row++, rows += MODEL_ROW_LEN, out += MODEL_OUTPUT_LEN) {
        model_push_row(rows);
        memset(model_input(), 77, MODEL_INPUT_LEN);
        if (row % every == 0 && row % 17 != 1) model_step(lifts[row]);
        memcpy(out, model_output(), MODEL_OUTPUT_LEN);
    }
}
"""


def stream(model, rows, lifts, every=1):
    """Return the outputs after each row; some of them are not asked for and repeat the one before."""
    compiled = compile_model(model, streaming=True)
    library = ctypes.CDLL(str(shared_library({**compiled.files, "run.c": RUN})))
    out = np.zeros((len(rows), compiled.output_len), np.int8)
    pointers = [array.ctypes.data_as(ctypes.c_void_p) for array in (rows, lifts, out)]
    library.run(*pointers, ctypes.c_int64(len(rows)), ctypes.c_int64(every))
    return out, compiled


def convolution_model(seed, padding=VALID, stride=(2, 2), height=19, pool=None, kernel=(4, 3)):
    rng = np.random.default_rng(seed)
    m = ModelBuilder()
    x = m.tensor((1, height, 11, 2), 0.02, 5)
    scales, bias = rng.uniform(0.002, 0.006, 5).astype(np.float32), rng.integers(-3000, 3000, 5).astype(np.int32)
    weights = random_weights(rng, (5, *kernel, 2))
    y = m.conv(x, weights, scales, bias, 0.1, -20, stride=stride, padding=padding, act=1)
    y = m.pool("MAX_POOL_2D", y, pool, pool) if pool else y
    y = m.reshape(y, (1, int(np.prod(m.shape_of(y)))))
    y = m.dense(y, random_weights(rng, (3, m.shape_of(y)[1])), [0.003], np.zeros(3, np.int32), 0.4, 3)
    return m.build([x], [y])


def chain_model(seed, strides, pool=None, height=31):
    """Return a convolution, a depthwise one of two filters a channel and another convolution, then a dense layer."""
    rng = np.random.default_rng(seed)
    m = ModelBuilder()
    y = x = m.tensor((1, height, 9, 1), 0.02, -3)
    for number, (kind, stride) in enumerate(zip("cdc", strides, strict=True)):
        kernel, channels = [(4, 2), (3, 3), (2, 1)][number], m.shape_of(y)[3]
        filters = 2 * channels if kind == "d" else 4
        weights = random_weights(rng, (1, *kernel, filters) if kind == "d" else (filters, *kernel, channels))
        scales, bias = rng.uniform(0.002, 0.006, filters).astype(np.float32), rng.integers(-900, 900, filters)
        add = m.depthwise if kind == "d" else m.conv
        scale = float(
            np.float32(m.scale_of(y) * 0.3 * np.sqrt(kernel[0] * kernel[1] * (1 if kind == "d" else channels)))
        )
        y = add(y, weights, scales, bias.astype(np.int32), scale, -20, stride=(stride, 1), padding=VALID, act=1)
    y = m.pool("MAX_POOL_2D", y, pool, pool) if pool else y
    y = m.reshape(y, (1, int(np.prod(m.shape_of(y)))))
    y = m.dense(y, random_weights(rng, (3, m.shape_of(y)[1])), [0.003], np.zeros(3, np.int32), 0.2, 3)
    return m.build([x], [y])


@pytest.mark.parametrize(
    ("make", "kept"),
    [
        (lambda: prepared_detector().model, "3 layers run row by row and keep 24 rows"),
        (lambda: convolution_model(1), "the first convolution keeps 16 rows of sums"),
        (lambda: convolution_model(2, stride=(3, 1), height=20), "the first convolution keeps 18 rows of sums"),
        (lambda: convolution_model(3, stride=(1, 2)), "the first convolution keeps 16 rows of sums"),
        (lambda: convolution_model(14, stride=(1, 1), kernel=(1, 1)), "the first convolution keeps 19 rows of sums"),
        (lambda: convolution_model(15, height=20), "the first convolution keeps 18 rows of sums"),
        (lambda: convolution_model(4, padding=SAME), "whole windows: its first convolution has a border or is dilated"),
        (lambda: convolution_model(5, pool=(2, 2)), "the first convolution keeps 16 rows of sums"),
        (lambda: convolution_model(6, pool=(2, 1), height=22), "the first convolution keeps 20 rows of sums"),
        (lambda: convolution_model(7, stride=(1, 1), pool=(1, 2)), "the first convolution keeps 16 rows of sums"),
        (
            lambda: convolution_model(8, stride=(3, 1), pool=(2, 3)),
            "whole windows: its first convolution is pooled over",
        ),
        (lambda: chain_model(9, (1, 1, 1)), "3 layers run row by row and keep 25 rows"),
        (lambda: chain_model(10, (2, 1, 1), (3, 1)), "3 layers run row by row and keep 22 rows"),
        (lambda: chain_model(11, (1, 2, 1), (2, 1), 32), "3 layers run row by row and keep 24 rows"),
        (lambda: chain_model(12, (2, 3, 1), height=40), "3 layers run row by row and keep 30 rows"),
        (lambda: chain_model(13, (2, 1, 1), (2, 2)), "2 layers run row by row and keep 24 rows"),
        (article_model, "whole windows: it begins with RESIZE_NEAREST_NEIGHBOR"),
    ],
)
def test_rows_give_what_whole_windows_give(make, kept):
    compiled = assert_rows_give_what_windows_give(make(), 1)
    assert f"streaming: {kept}" in compiled.files["model.h"]


@pytest.mark.parametrize("every", [2, 3])
def test_several_rows_a_hop_give_what_whole_windows_give(every):
    assert_rows_give_what_windows_give(chain_model(10, (2, 1, 1), (3, 1)), every)


def assert_rows_give_what_windows_give(model, every):
    window, *rest = compile_model(model).input_shape[1:]
    count = window + 120
    rng = np.random.default_rng(5)
    rows = rng.integers(-128, 60, (count, *rest)).astype(np.int8)
    lifts = np.repeat(rng.integers(0, 68, count), rng.integers(1, 20, count))[:count].astype(np.int32)
    got, compiled = stream(model, rows, lifts, every)
    ends = [row for row in range(window - 1, count) if row % every == 0 and row % 17 != 1]
    windows = np.array([rows[end - window + 1 : end + 1].astype(int) + lifts[end] for end in ends]).astype(np.int8)
    np.testing.assert_array_equal(got[ends], HostModel(model).run(windows).reshape(len(ends), -1))
    return compiled
