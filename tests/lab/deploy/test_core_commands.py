"""firmware/core's commands and kept settings as this host builds them."""

import ctypes
import json
from pathlib import Path

import numpy as np
import pytest

from lab.deploy.config import rhythm_values, rule_values
from lab.deploy.events import KINDS, EventRule, threshold_code
from lab.hostcc import shared_library
from lab.sound.features.core import FIRMWARE
from lab.sound.features.spec import DEFAULT

HARNESS = Path(__file__).with_name("host_commands.c")
CORE = ("commands", "events", "rhythm", "settings", "text")
OWN = EventRule(125, 69, 32)
PAGES, PAGE, SECTOR = 32, 256, 4096
BLANK = b"\xff" * (PAGES * PAGE)
FOREVER = 2**40


class Host:
    """A board's commands and flash."""

    def __init__(self, rule=OWN, number=7):
        values = {
            "THRESHOLD_CODE": f"({threshold_code(0.5)})", "LED_SHOWS_EVENT": 0, "DETECTOR_NUMBER": f"{number}u",
            "BANDS": DEFAULT.bands, **rule_values(rule), **rhythm_values(DEFAULT),
        }  # fmt: skip
        header = "#include <stdint.h>\n" + "".join(f"#define LAB_{name} {value}\n" for name, value in values.items())
        core = {path.name: path.read_text() for path in (FIRMWARE / "core").iterdir() if path.stem in CORE}
        files = {**core, "lab_config.h": header, HARNESS.name: HARNESS.read_text()}
        self.library = ctypes.CDLL(str(shared_library(files, ["-fsanitize=undefined", "-fno-sanitize-recover"])))
        self.library.host_hear.argtypes = [ctypes.c_char_p, ctypes.c_int64, ctypes.c_char_p, ctypes.c_int64]
        self.library.host_keep.argtypes = [ctypes.c_int64]
        self.library.host_erasures.restype = ctypes.c_int64
        self.wipe()

    def wipe(self, flash=BLANK):
        self.library.host_wipe(flash)
        self.library.host_restart()

    def restart(self):
        self.library.host_restart()
        return self.settings

    def hear(self, data, room=4_000):
        answers = ctypes.create_string_buffer(room + 1)
        count = self.library.host_hear(data, len(data), answers, room)
        said = [json.loads(line) for line in answers.value.decode("ascii").splitlines()]
        assert count == len(said) or room < 4_000
        return said

    def ask(self, text):
        [said] = self.hear(text.encode() + b"\n")
        return said

    def keep(self, budget=FOREVER):
        return self.library.host_keep(budget)

    @property
    def flash(self):
        data = ctypes.create_string_buffer(len(BLANK))
        self.library.host_flash(data)
        return data.raw

    @property
    def settings(self):
        values = (ctypes.c_int32 * 7)()
        self.library.host_settings(values)
        return tuple(values)


@pytest.fixture(scope="module")
def built():
    return Host()


@pytest.fixture
def host(built):
    built.wipe()
    return built


OWN_SETTINGS = (0, 0, 125, 69, 32, 0, 0)


def test_a_board_says_how_it_is_set(host):
    assert host.ask("3 who") == {
        "ack": 3, "ok": 1, "threshold": 0, "led": "probability", "kept": 1,
        "rule": {"kind": "count", "window_hops": 125, "on_hops": 69, "off_hops": 32, "hold_off_hops": 0},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("threshold -20", (-20, 0, 125, 69, 32, 0, 0)),
        ("  1   threshold    127 ", (127, 0, 125, 69, 32, 0, 0)),
        ("rule mean 40 30 9 100", (0, 1, 40, 30, 9, 100, 0)),
        ("rule t3 217 100 20 3750", (0, 2, 217, 100, 20, 3750, 0)),
        ("led event", (0, 0, 125, 69, 32, 0, 1)),
        ("led probability", OWN_SETTINGS),
        ("keep", OWN_SETTINGS),
        ("boot", OWN_SETTINGS),
    ],
)
def test_a_command_sets_what_it_says(host, text, expected):
    assert host.ask(text)["ok"] == 1
    assert host.settings == expected


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("sing", "say who"), ("7", "say who"), ("WHO", "say who"), ("12345678901 who", "say who"),
        ("threshold", "-128 to 127"), ("threshold 128", "-128 to 127"), ("threshold 1e2", "-128 to 127"),
        ("threshold --1", "-128 to 127"), ("threshold 99999999999999999999", "-128 to 127"),
        ("rule", "rule is count, mean"), ("rule counts 1 1 1 0", "rule is count"), ("rule count 1 1 1", "window"),
        ("rule count 218 1 1 0", "window"), ("rule count 10 11 1 0", "window"), ("rule count 10 5 6 0", "window"),
        ("rule count 10 5 0 0", "window"), ("rule t3 218 1 1 0", "window"), ("rule mean 9 5 1 3751", "window"),
        ("rule count 65537 1 1 0", "window"), ("led on", "event or probability"), ("who else", "more than"),
        ("7 rule count 10 5 1 0 1", "more than"), ("keep 1 2 3 4 5 6 7 8 9", "more than"), ("x" * 64, "at most 63"),
    ],
)  # fmt: skip
def test_what_is_no_command_is_refused_and_changes_nothing(host, text, problem):
    said = host.ask(text)
    assert (said["ok"], host.settings) == (0, OWN_SETTINGS)
    assert problem in said["problem"]


