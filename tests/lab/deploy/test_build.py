"""Firmware by the real cross compiler, run on the virtual board."""

import json
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lab.deploy import build, emulator, package, toolchain, uf2
from lab.deploy.boards import BOARDS, board_named
from lab.deploy.build import build_firmware
from lab.deploy.prepared import prepared_detector
from lab.deploy.tree import held_tree
from lab.errors import BadInput, LabError, Missing
from lab.limits import Limits
from lab.sound.features.core import FIRMWARE
from lab.sound.features.spec import DEFAULT

sys.path.insert(0, str(Path(__file__).parent / "compiler"))
from tflite_models import ModelBuilder

HERE = Path(__file__).parent


def toolchain_is_here():
    try:
        toolchain.find_toolchain()
        emulator.available()
    except Missing:
        return False
    return True


needs_toolchain = pytest.mark.skipif(not toolchain_is_here(), reason="no cross toolchain or virtual board")


@needs_toolchain
@pytest.mark.parametrize("board", sorted(BOARDS))
def test_a_detector_becomes_firmware_for_each_board(board, tmp_path):
    report = build_firmware(prepared_detector(), board, tmp_path)
    assert set(report.files) == {"uf2", "elf", "bin", "h", "tflite", "c_zip", "report"}
    assert uf2.read(report.file("uf2").read_bytes()).startswith(report.file("bin").read_bytes())
    assert report.file("elf").read_bytes()[:4] == b"\x7fELF"
    assert 0 < report.arena_bytes < report.ram_bytes < 256 * 1024
    assert report.flash_bytes == report.file("bin").stat().st_size


@needs_toolchain
def test_a_board_never_built_before_gives_the_same_bytes_from_another_folder(tmp_path, monkeypatch):
    known = build_firmware(prepared_detector(), "pico", tmp_path / "known")
    monkeypatch.setenv("PICO_SDK_PATH", str(toolchain.find_sdk()))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    fresh = build_firmware(prepared_detector(), "pico", tmp_path / "fresh")
    for kind in ("bin", "uf2", "c_zip"):
        assert fresh.file(kind).read_bytes() == known.file(kind).read_bytes()
    assert str(tmp_path).encode() not in fresh.file("elf").read_bytes()


@needs_toolchain
def test_another_checkout_shares_the_tree(tmp_path, monkeypatch):
    other = shutil.copytree(FIRMWARE, tmp_path / "firmware", ignore=shutil.ignore_patterns("virtual_board"))
    monkeypatch.setattr(package, "FIRMWARE", other)
    changed = other / "core" / "telemetry.h"
    changed.write_text(changed.read_text().replace("One line of JSON a hop", "A line a hop"))
    assert build_firmware(prepared_detector(), "pico", tmp_path / "other").files
    monkeypatch.undo()
    report = build_firmware(prepared_detector(), "pico", tmp_path / "mine")
    with zipfile.ZipFile(report.file("c_zip")) as archive:
        assert b"One line of JSON a hop" in archive.read("core/telemetry.h")


@needs_toolchain
def test_two_models_one_after_another_are_two_firmwares(tmp_path):
    images = [
        build_firmware(detector_of(dense_model(width)), "pico", tmp_path / str(width)).file("bin").read_bytes()
        for width in (4, 5)
    ]
    assert images[0] != images[1]


def dense_model(width):
    """Return a model of two dense layers, the first with 992·width weights."""
    m, rng = ModelBuilder(), np.random.default_rng(width)
    x = m.tensor((1, *DEFAULT.shape, 1), 1 / 128, 0)
    y = m.reshape(x, (1, 992))
    for rows, columns in ((width, 992), (1, width)):
        weights = rng.integers(-100, 100, (rows, columns)).astype(np.int8)
        y = m.dense(y, weights, [0.01], np.zeros(rows, np.int32), 0.05, 0)
    return m.build([x], [m.unary("LOGISTIC", y, 1 / 256, -128)])


