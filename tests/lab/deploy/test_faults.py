"""The detector's firmware keeps detecting whatever happens to its cable and its microphone."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lab.deploy import emulator, toolchain
from lab.deploy.build import build_firmware
from lab.deploy.detector import Detector
from lab.deploy.pdm import capture
from lab.deploy.twin import Twin
from lab.errors import Missing
from lab.sound.features.core import FIRMWARE
from lab.sound.features.spec import DEFAULT

sys.path.insert(0, str(Path(__file__).parent / "compiler"))
from tflite_models import ModelBuilder

HARNESS = Path(__file__).with_name("faults.mjs")
SECONDS = 2.0


@pytest.fixture(scope="module")
def detector():
    """Return a detector of one dense layer, whose codes follow the sound closely."""
    m, values = ModelBuilder(), int(np.prod(DEFAULT.shape))
    x = m.tensor((1, *DEFAULT.shape, 1), 1 / 128, 0)
    weights = np.random.default_rng(3).permutation(np.resize(np.array([-40, 40], np.int8), values))
    y = m.dense(m.reshape(x, (1, values)), weights.reshape(1, -1), [0.01], np.zeros(1, np.int32), 0.05, 0)
    model = m.build([x], [m.unary("LOGISTIC", y, 1 / 256, -128)])
    return Detector("dense", model, DEFAULT, ("alarm", "not_alarm"), ("alarm",), threshold=0.3)


def built(detector, folder, **options):
    try:
        toolchain.find_toolchain()
        emulator.available()
    except Missing as error:
        pytest.skip(str(error))
    return build_firmware(detector, "pico", folder, **options).file("uf2")


@pytest.fixture(scope="module")
def firmware(detector, tmp_path_factory):
    return built(detector, tmp_path_factory.mktemp("faults"))


@pytest.fixture(scope="module")
def sound():
    rng = np.random.default_rng(1)
    n = np.arange(int(SECONDS * 16_000))
    beeps = 9_000 * np.sin(2 * np.pi * 3_100 * n / 16_000) * ((n // 4_000) % 2)
    return (beeps + rng.normal(0, 300, len(n))).astype(np.int16)


def suffer(firmware, samples, fault, folder, seconds=SECONDS):
    samples.tofile(folder / "sound.s16")
    command = [emulator.node(), HARNESS, FIRMWARE / "virtual_board", firmware, seconds, folder / "sound.s16", fault]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=60, check=True)
    seen = json.loads(done.stdout)
    told = [json.loads(line) for line in seen["lines"]]
    return seen, [line for line in told if "hop" in line], [line for line in told if "lab" in line]


def test_unplugged_it_shows_what_it_hears(firmware, detector, sound, tmp_path):
    seen, hops, _ = suffer(firmware, sound, "unplugged", tmp_path)
    codes = Twin(detector).hear(capture(sound)).codes.astype(int) + 128
    expected = (codes * codes / 65_535).tolist()
    shown = [value for value in seen["led"] if value > 0]
    assert hops == []
    assert seen["stopped"] == ""
    assert len(set(shown)) > 5
    assert all(min(abs(value - one) for one in expected) < 1e-3 for value in shown)


def test_a_bus_reset_loses_no_hop(firmware, detector, sound, tmp_path):
    seen, hops, _ = suffer(firmware, sound, "reset", tmp_path)
    codes = Twin(detector).hear(capture(sound)).codes
    assert seen["stopped"] == ""
    assert hops[-1]["hop"] > 55
    assert {hop["overruns"] for hop in hops} == {0}
    assert all(hop["code"] == codes[hop["hop"] - 31] for hop in hops)


@pytest.mark.parametrize("line", ["high", "low"])
def test_a_stuck_data_line_is_silence_and_time_goes_on(firmware, sound, line, tmp_path):
    seen, hops, _ = suffer(firmware, sound, line, tmp_path)
    assert seen["stopped"] == ""
    assert [hop["hop"] for hop in hops] == list(range(31, 31 + len(hops)))
    assert hops[-1]["level"] < -40
    assert hops[-1]["overruns"] == 0


def test_a_silent_microphone_is_no_event(firmware, sound, tmp_path):
    _, hops, _ = suffer(firmware, np.zeros_like(sound), "none", tmp_path)
    assert {hop["level"] for hop in hops} <= set(range(-96, -70))
    assert {hop["event"] for hop in hops} == {0}
    assert [hop["hop"] for hop in hops] == list(range(31, 31 + len(hops)))


def test_a_microphone_that_stops_wakes_the_watchdog(firmware, sound, tmp_path):
    seen, hops, _ = suffer(firmware, sound, "dead", tmp_path, seconds=8)
    assert hops[-1]["hop"] < 40
    assert seen["stopped"] == "the watchdog found the firmware stuck"


def test_telling_takes_less_than_a_tenth_of_a_hop(firmware, sound, tmp_path):
    _, hops, _ = suffer(firmware, sound, "none", tmp_path)
    assert 0 < max(hop["telling"] for hop in hops) < 0.1 * 0.032 * 125e6
    assert [hop["t_ms"] for hop in hops] == [32 * hop["hop"] for hop in hops]
    assert all(sum(hop["cycles"].values()) == 2 * hop["cycles"]["total"] for hop in hops)


def test_the_light_may_show_events_only(detector, sound, tmp_path):
    _, hops, _ = suffer(built(detector, tmp_path, led="event"), sound, "none", tmp_path)
    assert {hop["led"] for hop in hops} <= {0, 254}
    assert all((hop["led"] > 0) == bool(hop["event"]) for hop in hops)
