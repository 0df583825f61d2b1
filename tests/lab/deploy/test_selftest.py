"""The selftest firmware on the virtual board: its own verdict, this host's, and what it says of damage."""

import json
import zlib

import numpy as np
import pytest

from lab.deploy import emulator, selftest, uf2
from lab.deploy.build import build_firmware
from lab.deploy.compiler.host import HostModel
from lab.deploy.prepared import prepared_detector


@pytest.fixture(scope="module")
def built(tmp_path_factory, virtual_board):
    return build_firmware(prepared_detector(), "pico", tmp_path_factory.mktemp("selftest"), app="selftest")


def told(firmware):
    lines = emulator.run_board(firmware, np.zeros(0, np.int16), ["--until", '"selftest":"done"'])
    return [json.loads(entry["line"]) for entry in lines if "line" in entry]


@pytest.fixture(scope="module")
def lines(built):
    return told(built.file("uf2"))


def test_all_parts_give_on_the_board_what_the_host_computed(lines, built):
    report = lines[-1]
    assert report["passed"] is True
    assert {name: part["of"] for name, part in report["vectors"].items()} == {"pdm": 1, "features": 20, "outputs": 20}
    assert selftest.complaints(report, built.file("bin").read_bytes()) == []


def test_the_report_names_board_model_and_flash(lines, built):
    report, image = lines[-1], built.file("bin").read_bytes()
    assert (report["board"], report["clock_hz"]) == ("pico", 125_000_000)
    assert report["model_sha256"] == prepared_detector().model_sha256
    assert report["flash"] == {"bytes": len(image), "crc32": zlib.crc32(image)}
    assert all(0 < cycles < 4_000_000 for cycles in report["cycles"].values())


def test_each_window_equals_the_reference_of_this_host(lines):
    detector = prepared_detector()
    windows = selftest.noise_windows(detector.spec)
    outputs = HostModel(detector.model).run(windows[..., None])
    seen = [line for line in lines if "window" in line]
    assert [line["features"] for line in seen] == [selftest.fnv(window) for window in windows]
    assert [line["output"] for line in seen] == [selftest.fnv(output) for output in outputs]
    assert len({line["features"] for line in seen}) == 20


def test_damaged_flash_is_told(built):
    image = bytearray(built.file("bin").read_bytes())
    image[image.index(b"alarm")] ^= 0x20  # in the line that names the detector
    report = told(uf2.write(bytes(image)))[-1]
    assert report["passed"] is True
    assert selftest.complaints(report, built.file("bin").read_bytes()) == ["flash: not the image that was built"]


def test_complaints_say_which_part_is_wrong():
    vectors = {"pdm": {"passed": 1, "of": 1}, "features": {"passed": 18, "of": 20}}
    report = {"vectors": vectors, "flash": {"bytes": 3, "crc32": zlib.crc32(b"abc")}}
    assert selftest.complaints(report, b"abc") == ["features: 18 of 20 as they should be"]
    assert selftest.complaints(report, b"abd")[-1] == "flash: not the image that was built"