def large_model():
    """Return a model of one dilated convolution with 228,160 weights, which are read at two positions."""
    m, rng, filters = ModelBuilder(), np.random.default_rng(0), 460
    x = m.tensor((1, *DEFAULT.shape, 1), 1 / 128, 0)
    weights = rng.integers(-90, 90, (filters, 31, 16, 1)).astype(np.int8)
    y = m.conv(x, weights, [0.002] * filters, np.zeros(filters, np.int32), 0.05, 0, dilation=(1, 2))
    y = m.reshape(y, (1, 2 * filters))
    y = m.dense(y, rng.integers(-50, 50, (1, 2 * filters)).astype(np.int8), [0.002], np.zeros(1, np.int32), 0.05, 0)
    return m.build([x], [m.unary("LOGISTIC", y, 1 / 256, -128)])


def detector_of(model, labels=("alarm", "not_alarm"), positive=("alarm",)):
    return replace(prepared_detector(), model=model, labels=labels, positive=positive)


@needs_toolchain
def test_what_the_linker_cannot_place_is_said_in_bytes(tmp_path):
    with pytest.raises(BadInput, match=r"needs \d+ bytes of RAM more than the RP2040 has. Use a smaller model"):
        build_firmware(detector_of(large_model()), "pico", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_positive_label_without_an_output_is_refused():
    with pytest.raises(BadInput, match="1 outputs; positive label 'b' would be number 2"):
        build.sources(detector_of(dense_model(4), ("a", "b"), ("b",)), BOARDS["pico"])


def test_labels_too_long_for_a_line_are_refused():
    with pytest.raises(BadInput, match=r"line of \d+ bytes; the board has room for 2000"):
        build.sources(detector_of(dense_model(4), ("🔥" * 200, "b"), ("🔥" * 200,)), BOARDS["pico"])


@needs_toolchain
def test_lines_reach_a_slow_reader_whole_and_a_gone_one_stops_nothing(tmp_path):
    if not (FIRMWARE / "virtual_board" / "node_modules" / "rp2040js").is_dir():
        pytest.skip("the virtual board's packages are not installed")
    firmware = build_firmware(prepared_detector(), "pico", tmp_path).file("uf2")
    runs = []
    for stops_at in ("9", "1.1"):
        command = [emulator.node(), str(HERE / "slow_reader.mjs"), str(FIRMWARE / "virtual_board"), str(firmware)]
        done = subprocess.run([*command, "1.4", stops_at], capture_output=True, text=True, timeout=120, check=True)
        runs.append(json.loads(done.stdout))
    told = [json.loads(line) for line in runs[0]["lines"]]
    assert told[0]["lab"] == "detector"
    assert told[1]["ack"] == 0
    assert [line["hop"] for line in told[2:]] == list(range(31, 31 + len(told) - 2))
    assert len(told) > 10
    assert 1 < len(runs[1]["lines"]) < len(told)
    assert runs[1]["stopped"] == ""
    assert runs[1]["idle_s"] == pytest.approx(runs[0]["idle_s"], abs=0.01)


@needs_toolchain
def test_the_zip_of_c_builds_on_any_machine(tmp_path):
    report = build_firmware(prepared_detector(), "pico", tmp_path)
    with zipfile.ZipFile(report.file("c_zip")) as archive:
        archive.extractall(tmp_path / "c")
    sources = [*(tmp_path / "c" / "core").glob("*.c"), *(tmp_path / "c" / "generated").glob("*.c")]
    command = ["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-c", "-Icore", "-Igenerated", *map(str, sources)]
    assert subprocess.run(command, cwd=tmp_path / "c", capture_output=True, check=False).returncode == 0


def slow_model():
    """Return a model that takes about 48 ms of every 32 ms hop: dilated, so that it gets no straight-line code."""
    m, rng, filters = ModelBuilder(), np.random.default_rng(0), 32
    x = m.tensor((1, *DEFAULT.shape, 1), 1 / 128, 0)
    weights = rng.integers(-90, 90, (filters, 7, 7, 1)).astype(np.int8)
    y = m.conv(x, weights, [0.002] * filters, np.zeros(filters, np.int32), 0.05, 0, dilation=(1, 2))
    count = int(np.prod(m.shape_of(y)))
    y = m.reshape(y, (1, count))
    y = m.dense(y, rng.integers(-50, 50, (1, count)).astype(np.int8), [0.002], np.zeros(1, np.int32), 0.05, 0)
    return m.build([x], [m.unary("LOGISTIC", y, 1 / 256, -128)])


@needs_toolchain
def test_a_model_too_slow_for_its_hop_counts_what_it_loses_and_keeps_time(tmp_path):
    firmware = build_firmware(detector_of(slow_model()), "pico", tmp_path).file("uf2")
    told = emulator.run_board(firmware, np.zeros(2 * 16_000, np.int16))
    start_s = told[-1]["sound_start_s"]
    lines = [(entry["t_s"] - start_s, json.loads(entry["line"])) for entry in told if '"hop"' in entry.get("line", "")]
    assert told[-1]["end"] == "done"
    assert lines[0][1]["overruns"] == 0
    assert lines[-1][1]["overruns"] > 10
    assert lines[-1][1]["hop"] - lines[0][1]["hop"] == len(lines) - 1 + lines[-1][1]["overruns"]
    assert all(0.032 * line["hop"] < t_s < 0.032 * line["hop"] + 0.1 for t_s, line in lines)


@needs_toolchain
def test_words_that_mean_harm_become_text_on_the_board_and_nothing_else(tmp_path, monkeypatch):
    """Labels and a name full of C, CMake and shell, by the real compilers; the tree forgets the build before."""
    known = build_firmware(prepared_detector(), "pico", tmp_path / "known", app="selftest")
    assert "selftest" in known.file("bin").name
    words = ['"; system("touch owned"); "', "*/ #error owned", "${CMAKE_COMMAND} $ENV{HOME}",
             "$(touch owned) `touch owned`", "??/\n??=", "%s%n", ") execute_process(COMMAND touch owned"]  # fmt: skip
    hostile = replace(detector_of(dense_model(6), tuple(words), (words[0],)), name='\\x41 \'"; #include "/etc/passwd"')
    image = build_firmware(hostile, "pico", tmp_path / "hostile").file("bin").read_bytes()
    for word in (*words[1:4], words[6]):
        assert json.dumps(word)[1:-1].encode() in image
    assert b"root:" not in image
    with held_tree(BOARDS["pico"]) as tree:
        assert not (tree.folder / "source" / package.GENERATED / "lab_vectors.h").exists()
        assert list(tree.folder.rglob("*owned*")) == []


@needs_toolchain
def test_a_build_that_takes_too_long_or_too_much_says_so_and_the_next_one_works(tmp_path, monkeypatch):
    monkeypatch.setattr(toolchain, "LIMITS", Limits(seconds=0.2))
    with pytest.raises(LabError, match=r"Compiling the firmware took more than 0.2 s and was stopped"):
        build_firmware(detector_of(dense_model(7)), "pico", tmp_path / "long")
    monkeypatch.setattr(toolchain, "LIMITS", Limits(seconds=600, memory_bytes=2**25))
    with pytest.raises(LabError, match="Compiling the firmware failed"):
        build_firmware(detector_of(dense_model(7)), "pico", tmp_path / "much")
    assert list(tmp_path.iterdir()) == []
    monkeypatch.undo()
    assert build_firmware(detector_of(dense_model(7)), "pico", tmp_path / "fine").file("uf2").exists()


def test_an_unknown_board_is_refused_before_any_work(tmp_path):
    with pytest.raises(BadInput, match="choose one of pico, sparkfun_micromod"):
        build_firmware(prepared_detector(), "arduino; rm -rf /", tmp_path)


def test_without_a_compiler_it_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Missing, match="make setup"):
        build_firmware(prepared_detector(), "pico", tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_model_too_large_for_the_board_says_by_how_much(monkeypatch):
    detector = prepared_detector()
    _, compiled = build.sources(detector, BOARDS["pico"])
    monkeypatch.setattr(build, "RAM_BYTES", compiled.arena_bytes)
    with pytest.raises(BadInput, match=r"need \d+ bytes of RAM more"):
        build.check_fit(detector, compiled)


@needs_toolchain
def test_the_light_is_where_the_sdk_has_it():
    for name, board in BOARDS.items():
        header = (toolchain.find_sdk() / "src" / "boards" / "include" / "boards" / f"{name}.h").read_text()
        assert f"#define PICO_DEFAULT_LED_PIN {board.led_pin}\n" in header


def test_every_board_has_what_a_page_shows():
    for name in BOARDS:
        board = board_named(name)
        assert board.parts
        assert board.wiring
        assert board.boot_steps
