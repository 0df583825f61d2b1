"""The C itself: strict warnings, this board's compiler, the arena, and the multiply without 64 bits."""

import shutil
import subprocess

import numpy as np
import pytest
from oracles import random_inputs
from tflite_models import ModelBuilder, article_model, ds_model, random_weights

from lab import hostcc
from lab.deploy.compiler import compile_model
from lab.deploy.compiler.emit import KERNELS
from lab.deploy.compiler.fixed import requantize, requantize_once
from lab.deploy.compiler.host import HostModel
from lab.errors import BadInput, Missing

STRICT = ["-std=c11", "-O3", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Werror"]
M0_PLUS = ["arm-none-eabi-gcc", "-mcpu=cortex-m0plus", "-mthumb"]


def build(command, folder, files):
    for name, text in files.items():
        (folder / name).write_text(text)
    return subprocess.run([*command, "-c", "model.c", "-o", "model.o"], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("make", [article_model, ds_model])
def test_it_compiles_under_strict_warnings(make, tmp_path):
    done = build(["cc", *STRICT], tmp_path, compile_model(make()).files)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(shutil.which(M0_PLUS[0]) is None, reason="arm-none-eabi-gcc is not installed")
@pytest.mark.parametrize("make", [article_model, ds_model, lambda: ds_model(1, "SOFTMAX", 5)])
def test_it_compiles_for_the_board_without_heap_float_or_64_bit_calls(make, tmp_path):
    done = build([*M0_PLUS, *STRICT], tmp_path, compile_model(make()).files)
    assert (done.returncode, done.stderr) == (0, "")
    undefined = subprocess.run(
        ["arm-none-eabi-nm", "--undefined-only", "model.o"], cwd=tmp_path, capture_output=True, text=True, check=True
    ).stdout.split()
    assert set(undefined) - {"U"} <= {"memcpy", "memset", "__aeabi_idiv", "__aeabi_lmul"}
    assert "__aeabi_lmul" not in undefined


def test_two_models_link_into_one_program(tmp_path):
    files = compile_model(article_model(), "first").files | compile_model(ds_model(), "second").files
    main = '#include "first.h"\n#include "second.h"\nint main(void) { first_invoke(); second_invoke(); return 0; }\n'
    for name, text in (files | {"main.c": main}).items():
        (tmp_path / name).write_text(text)
    subprocess.run(["cc", *STRICT, "first.c", "second.c", "main.c", "-o", "both"], cwd=tmp_path, check=True)
    assert subprocess.run([tmp_path / "both"]).returncode == 0


def test_equal_models_give_equal_files():
    assert compile_model(article_model()).files == compile_model(article_model()).files


def test_the_card_names_source_shapes_scales_arena_and_macs():
    made = compile_model(article_model())
    header = made.files["model.h"]
    for text in (made.sha256, "(1, 124, 129, 1)", "scale 1.25", f"{made.arena_bytes} bytes", "86816", "MODEL_MACS"):
        assert text in header
    assert made.macs == 13 * 13 * 8 * 64 + 288


def test_only_the_kernels_that_are_used_are_there():
    text = compile_model(article_model()).files["model_kernels.h"]
    assert "conv_2d(" in text
    assert "softmax" not in text
    assert "depthwise" not in text


def test_a_normalization_is_folded_into_the_resize_that_it_follows():
    first = compile_model(article_model()).layers[0]
    assert first["note"] == "portable kernel: operator 2 (MUL) is read through a table"
    m = ModelBuilder()
    x = m.tensor((1, 6, 6, 1))
    y = m.resize(x, (4, 4))
    model = m.build([x], [y, m.unary("RELU", y, 0.05, 0)])  # what lies between is an output: it stays
    assert [layer["name"] for layer in compile_model(model).layers] == ["RESIZE_NEAREST_NEIGHBOR", "RELU"]


def test_the_arena_is_shared_by_tensors_that_are_not_alive_together():
    # 124 x 129 input and 32 x 32 resized are alive together; everything after fits where the input was.
    assert compile_model(article_model()).arena_bytes == 15_996 + 1_024


def test_a_tensor_still_needed_is_not_overwritten_in_place():
    m = ModelBuilder()
    x = m.tensor((1, 64), 0.05, 3)
    y = m.unary("RELU", x, 0.03, -7)
    model = m.build([x], [m.binary("ADD", x, y, 0.1, 2)])
    assert compile_model(model).arena_bytes == 3 * 64
    inputs = random_inputs(model, 50)
    a, b = (inputs.astype(int) - 3) * 0.05, np.clip((inputs.astype(int) - 3) * 0.05, 0, (127 + 7) * 0.03)
    np.testing.assert_allclose((HostModel(model).run(inputs).astype(int) - 2) * 0.1, a + b, atol=0.12)


HARNESS = """
#include <stdint.h>
#include <stddef.h>
#include <string.h>
#define INLINE static inline __attribute__((always_inline))
#define SHARED static
#include "requantize.h"
void run(const int32_t *v, const int32_t *m, const int32_t *s, int32_t *twice, int32_t *once, int32_t *brief, int n);
void run(const int32_t *v, const int32_t *m, const int32_t *s, int32_t *twice, int32_t *once, int32_t *brief, int n) {
    for (int i = 0; i < n; i++) {
        twice[i] = requantize(v[i], m[i], s[i]);
        once[i] = requantize_once(v[i], m[i], s[i]);
        const int32_t small = v[i] % ((1 << 20) - 2);
        brief[i] = s[i] < 0 ? requantize_short(small, m[i], s[i]) - requantize(small, m[i], s[i]) : 0;
    }
}
"""


@pytest.mark.parametrize("core", [[], ["-D__ARM_ARCH_6M__=1"]])
def test_requantizing_with_and_without_64_bit_products_is_exact(core, tmp_path):
    import ctypes

    (tmp_path / "h.c").write_text(HARNESS)
    command = ["cc", "-O2", "-shared", "-fPIC", *core, f"-I{KERNELS}", "h.c", "-o", "h.so"]
    subprocess.run(command, cwd=tmp_path, check=True)
    rng = np.random.default_rng(0)
    values = (rng.integers(-(2**30), 2**30, 20_000) >> rng.integers(0, 30, 20_000)).astype(np.int32)
    values[:8] = [0, 1, -1, 2**30 - 1, -(2**30) + 1, 3, 2**20 - 3, 3 - 2**20]
    multipliers = rng.integers(2**30, 2**31, 20_000).astype(np.int32)
    multipliers[::7] = 2**30  # exact halves
    shifts = rng.integers(-30, 1, 20_000).astype(np.int32)
    made = [np.zeros(20_000, np.int32) for _ in range(3)]
    arrays = [a.ctypes.data_as(ctypes.c_void_p) for a in (values, multipliers, shifts, *made)]
    ctypes.CDLL(str(tmp_path / "h.so")).run(*arrays, 20_000)
    items = list(zip(values.tolist(), multipliers.tolist(), shifts.tolist(), strict=True))
    np.testing.assert_array_equal(made[0], [int(requantize(v, m, s)) for v, m, s in items])
    np.testing.assert_array_equal(made[2], 0)
    np.testing.assert_array_equal(made[1], [int(requantize_once(np.int64(v), m, s)) for v, m, s in items])


def test_the_board_s_arithmetic_gives_the_same_codes_as_the_host_s(monkeypatch):
    model = ds_model(2, "SOFTMAX", 5)
    inputs = random_inputs(model, 200)
    expected = HostModel(model).run(inputs)
    monkeypatch.setattr(hostcc, "FLAGS", (*hostcc.FLAGS, "-D__ARM_ARCH_6M__=1"))
    np.testing.assert_array_equal(HostModel(model).run(inputs), expected)


def test_a_batch_of_another_shape_or_type_is_refused():
    model = HostModel(ds_model())
    with pytest.raises(BadInput, match=r"takes \(n, 31, 32, 1\)"):
        model.run(np.zeros((2, 31, 31, 1), np.int8))
    with pytest.raises(BadInput, match="float32"):
        model.run(np.zeros((2, 31, 32, 1), np.float32))


def test_an_empty_batch_gives_an_empty_answer():
    assert HostModel(ds_model()).run(np.zeros((0, 31, 32, 1), np.int8)).shape == (0, 1)


def test_without_a_c_compiler_it_is_missing(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(Missing, match="cc"):
        HostModel(ds_model())


def test_dense_scales_that_are_powers_of_two_round_halves_as_the_reference():
    from lab.deploy.reference import ReferenceModel

    m = ModelBuilder()
    x = m.tensor((1, 16), 2**-7, 0)
    y = m.dense(x, random_weights(np.random.default_rng(1), (6, 16)), [2**-7], np.zeros(6, np.int32), 2**-6, 5)
    model = m.build([x], [y])
    inputs = random_inputs(model, 2000)
    np.testing.assert_array_equal(HostModel(model).run(inputs), ReferenceModel(model).run(inputs))
