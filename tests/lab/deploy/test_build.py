"""Firmware by the real cross compiler, run on the virtual board."""

import json
import shutil
import subprocess
import zipfile

import numpy as np
import pytest

from lab.deploy import build, emulator, toolchain, uf2
from lab.deploy.boards import BOARDS, board_named
from lab.deploy.build import build_firmware
from lab.deploy.compiler.host import HostModel
from lab.deploy.prepared import prepared_detector
from lab.errors import BadInput, Missing
from lab.sound import features

WINDOWS = 20


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
def test_a_board_never_built_before_is_configured_from_nothing(tmp_path, monkeypatch):
    monkeypatch.setenv("PICO_SDK_PATH", str(toolchain.find_sdk()))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    report = build_firmware(prepared_detector(), "pico", tmp_path / "out")
    assert report.file("uf2").stat().st_size > 50_000


@needs_toolchain
def test_the_zip_of_c_builds_on_any_machine(tmp_path):
    report = build_firmware(prepared_detector(), "pico", tmp_path)
    with zipfile.ZipFile(report.file("c_zip")) as archive:
        archive.extractall(tmp_path / "c")
    sources = [*(tmp_path / "c" / "core").glob("*.c"), *(tmp_path / "c" / "generated").glob("*.c")]
    command = ["cc", "-O1", "-Wall", "-Wextra", "-Werror", "-c", "-Icore", "-Igenerated", *map(str, sources)]
    assert subprocess.run(command, cwd=tmp_path / "c", capture_output=True, check=False).returncode == 0


def noise_windows(spec):
    """Return the selftest's windows, from the same generator of random numbers."""
    state, found = 12_345, []
    for number in range(WINDOWS):
        samples = np.empty(spec.hops_per_window * 512, np.int64)
        for place in range(len(samples)):
            state = (state * 1_664_525 + 1_013_904_223) % 2**32
            signed = state - 2**32 if state >= 2**31 else state
            samples[place] = signed >> (16 + number % 14)
        found.append(features.hop_windows(samples.astype(np.int16), spec)[-1])
    return np.asarray(found)


def fnv(data):
    value = 2_166_136_261
    for byte in data.tobytes():
        value = (value ^ byte) * 16_777_619 % 2**32
    return value


@needs_toolchain
def test_twenty_windows_on_the_virtual_board_equal_the_host(tmp_path):
    detector = prepared_detector()
    report = build_firmware(detector, "pico", tmp_path, app="selftest")
    told = emulator.run_board(report.file("uf2"), np.zeros(0, np.int16), ["--until", '"selftest":"done"'])
    seen = [json.loads(entry["line"]) for entry in told if '"window"' in entry.get("line", "")]
    windows = noise_windows(detector.spec)
    outputs = HostModel(detector.model).run(windows[..., None])
    assert [row["features"] for row in seen] == [fnv(window) for window in windows]
    assert [row["output"] for row in seen] == [fnv(output) for output in outputs]
    assert len({row["features"] for row in seen}) == WINDOWS


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


def test_every_board_has_what_a_page_shows():
    for name in BOARDS:
        board = board_named(name)
        assert board.parts
        assert board.wiring
        assert board.boot_steps
