"""The firmware's C as this host builds it, against the twin in Python."""

import ctypes
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lab.deploy.boards import BOARDS
from lab.deploy.build import sources
from lab.deploy.detector import Detector
from lab.deploy.events import EventRule, active_hops
from lab.deploy.prepared import prepared_detector
from lab.deploy.twin import Twin
from lab.hostcc import shared_library
from lab.sound import features, synth
from lab.sound.features.core import FIRMWARE

HARNESS = Path(__file__).with_name("host_detector.c")
CORE = ("detector", "events", "feature_rows", "spectrum", "telemetry")
SECONDS = 36


def library(detector):
    generated, _ = sources(detector, BOARDS["pico"])
    core = {path.name: path.read_text() for path in (FIRMWARE / "core").iterdir() if path.stem in CORE}
    return ctypes.CDLL(str(shared_library({**generated, **core, "host_detector.c": HARNESS.read_text()})))


def hear(detector, samples):
    hops = len(samples) // 512
    shape = (hops, *detector.spec.shape)
    codes, events, windows = np.zeros(hops, np.int8), np.zeros(hops, np.uint8), np.zeros(shape, np.int8)
    run = library(detector).host_hear
    run.restype = ctypes.c_int64
    run.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p]
    count = run(samples.ctypes.data, hops, codes.ctypes.data, events.ctypes.data, windows.ctypes.data)
    return codes[:count], events[:count].astype(bool), windows[:count]


@pytest.fixture(scope="module")
def sound():
    """Return alarms, speech, noise and silence, one after another."""
    parts = [synth.render(name, 5, SECONDS / 6).samples for name in ("t3", "speech", "sweep", "t3_low")]
    noise = np.random.default_rng(0).integers(-32_768, 32_768, SECONDS * 16_000 // 6).astype(np.int16)
    return np.concatenate([*parts, noise, np.zeros(SECONDS * 16_000 // 6, np.int16)])


def test_codes_events_and_a_thousand_windows_equal_the_twin(sound):
    detector = replace(prepared_detector(), rule=EventRule(60, 30, 10), threshold=0.5)
    codes, events, windows = hear(detector, sound)
    heard = Twin(detector).hear(sound)
    assert len(windows) > 1_000
    assert (windows != features.hop_windows(sound, detector.spec)).sum() == 0
    assert (codes != heard.codes).sum() == 0
    assert len(set(codes.tolist())) > 20
    assert (events == active_hops(heard.codes, 0.5, detector.rule)).all()
    assert events.any()


@pytest.mark.parametrize(
    "change",
    [
        {"compression": "log2"},
        {"compression": "linear", "steps": 2_000.0},
        {"compression": "sqrt", "steps": 900.0},
        {"frame_len": 128, "bins": 64, "pool_bins": 2},
        {"frame_len": 512, "first_bin": 0, "bins": 256, "pool_bins": 8},
    ],
    ids=str,
)
def test_a_changed_spec_reaches_the_board(sound, change):
    detector = replace(prepared_detector(), spec=prepared_detector().spec.but(name="changed", **change))
    codes, _, windows = hear(detector, sound[: 5 * 16_000])
    assert (windows != features.hop_windows(sound[: 5 * 16_000], detector.spec)).sum() == 0
    assert (codes != Twin(detector).hear(sound[: 5 * 16_000]).codes).sum() == 0


def test_a_name_of_any_text_stays_inside_its_string():
    name = '"); system("x"); //\\ \n 🔥 ??/ %s'
    odd = replace(prepared_detector(), name=name, labels=(name, "other"), positive=(name,))
    header = sources(odd, BOARDS["pico"])[0]["lab_config.h"]
    [line] = [line for line in header.splitlines() if "LAB_HELLO" in line]
    literal = line.split(" ", 2)[2]
    inner = literal[1:-1]
    assert '"' not in inner
    told = bytes(inner, "ascii").decode("unicode_escape").encode("latin-1").decode()
    assert json.loads(told)["name"] == name
    assert library(odd)


def test_a_telemetry_line_is_json_and_fits_its_buffer(sound):
    line = ctypes.create_string_buffer(400)
    write = library(prepared_detector()).host_line
    write.argtypes = [ctypes.c_int64, ctypes.c_int64, ctypes.c_char_p]
    length = write(2**32 - 1, -128, line)
    assert length <= 200
    told = json.loads(line.raw[:length])
    assert (told["hop"], told["code"], told["overruns"]) == (2**32 - 1, -128, 2**32 - 1)
    assert told["cycles"] == {"pdm": 1, "features": 2, "model": 3, "total": 6}


def test_a_detector_whose_model_sees_another_shape_is_refused():
    from lab.errors import BadInput

    spec = prepared_detector().spec.but(name="short", rows=16)
    with pytest.raises(BadInput, match="16 × 32"):
        sources(replace(prepared_detector(), spec=spec), BOARDS["pico"])
    with pytest.raises(BadInput, match="gives"):
        Twin(Detector("x", prepared_detector().model, spec, ("alarm", "not_alarm"), ("alarm",)))
