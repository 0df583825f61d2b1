"""Clean alarms and other sounds by name, to try a detector with."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from lab.errors import BadInput
from lab.sound.clip import RATE_HZ
from lab.sound.synth.tones import Pulse, Sound, gate, partials, phase, repeat, run

LEVEL_DB = -20.0
T3 = (run(3, 0.5, 0.5), 4.0)
T4 = (run(4, 0.1, 0.1), 5.7)
ALWAYS: tuple[list[Pulse], float] = ([(0.0, 10.0)], 10.0)


def _piezo(n: int) -> Sound:
    return partials(phase(3_150.0, n), 3_150.0, [(1, 1), (2, 0.05)])


def _square(n: int) -> Sound:
    return partials(phase(520.0, n), 520.0, [(float(k), 1 / k) for k in range(1, 15, 2)])


def _sweep(n: int) -> Sound:
    turns = phase(1.0, n) / np.float32(2 * np.pi)
    return partials(phase(2_500 + 450 * turns, n), 2_950.0, [(1, 1), (2, 0.05)])


_KINDS: dict[str, tuple[Callable[[int], Sound], tuple[list[Pulse], float]]] = {
    "t3": (_piezo, T3),
    "t3_520": (_square, T3),
    "continuous": (_piezo, ALWAYS),
    "sweep": (_sweep, ALWAYS),
    "t4": (_piezo, T4),
}
TEST_ALARMS = tuple(_KINDS)
"""Names that `clean_alarm` knows; "t4" is no fire alarm."""


def clean_alarm(kind: str = "t3", seconds: float = 10.0, level_db: float = LEVEL_DB) -> NDArray[np.int16]:
    """Return a clean alarm by the book: no room, no noise, the same each time.

    Args:
        kind: one of TEST_ALARMS.
        seconds: length, up to 600.
        level_db: peak, in dB of full scale.

    Returns:
        int16 at 16 kHz, shape (16000·seconds,). The first pulse starts at 0.5 s.

    Raises:
        BadInput: an unknown kind or an impossible length.
    """
    if kind not in _KINDS or not 0 < seconds <= 600:
        raise BadInput(f"No test alarm {kind!r} of {seconds} s; choose one of {', '.join(TEST_ALARMS)}, up to 600 s.")
    make, (pattern, cycle_s) = _KINDS[kind]
    n = round(seconds * RATE_HZ)
    pulses = [pulse for pulse in repeat(0.5, pattern, cycle_s, seconds) if pulse[0] >= 0.5 or cycle_s == ALWAYS[1]]
    tone = make(n)
    scaled = tone / np.abs(tone).max() * gate(pulses, n, 0.01) * 32_767 * 10 ** (level_db / 20)
    return np.asarray(np.rint(scaled), np.int16)


clean_alarm.__test__ = False  # type: ignore[attr-defined]  # exported as test_alarm, which pytest would collect
