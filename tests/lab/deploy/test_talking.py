"""The detector's firmware on the virtual board, talked to over its serial line while it listens."""

import base64
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lab.deploy import emulator, toolchain
from lab.deploy.build import build_firmware
from lab.deploy.detector import Detector
from lab.deploy.events import KINDS
from lab.sound.features.core import FIRMWARE
from lab.sound.features.spec import DEFAULT

sys.path.insert(0, str(Path(__file__).parent / "compiler"))
from tflite_models import ModelBuilder

HARNESS = Path(__file__).with_name("talking.mjs")
HOP_S = 0.032


@pytest.fixture(scope="module")
def firmware(tmp_path_factory, virtual_board):
    """Build a detector of one dense layer, whose codes follow the sound closely."""
    m, values = ModelBuilder(), int(np.prod(DEFAULT.shape))
    x = m.tensor((1, *DEFAULT.shape, 1), 1 / 128, 0)
    weights = np.random.default_rng(3).permutation(np.resize(np.array([-40, 40], np.int8), values))
    y = m.dense(m.reshape(x, (1, values)), weights.reshape(1, -1), [0.01], np.zeros(1, np.int32), 0.05, 0)
    model = m.build([x], [m.unary("LOGISTIC", y, 1 / 256, -128)])
    detector = Detector("dense", model, DEFAULT, ("alarm", "not_alarm"), ("alarm",))
    return build_firmware(detector, "pico", tmp_path_factory.mktemp("talking")).file("uf2")


@pytest.fixture(scope="module")
def noise(tmp_path_factory):
    path = tmp_path_factory.mktemp("sound") / "sound.s16"
    np.random.default_rng(1).normal(0, 3_000, 5 * 16_000).astype(np.int16).tofile(path)
    return path


def talk(firmware, noise, folder, *steps):
    """Run the firmware through steps; return ((t_s, object) of each line, what stopped it)."""
    told = [
        {"at_s": at_s, **({"send": base64.b64encode(said).decode()} if isinstance(said, bytes) else {said: True})}
        for at_s, said in steps
    ]
    (folder / "steps.json").write_text(json.dumps(told))
    command = [emulator.node(), HARNESS, FIRMWARE / "virtual_board", firmware, noise, folder / "steps.json"]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120, check=True)
    seen = json.loads(done.stdout)
    return [(t_s, json.loads(line)) for t_s, line in seen["lines"]], seen["stopped"]


def answers(lines):
    return [line for _, line in lines if "ack" in line]


def hops(lines):
    return [(t_s, line) for t_s, line in lines if "hop" in line]


def test_a_board_tells_what_it_is_and_takes_threshold_rule_and_light(firmware, noise, tmp_path):
    lines, stopped = talk(
        firmware, noise, tmp_path, (0.9, b"1 who\n2 threshold -128\n3 rule count 4 4 4 0\n"), (1.4, b"4 led event\n"),
        (1.5, b"5 threshold 127\n6 led probability\n"), (1.7, "end"),
    )  # fmt: skip
    first, told = lines[0][1], answers(lines)
    assert (first["lab"], first["board"], first["name"], first["kinds"]) == (
        "detector", "pico", "dense", list(KINDS),
    )  # fmt: skip
    assert sum("lab" in line for _, line in lines) == 2
    assert [each["ack"] for each in told] == [0, 1, 2, 3, 4, 5, 6]
    assert told[4]["rule"] == {"kind": "count", "window_hops": 4, "on_hops": 4, "off_hops": 4, "hold_off_hops": 0}
    assert (told[4]["threshold"], told[4]["led"], told[0]["kept"], told[4]["kept"]) == (-128, "event", 1, 0)
    heard = hops(lines)
    assert [line["hop"] for _, line in heard] == list(range(31, 31 + len(heard)))
    assert {line["overruns"] for _, line in heard} == {0}
    events = [(line["hop"], line["event"], line["led"]) for _, line in heard]
    assert [event for _, event, _ in events][:5] == [0, 0, 0, 1, 1]
    assert {led for hop, _, led in events if 1.42 < hop * HOP_S < 1.48} == {254}
    assert {event for hop, event, _ in events if hop * HOP_S > 1.57} == {0}
    assert stopped == ""


def test_what_is_kept_survives_a_power_cut_and_lost_hops_are_counted(firmware, noise, tmp_path):
    keeping = b"".join(b"%d threshold %d\nkeep\n" % (code, code) for code in range(1, 18))
    lines, stopped = talk(
        firmware, noise, tmp_path, (1.1, b"led event\n" + keeping), (1.9, b"threshold 99\n"), (2.0, "restart"),
        (2.3, "end"),
    )  # fmt: skip
    told = answers(lines)
    assert all(each["ok"] for each in told)
    assert [each["kept"] for each in told if each["ack"] == 0][2:19] == [1] * 17
    assert (told[-1]["threshold"], told[-1]["led"], told[-1]["kept"]) == (17, "event", 1)
    before = [(t_s, line) for t_s, line in hops(lines) if t_s < 2.0]
    lost = before[-1][1]["overruns"]
    assert 1 <= lost <= 2  # two sectors were erased, 45 ms each; pages cost none
    assert len(before) == before[-1][1]["hop"] - 30 - lost
    late = [t_s - line["hop"] * HOP_S for t_s, line in before]
    assert max(late) - min(late) < HOP_S  # the count of hops still tells the time
    assert stopped == ""


def test_a_flood_of_any_bytes_costs_no_hop(firmware, noise, tmp_path):
    rng = np.random.default_rng(5)
    flood = [(0.2 + 0.05 * step, rng.bytes(600)) for step in range(24)]
    lines, stopped = talk(firmware, noise, tmp_path, *flood, (1.5, b"\n77 who\n"), (1.7, "end"))
    told = answers(lines)
    assert told[-1]["ack"] == 77
    assert any(not each["ok"] for each in told)
    assert {line["overruns"] for _, line in hops(lines)} == {0}
    assert stopped == ""


def test_a_board_sent_to_boot_mode_answers_first(firmware, noise, tmp_path):
    lines, stopped = talk(firmware, noise, tmp_path, (1.1, b"8 boot\n"), (1.4, "end"))
    assert [each["ack"] for each in answers(lines)] == [0, 8]
    assert stopped == "the firmware went to boot mode"
    assert 1.15 < hops(lines)[-1][0] < 1.25


def test_the_microphones_interrupt_needs_no_flash(firmware):
    objdump = Path(toolchain.find_toolchain().compiler).with_name("arm-none-eabi-objdump")
    command = [str(objdump), "-d", "--disassemble=on_filled", str(firmware.with_suffix(".elf"))]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    code = [line.split("\t") for line in listing.splitlines() if line.startswith("2000")]
    assert len(code) > 10  # in SRAM
    assert not [line for line in code if len(line) > 2 and line[2].strip() in ("bl", "blx")]
    assert not [line for line in code if ".word" in line and line[-1].startswith("0x10")]
