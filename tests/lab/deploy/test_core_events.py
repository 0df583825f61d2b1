"""firmware/core/events.c as this host builds it, against the rule in Python."""

import ctypes

import numpy as np
import pytest

from lab.deploy.config import rule_values
from lab.deploy.events import EventRule, active_hops, threshold_code
from lab.hostcc import shared_library
from lab.sound.features.core import FIRMWARE

HARNESS = """
#include "events.h"
void follow(const int8_t *codes, int64_t count, uint8_t *active);
void follow(const int8_t *codes, int64_t count, uint8_t *active) {
  events_reset();
  for (int64_t i = 0; i < count; i++) active[i] = events_push(codes[i]);
}
"""
RULES = {
    "count": EventRule(125, 57, 32),
    "consecutive": EventRule(12, 12, 12),
    "mean": EventRule(40, 30, 9, kind="mean"),
    "t3": EventRule(100, 60, 30, kind="t3"),
    "t3, held off": EventRule(512, 300, 200, kind="t3", hold_off_hops=400),
    "held off": EventRule(30, 20, 10, hold_off_hops=77),
    "longest": EventRule(512, 200, 150),
}


def followed(codes, threshold, rule):
    values = {"THRESHOLD_CODE": f"({threshold_code(threshold)})", **rule_values(rule)}
    header = "#include <stdint.h>\n" + "".join(f"#define LAB_{name} {value}\n" for name, value in values.items())
    core = {name: (FIRMWARE / "core" / name).read_text() for name in ("events.c", "events.h")}
    library = ctypes.CDLL(str(shared_library({**core, "lab_config.h": header, "harness.c": HARNESS})))
    active = np.zeros(len(codes), np.uint8)
    library.follow.argtypes = [ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p]
    library.follow.restype = None
    library.follow(codes.ctypes.data, len(codes), active.ctypes.data)
    return active.astype(bool)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
def test_the_boards_rule_equals_pythons_on_alarms_and_on_chance(rule):
    rng = np.random.default_rng(3)
    cycle = np.repeat(rng.permutation(4 * [95, 100, 26, 88] + [30, 160]), 1)
    spans = [np.full(n, 110 if k % 2 else -110, np.int8) for k, n in enumerate(np.tile([31, 94], 60))]
    loose = [np.full(n, 110 if k % 2 else -110, np.int8) for k, n in enumerate(np.tile(cycle, 20))]
    noise = rng.integers(-128, 128, 20_000, dtype=np.int8)
    codes = np.concatenate([*spans, noise, *loose])
    flips = rng.random(len(codes)) < 0.04
    codes = np.where(flips, rng.integers(-128, 128, len(codes)), codes).astype(np.int8)
    expected = active_hops(codes, 0.5, rule)
    assert (followed(codes, 0.5, rule) == expected).all()
    assert expected.any()
    assert not expected.all()
