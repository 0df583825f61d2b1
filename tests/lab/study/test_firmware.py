"""A model's C as a product: a CMake target, a card, and one sentence where it cannot be."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "deploy" / "compiler"))

from tflite_models import ModelBuilder, random_weights

from lab.deploy.boards import board_named
from lab.deploy.compiler import compile_model
from lab.deploy.cycles import invoke_cycles
from lab.deploy.prepared import prepared_detector
from lab.deploy.reference import ReferenceModel
from lab.deploy.toolchain import find_program
from lab.errors import BadInput, LabError, Missing
from lab.study import firmware

PROJECT = """\
cmake_minimum_required(VERSION 3.15)
project(someone_elses C)
add_subdirectory("${MODEL}" keyword)
add_executable(program main.c)
target_link_libraries(program PRIVATE keyword)
"""
MAIN = """\
#include <stdio.h>
#include "keyword.h"
int main(void) {
    if (fread(keyword_input(), 1, KEYWORD_INPUT_LEN, stdin) != KEYWORD_INPUT_LEN) return 1;
    keyword_invoke();
    return fwrite(keyword_output(), 1, KEYWORD_OUTPUT_LEN, stdout) != KEYWORD_OUTPUT_LEN;
}
"""


@pytest.fixture
def unmeasured(monkeypatch):
    """No virtual board: cycles are told as absent."""

    def missing(tflite):
        raise Missing("The virtual board is not built yet.")

    monkeypatch.setattr(firmware, "invoke_cycles", missing)


def compiled_to(folder, model, **options):
    (folder / "model.tflite").write_bytes(model)
    return firmware.compile_file(folder / "model.tflite", folder / "c", options.pop("board", "pico"), **options)


@pytest.mark.skipif(find_program("cmake") is None, reason="no cmake")
def test_another_project_adds_the_folder_and_links_the_model(unmeasured, tmp_path):
    model = dense(5, 31 * 32)
    told = compiled_to(tmp_path, model, prefix="keyword")
    assert told["files"] == ["CMakeLists.txt", "keyword.c", "keyword.h", "keyword_kernels.h"]
    project = tmp_path / "project with a space"
    project.mkdir()
    (project / "CMakeLists.txt").write_text(PROJECT)
    (project / "main.c").write_text(MAIN)
    cmake, build = find_program("cmake"), project / "build"
    subprocess.run([cmake, "-S", project, "-B", build, f"-DMODEL={tmp_path / 'c'}"], check=True, capture_output=True)
    subprocess.run([cmake, "--build", build], check=True, capture_output=True)
    inputs = np.random.default_rng(3).integers(-128, 128, (1, 31 * 32)).astype(np.int8)
    done = subprocess.run([build / "program"], input=inputs.tobytes(), capture_output=True, check=True)
    np.testing.assert_array_equal(np.frombuffer(done.stdout, np.int8), ReferenceModel(model).run(inputs).ravel())


def test_the_card_tells_the_cycles_that_were_measured(tmp_path, monkeypatch):
    class Measured:
        total = 123_456

    monkeypatch.setattr(firmware, "invoke_cycles", lambda tflite: Measured)
    told = compiled_to(tmp_path, dense(5, 8))
    assert (told["cycles"], told["cycles_reason"]) == (123_456, None)
    assert " * cycles: 123456 an inference on a Cortex-M0+ (emulated, " in (tmp_path / "c" / "model.h").read_text()


def test_without_a_virtual_board_cycles_are_absent_and_the_reason_is_told(unmeasured, tmp_path):
    told = compiled_to(tmp_path, dense(5, 8))
    assert (told["cycles"], told["cycles_reason"]) == (None, "The virtual board is not built yet.")
    assert "cycles" not in (tmp_path / "c" / "model.h").read_text().split("#ifndef")[0]


@pytest.mark.parametrize("prefix", ["test", "a b", "A"])
def test_a_prefix_that_cannot_name_c_and_a_target_writes_nothing(prefix, unmeasured, tmp_path):
    with pytest.raises(BadInput, match=f"Prefix '{prefix}'"):
        compiled_to(tmp_path, dense(5, 8), prefix=prefix)
    assert not (tmp_path / "c").exists()


def dense(outputs, features):
    m = ModelBuilder()
    x = m.tensor((1, features), 0.05, 3)
    weights = random_weights(np.random.default_rng(0), (outputs, features))
    y = m.dense(x, weights, [0.01], np.zeros(outputs, np.int32), 3.0, 0)
    return m.build([x], [m.unary("LOGISTIC", y, 1 / 256, -128)])


def test_a_model_over_flash_says_by_how_much_and_which_layer(unmeasured, tmp_path):
    with pytest.raises(BadInput, match=r"of flash, 9472 more .* operator 0 \(FULLY_CONNECTED\) with 2106368 b"):
        compiled_to(tmp_path, dense(1024, 2048))
    assert not (tmp_path / "c").exists()
    assert compiled_to(tmp_path, dense(1024, 2048), board="sparkfun_micromod")["flash_bytes"] == 2**21 + 9472


def test_a_model_over_ram_says_by_how_much_and_which_layer(unmeasured, tmp_path):
    m = ModelBuilder()
    x = m.tensor((1, 32, 32, 1))
    y = m.resize(m.unary("RELU", x, 0.05, 0), (600, 600))
    model = m.build([x], [m.pool("MAX_POOL_2D", y, (9, 9), (9, 9))])
    over = 600 * 600 + 66 * 66 - 256 * 1024
    with pytest.raises(BadInput, match=rf"ram, {over} more .* operator 2 \(MAX_POOL_2D\) with 364356 bytes"):
        compiled_to(tmp_path, model)
    assert not (tmp_path / "c").exists()


def test_constants_that_no_flash_holds_are_refused_before_they_are_all_read():
    m = ModelBuilder()
    x = m.tensor((1, 2048), 0.05, 3)
    weights = m.constant(random_weights(np.random.default_rng(0), (2048, 2048)), [0.01])
    y = x
    for _ in range(5):
        out = m.tensor((1, 2048), 3.0, 0)
        y = m.operator("FULLY_CONNECTED", [y, weights], [out], "FullyConnectedOptions")
    with pytest.raises(BadInput, match=r"up to operator 3, take \d+ bytes more than 16 MiB of flash. .* operator 0"):
        compile_model(m.build([x], [y]))


def test_cycles_of_several_inputs_are_not_measured():
    m = ModelBuilder()
    x, y = m.tensor((1, 4)), m.tensor((1, 4))
    with pytest.raises(BadInput, match="one input and one output"):
        invoke_cycles(m.build([x, y], [m.binary("ADD", x, y, 0.1, 0)]))


def test_boards_tell_their_flash():
    assert [board_named(name).flash_bytes for name in ("pico", "sparkfun_micromod")] == [2**21, 2**24]


def test_what_the_light_shows_reaches_the_build(tmp_path, monkeypatch):
    asked = {}

    def build_firmware(detector, board, out, on_progress, **options):
        asked.update(options)
        raise LabError("enough seen")

    path = tmp_path / "a.detector"
    path.write_bytes(prepared_detector().to_bytes())
    monkeypatch.setattr(firmware.build, "build_firmware", build_firmware)
    with pytest.raises(LabError, match="enough seen"):
        firmware.compile_file(path, tmp_path / "c", "pico", led="event")
    assert asked == {"led": "event"}
