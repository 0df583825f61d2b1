"""The firmware's C as this host builds it, against the twin in Python."""

import ctypes
import json
import sys
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
from lab.sound.features.spec import PUBLISHED

sys.path.insert(0, str(Path(__file__).parent / "compiler"))
from tflite_models import ModelBuilder

HARNESS = Path(__file__).with_name("host_detector.c")
CORE = ("detector", "events", "feature_rows", "rhythm", "spectrum", "telemetry", "text")
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
    parts = [synth.test_alarm("t3", SECONDS / 4)]
    parts += [synth.render(name, 5, SECONDS / 6).samples for name in ("speech", "sweep", "t3_low")]
    noise = np.random.default_rng(0).integers(-32_768, 32_768, SECONDS * 16_000 // 6).astype(np.int16)
    return np.concatenate([*parts, noise, np.zeros(SECONDS * 16_000 // 6, np.int16)])


@pytest.mark.parametrize("rule", [EventRule(60, 30, 10), EventRule(45, 3, 3, kind="t3")], ids=["count", "t3"])
def test_codes_events_and_a_thousand_windows_equal_the_twin(sound, rule):
    detector = replace(prepared_detector(), rule=rule, threshold=0.5)
    codes, events, windows = hear(detector, sound)
    heard = Twin(detector).hear(sound)
    assert len(windows) > 1_000
    assert (windows != features.hop_windows(sound, detector.spec)).sum() == 0
    assert (codes != heard.codes).sum() == 0
    assert len(set(codes.tolist())) > 20
    assert (events == active_hops(heard.codes, 0.5, detector.rule, heard.beats)).all()
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
    spec = prepared_detector().spec.but(name="changed", **change)
    detector = replace(prepared_detector(), spec=spec, rule=EventRule())
    codes, _, windows = hear(detector, sound[: 5 * 16_000])
    assert (windows != features.hop_windows(sound[: 5 * 16_000], detector.spec)).sum() == 0
    assert (codes != Twin(detector).hear(sound[: 5 * 16_000]).codes).sum() == 0


def dense(spec, scale, zero_point, outputs):
    """Return a model of one dense layer over a spec's windows."""
    m, values = ModelBuilder(), int(np.prod(spec.shape))
    x = m.tensor((1, *spec.shape, 1), scale, zero_point)
    weights = np.random.default_rng(outputs).permutation(np.resize(np.array([-30, 30], np.int8), values * outputs))
    y = m.reshape(x, (1, values))
    y = m.dense(y, weights.reshape(outputs, values), [0.002], np.zeros(outputs, np.int32), 0.05, 0)
    return m.build([x], [m.unary("LOGISTIC", y, 1 / 256, -128)])


@pytest.mark.parametrize(("scale", "zero_point"), [(0.02, -128), (0.37, -128), (0.011, -90)])
def test_published_features_reach_the_board_by_the_models_own_scale(sound, scale, zero_point):
    detector = Detector("p", dense(PUBLISHED, scale, zero_point, 1), PUBLISHED, ("alarm", "not_alarm"), ("alarm",))
    some = sound[20 * 16_000 : 28 * 16_000]
    codes, _, windows = hear(detector, some)
    scaled = features.hop_windows(some, PUBLISHED) / np.float32(scale)  # TFLite divides in float32, too
    rounded = np.floor(scaled.astype(np.float64) + 0.5) + zero_point
    assert (windows != np.clip(rounded, -128, 127)).sum() == 0
    assert (codes != Twin(detector).hear(some).codes).sum() == 0
    assert len(set(codes.tolist())) > 3


def test_the_greatest_of_the_positive_labels_decides(sound):
    spec, labels = prepared_detector().spec, ("quiet", "t3", "sweep", "speech")
    detector = Detector("four", dense(spec, 1 / 128, 0, 4), spec, labels, ("t3", "speech"))
    some = sound[: 6 * 16_000]
    codes, _, windows = hear(detector, some)
    outputs = Twin(detector).outputs(windows)
    assert outputs.shape[1] == 4
    assert (codes == outputs[:, [1, 3]].max(axis=1)).all()
    assert (codes != outputs.max(axis=1)).any()


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
    assert length <= 240
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
