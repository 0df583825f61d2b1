"""The virtual board through Python: what is refused, and real firmware against the host twin."""

import contextlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lab.deploy import build, emulator, toolchain, uf2
from lab.deploy.detector import Detector
from lab.deploy.pdm import capture
from lab.deploy.twin import Twin
from lab.errors import BadInput, Cancelled, LabError, Missing
from lab.sound.features.spec import DEFAULT, HOP_LEN

sys.path.insert(0, str(Path(__file__).parent / "compiler"))
from tflite_models import ModelBuilder

SPIN = bytes(256) + (0x20040000).to_bytes(4, "little") + (0x10000109).to_bytes(4, "little") + b"\xfe\xe7" * 2
BOOT_MODE = SPIN[:-4] + b"\x01\xbe\xfe\xe7"
SILENCE = np.zeros(1600, np.int16)


@pytest.fixture(scope="module")
def node():
    try:
        emulator.available()
    except Missing as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def detector():
    """Return a detector of one dense layer, whose codes follow the sound closely."""
    m = ModelBuilder()
    x = m.tensor((1, *DEFAULT.shape, 1), 1 / 128, 0)
    flat = m.reshape(x, (1, int(np.prod(DEFAULT.shape))))
    weights = np.random.default_rng(3).permutation(np.resize(np.array([-40, 40], np.int8), int(np.prod(DEFAULT.shape))))
    y = m.dense(flat, weights.reshape(1, -1), [0.01], np.zeros(1, np.int32), 0.05, 0)
    model = m.build([x], [m.unary("LOGISTIC", y, 1 / 256, -128)])
    return Detector("dense", model, DEFAULT, ("alarm", "not_alarm"), ("alarm",))


@pytest.fixture(scope="module")
def firmware(node, detector, tmp_path_factory):
    with contextlib.suppress(Missing):
        toolchain.find_toolchain()
        return build.build_firmware(detector, "pico", tmp_path_factory.mktemp("firmware")).file("uf2")
    return pytest.skip("no Arm toolchain or Pico SDK on this machine")


def sound(seconds):
    rng = np.random.default_rng(1)
    n = np.arange(int(seconds * 16000))
    beeps = 9000 * np.sin(2 * np.pi * 3100 * n / 16000) * ((n // 4000) % 2)
    return (beeps + rng.normal(0, 300, len(n))).astype(np.int16)


@pytest.mark.parametrize("mic", ["inject", "pdm"])
def test_the_board_gives_the_codes_of_the_twin(firmware, detector, mic):
    samples = sound(2)
    seen = emulator.emulate(firmware, samples, mic)
    codes = [hop["code"] for hop in seen.hops]
    twin = Twin(detector).hear(capture(samples))
    assert len(set(codes)) > 5
    assert codes == twin.codes.tolist()
    assert [hop["t_s"] for hop in seen.hops] == [round(0.032 * hop, 3) for hop in range(31, 2 * 16000 // HOP_LEN + 1)]


def test_two_runs_are_the_same_and_fit_their_hop(firmware):
    seen = [emulator.emulate(firmware, sound(1.2)) for _ in range(2)]
    assert seen[0].serial == seen[1].serial
    assert len(seen[0].led) == len(seen[0].hops)
    assert all(0 < hop["cycles"] < 4_000_000 and hop["overruns"] == 0 for hop in seen[0].hops)
    assert all(sum(hop["stages"].values()) == hop["cycles"] for hop in seen[0].hops)


def test_the_light_is_the_one_that_the_firmware_says(firmware):
    seen = emulator.emulate(firmware, sound(1.5))
    squares = [(hop["code"] + 128) ** 2 / 65535 for hop in seen.hops]
    assert seen.led == pytest.approx(squares, abs=1e-3)


def test_the_fast_processor_and_the_packages_own_do_the_same(firmware, tmp_path):
    (tmp_path / "sound.s16").write_bytes(sound(1.1).tobytes())
    ends = []
    for script in (emulator.BUNDLE, emulator.BUNDLE.parents[1] / "run.mjs"):
        command = [
            emulator.node(),
            str(script),
            str(firmware),
            "--pcm",
            str(tmp_path / "sound.s16"),
            "--limit-s",
            "200",
        ]
        told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=240).stdout.splitlines()
        lines = [line for line in told if line.startswith('{"line"')]
        ends.append((lines, told[-1].partition('"cycles"')[2]))
    assert ends[0] == ends[1]
    assert len(ends[0][0]) > 3


def test_progress_may_stop_the_board(node, monkeypatch):
    def stop(done, total, message):
        assert (done, total) <= (3, 3)
        raise Cancelled

    with pytest.raises(Cancelled):
        emulator.run_board(uf2.write(SPIN), SILENCE, ["--until", "never"], stop)


def test_a_board_that_never_ends_is_stopped(node, monkeypatch):
    monkeypatch.setattr(emulator, "START_WALL_S", 0.2)
    monkeypatch.setattr(emulator, "WALL_SECONDS_PER_SECOND", 0)
    told = emulator.run_board(uf2.write(SPIN), SILENCE, ["--until", "never"])
    assert told[-1]["end"] == "time limit"


def test_firmware_that_leaves_for_boot_mode_says_so(node):
    with pytest.raises(LabError, match="stopped: the firmware went to boot mode"):
        emulator.emulate(uf2.write(BOOT_MODE), SILENCE)


def test_a_failing_board_is_one_sentence(node, monkeypatch):
    monkeypatch.setattr(emulator, "_pins", lambda: ["--no-such-option"])
    with pytest.raises(LabError, match="virtual board failed: Unknown option"):
        emulator.run_board(uf2.write(SPIN), SILENCE)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not a whole"),
        (b"RIFF" * 128, "no UF2 magic"),
        (uf2.write(SPIN)[:-512], "not whole"),
        (uf2.write(SPIN).replace(uf2.RP2040_FAMILY.to_bytes(4, "little"), b"\x59\xff\x8b\xe4"), "not for the RP2040"),
        (uf2.write(SPIN, 0x20000000), "outside"),
    ],
)
def test_a_file_that_is_no_firmware_is_refused(data, message):
    with pytest.raises(BadInput, match=message):
        emulator.emulate(data, SILENCE)


def test_a_missing_file_an_unknown_microphone_and_a_long_sound_are_refused(tmp_path):
    with pytest.raises(BadInput, match="cannot be read"):
        emulator.emulate(tmp_path / "none.uf2", SILENCE)
    with pytest.raises(BadInput, match="choose inject or pdm"):
        emulator.emulate(uf2.write(SPIN), SILENCE, "usb")
    with pytest.raises(BadInput, match="601 s"):
        emulator.emulate(uf2.write(SPIN), np.zeros(601 * 16000, np.int16))


def test_without_node_the_reason_is_one_sentence(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    with pytest.raises(Missing, match="Node"):
        emulator.emulate(uf2.write(SPIN), SILENCE)


def test_without_its_bundle_the_reason_is_one_sentence(node, monkeypatch, tmp_path):
    monkeypatch.setattr(emulator, "BUNDLE", tmp_path / "run.mjs")
    with pytest.raises(Missing, match="not built yet"):
        emulator.available()