def test_a_refusal_names_its_command_and_the_next_line_is_heard(host):
    said = host.hear(b"41 threshold x\r\n" + b"y" * 5_000 + b"\n\n\r\n42 who\r")
    assert [each["ack"] for each in said] == [41, 0, 42]
    assert [each["ok"] for each in said] == [0, 0, 1]


def test_any_bytes_in_pieces_of_any_length_leave_a_board_that_answers(host):
    rng = np.random.default_rng(6)
    words = [b"threshold", b"rule", b"count", b"mean", b"t3", b"led", b"event", b"keep", b"who", b"boot", b"defaults"]
    seen = set()
    for _ in range(20_000):
        parts = [
            rng.bytes(rng.integers(0, 90)) if rng.random() < 0.3
            else b"%d" % rng.integers(-300, 70_000) if rng.random() < 0.5
            else words[rng.integers(len(words))]
            for _ in range(rng.integers(0, 9))
        ]  # fmt: skip
        for said in host.hear(b" ".join(parts) + b"\n", 60_000):
            assert said["ok"] or said["problem"]
            assert set(said) <= {"ack", "ok", "problem", "threshold", "rule", "led", "kept"}
            seen.add(said["ok"])
    assert seen == {0, 1}
    host.hear(b"\n")
    threshold, kind, window, on, off, hold_off, led = host.settings
    assert -128 <= threshold <= 127
    assert kind in range(len(KINDS))
    assert 1 <= off <= on <= window <= 512
    assert 0 <= hold_off <= 3_750
    assert led in (0, 1)


def test_a_flood_of_every_byte_is_survived(host):
    flood = np.random.default_rng(1).integers(0, 256, 2_000_000, dtype=np.uint8)
    flood[flood == 10] = 11
    host.hear(flood.tobytes(), room=0)
    assert host.hear(b"\n9 who\n")[-1]["ack"] == 9


def test_kept_settings_come_back_and_others_do_not(host):
    host.ask("threshold 50")
    assert host.ask("who")["kept"] == 0
    assert host.keep() == 1
    assert host.ask("who")["kept"] == 1
    host.ask("led event")
    assert host.restart() == (50, 0, 125, 69, 32, 0, 0)
    host.ask("defaults")
    assert host.settings == OWN_SETTINGS
    assert host.restart()[0] == 50


def test_flash_is_erased_once_in_sixteen_times(host):
    for code in range(100):
        host.ask(f"threshold {code}")
        assert host.keep() == 1
        assert host.restart()[0] == code
    assert host.library.host_erasures() == 7  # 100 pages, and a sector is erased before its first


@pytest.mark.parametrize("kept_before", [0, 1, 7, 15, 16, 17, 31, 32, 33])
def test_a_power_cut_at_any_byte_leaves_the_old_settings_or_the_new(host, kept_before):
    for code in range(kept_before):
        host.ask(f"threshold {code}")
        assert host.keep() == 1
    before, old = host.flash, host.restart()
    cuts = {*range(0, 40), *range(255, SECTOR, 509), *range(SECTOR - 3, SECTOR + 40), SECTOR + 255}
    outcomes = set()
    for cut in sorted(cuts):
        host.wipe(before)
        host.ask("threshold -77")
        if host.keep(cut) != -1:
            continue
        found = host.restart()
        assert found in (old, (-77, *old[1:]))
        outcomes.add(found)
        host.ask("threshold -78")
        assert host.keep() == 1
        assert host.restart()[0] == -78
    assert old in outcomes


def test_noise_in_flash_is_ignored_and_written_over(host):
    rng = np.random.default_rng(2)
    for _ in range(50):
        host.wipe(rng.bytes(len(BLANK)))
        assert host.settings == OWN_SETTINGS
        host.ask("threshold 3")
        assert host.keep() == 1
        assert host.restart()[0] == 3


def test_every_flipped_bit_of_a_record_makes_it_none(host):
    host.ask("threshold 3")
    assert host.keep() == 1
    whole = host.flash
    for bit in range(32 * 8):
        flipped = bytearray(whole)
        flipped[bit // 8] ^= 1 << bit % 8
        host.wipe(bytes(flipped))
        assert host.settings == OWN_SETTINGS


def test_flash_of_zeros_is_erased_before_it_is_written(host):
    host.wipe(b"\x00" * len(BLANK))
    host.ask("threshold 3")
    assert host.keep(FOREVER) == 1  # erased first
    host.wipe(host.flash[:SECTOR] + b"\x00" * SECTOR)
    assert host.restart()[0] == 3


def test_settings_kept_for_another_detector_are_ignored(host):
    host.ask("threshold 3")
    assert host.keep() == 1
    other = Host(number=8)
    other.wipe(host.flash)
    assert other.settings == OWN_SETTINGS
    other.ask("threshold 4")
    assert other.keep() == 1
    assert other.restart()[0] == 4


def test_a_kept_rule_that_the_firmware_has_no_room_for_is_ignored(host):
    larger = Host(EventRule(400, 60, 30))
    larger.ask("rule count 300 60 30 0")
    assert larger.keep() == 1
    host.wipe(larger.flash)
    assert host.settings == OWN_SETTINGS
