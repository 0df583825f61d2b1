"""firmware/core/events.c and rhythm.c as this host builds them, against the rule in Python."""

import ctypes

import numpy as np
import pytest

from lab.deploy.config import longest_window_hops, rhythm_values, rule_values
from lab.deploy.events import KEPT_HOPS, KINDS, EventRule, active_hops, threshold_code
from lab.deploy.rhythm import beats
from lab.hostcc import shared_library
from lab.sound.features import hop_rows
from lab.sound.features.core import FIRMWARE
from lab.sound.features.spec import DEFAULT
from lab.sound.synth.staged import Stage, staged

BANDS = 8
"""Of the spec's, those round a smoke alarm's pitch."""

HARNESS = """
#include "events.h"
#include "lab_config.h"
#include "rhythm.h"
void follow(const int8_t *codes, const uint8_t *levels, int64_t count, uint8_t *active);
int change(int threshold, int kind, int window, int on, int off, int hold_off);
void follow(const int8_t *codes, const uint8_t *levels, int64_t count, uint8_t *active) {
  events_reset();
  rhythm_reset();
  for (int64_t i = 0; i < count; i++) {
    rhythm_push(levels + i * LAB_BANDS);
    active[i] = events_push(codes[i]);
  }
}
int change(int threshold, int kind, int window, int on, int off, int hold_off) {
  event_rule_t rule = {(int8_t)threshold, (uint8_t)kind, (uint16_t)window, (uint16_t)on, (uint16_t)off,
                       (uint16_t)hold_off};
  if (!events_can(&rule)) return 0;
  events_follow(&rule);
  return 1;
}
"""
RULES = {
    "count": EventRule(125, 57, 32),
    "consecutive": EventRule(12, 12, 12),
    "mean": EventRule(40, 30, 9, kind="mean"),
    "t3": EventRule(45, 3, 3, kind="t3"),
    "t3, nearly always": EventRule(100, 98, 45, kind="t3"),
    "t3, held off": EventRule(512, 30, 20, kind="t3", hold_off_hops=400),
    "any": EventRule(200, 140, 100, kind="any"),
    "any, long": EventRule(512, 400, 230, kind="any", hold_off_hops=50),
    "held off": EventRule(30, 20, 10, hold_off_hops=77),
    "longest": EventRule(512, 200, 150),
}


def built(threshold, rule, spec=DEFAULT):
    """Return the C of a board made for a rule."""
    values = {
        "THRESHOLD_CODE": f"({threshold_code(threshold)})", "BANDS": BANDS, **rule_values(rule), **rhythm_values(spec)
    }  # fmt: skip
    header = "#include <stdint.h>\n" + "".join(f"#define LAB_{name} {value}\n" for name, value in values.items())
    core = {name: (FIRMWARE / "core" / name).read_text() for name in ("events.c", "events.h", "rhythm.c", "rhythm.h")}
    library = ctypes.CDLL(str(shared_library({**core, "lab_config.h": header, "harness.c": HARNESS})))
    library.follow.argtypes = [ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p]
    library.follow.restype = None
    return library


def changed(library, threshold, rule):
    """Ask a running board for another rule; return whether it follows."""
    values = (rule.window_hops, rule.on_hops, rule.off_hops, rule.hold_off_hops)
    return bool(library.change(threshold_code(threshold), KINDS.index(rule.kind), *values))


def followed(library, codes, heard):
    active = np.zeros(len(codes), np.uint8)
    library.follow(codes.ctypes.data, heard.ctypes.data, len(codes), active.ctypes.data)
    return active.astype(bool)


@pytest.fixture(scope="module")
def codes():
    """Return decisions of which some reach a threshold, noise, and stretches of any length, a few of them wrong."""
    rng = np.random.default_rng(3)
    cycle = rng.permutation(4 * [95, 100, 26, 88] + [30, 160])
    spans = [np.full(n, 110 if k % 2 else -110, np.int8) for k, n in enumerate(np.tile([31, 94], 60))]
    loose = [np.full(n, 110 if k % 2 else -110, np.int8) for k, n in enumerate(np.tile(cycle, 20))]
    noise = rng.integers(-128, 128, 20_000, dtype=np.int8)
    joined = np.concatenate([*spans, noise, *loose])
    flips = rng.random(len(joined)) < 0.04
    return np.where(flips, rng.integers(-128, 128, len(joined)), joined).astype(np.int8)


@pytest.fixture(scope="module")
def heard(codes):
    """Return levels, one row a decision, of T3 alarms at many levels, pitches and noises, and of pauses."""
    rng = np.random.default_rng(8)
    parts, length = [], 0
    while length < len(codes):
        stage = Stage(freq_hz=float(rng.uniform(2_600, 3_800)), snr_db=float(rng.uniform(-4, 24)))
        rows = hop_rows(staged(stage, len(parts), float(rng.uniform(12, 30))), DEFAULT)[:, 9 : 9 + BANDS]
        parts.append(rows.astype(np.uint8))
        length += len(rows)
    return np.ascontiguousarray(np.concatenate(parts)[: len(codes)])


@pytest.fixture(scope="module")
def found(heard):
    return beats(heard, DEFAULT)


def test_the_boards_rhythm_equals_pythons(heard, found):
    always = np.full(len(found), 127, np.int8)
    once = EventRule(1, 1, 1, kind="t3")
    expected = active_hops(always, 0.5, once, found)
    assert (followed(built(0.5, once), always, heard) == expected).all()
    assert found.sum() > 200
    assert not expected.all()


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_the_boards_rule_equals_pythons_on_alarms_and_on_chance(rule, codes, heard, found):
    expected = active_hops(codes, 0.5, rule, found)
    assert (followed(built(0.5, rule), codes, heard) == expected).all()
    assert expected.any()
    assert not expected.all()


@pytest.mark.parametrize("name", ["count", "longest"])
def test_a_running_board_follows_every_rule_that_it_has_room_for(name, codes, heard, found):
    board = built(0.9, RULES[name])
    room = longest_window_hops(RULES[name])
    for rule in RULES.values():
        fits = rule.window_hops <= room
        assert changed(board, 0.5, rule) == fits
        if fits:
            assert (followed(board, codes, heard) == active_hops(codes, 0.5, rule, found)).all()
    assert room == {"count": KEPT_HOPS, "longest": 512}[name]


def test_a_board_whose_features_cannot_tell_refuses_a_rhythm():
    board = built(0.5, RULES["count"], DEFAULT.but(name="linear", compression="linear", steps=2_000.0))
    assert not changed(board, 0.5, RULES["t3"])
    assert not changed(board, 0.5, RULES["any"])
    assert changed(board, 0.5, RULES["mean"])


def test_the_heaviest_mean_does_not_overflow():
    loud, rule = np.full(600, 127, np.int8), EventRule(KEPT_HOPS, KEPT_HOPS, KEPT_HOPS, kind="mean")
    board = built(0.5, RULES["count"])
    assert changed(board, 0.996, rule)
    silence = np.zeros((600, BANDS), np.uint8)
    assert (followed(board, loud, silence) == active_hops(loud, 0.996, rule)).all()
    assert active_hops(loud, 0.996, rule).any()


@pytest.mark.parametrize(
    "rule", [(4, 9, 5, 1, 0), (0, 9, 10, 1, 0), (0, 9, 5, 6, 0), (0, 9, 5, 0, 0), (0, 9, 5, 1, 3751)]
)
def test_what_is_no_rule_is_refused(rule):
    assert built(0.5, RULES["count"]).change(0, *rule) == 0
