"""From codes, one a hop, to events: the rule that the board follows too.

An event starts when at least `on_hops` of the last `window_hops` decisions
reach the threshold, and ends when fewer than `off_hops` do. Everything is an
integer, so firmware/core/events.c gives the same answer.
"""

from dataclasses import asdict, dataclass
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import BadInput
from lab.sound.features.spec import HOP_LEN

HOP_SECONDS = HOP_LEN / 16_000
MAX_WINDOW_HOPS = 512


@dataclass(frozen=True, slots=True)
class EventRule:
    """When codes become an event.

    Attributes:
        window_hops: decisions looked back on; 125 hops are 4 s, one T3 cycle.
        on_hops: decisions at or over the threshold that start an event.
        off_hops: an event ends when fewer than this are.
    """

    window_hops: int = 125
    on_hops: int = 69
    off_hops: int = 32

    def __post_init__(self) -> None:
        if not 1 <= self.off_hops <= self.on_hops <= self.window_hops <= MAX_WINDOW_HOPS:
            raise BadInput(
                f"Event rule {asdict(self)} does not hold 1 ≤ off_hops ≤ on_hops ≤ window_hops ≤ {MAX_WINDOW_HOPS}."
            )

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able description."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Event:
    """A stretch of time in which the rule held, in seconds from the start."""

    start_s: float
    end_s: float


def threshold_code(threshold: float) -> int:
    """Return the least int8 code whose probability, (code + 128) / 256, reaches the threshold.

    Raises:
        BadInput: the threshold is not within 0 to 1.
    """
    if not 0.0 <= threshold <= 1.0:
        raise BadInput(f"Threshold is {threshold}; choose 0 to 1.")
    return min(127, ceil(threshold * 256) - 128)


def active_hops(codes: NDArray[np.int8], threshold: float, rule: EventRule) -> NDArray[np.bool_]:
    """Return for each decision whether an event is on after it.

    Args:
        codes: int8, shape (n,), one a hop, oldest first.
        threshold: probability from 0 to 1.
        rule: when an event starts and ends.

    Returns:
        bool, shape (n,).
    """
    hits = np.concatenate([[0], np.cumsum(codes >= threshold_code(threshold))])
    ends = np.arange(1, len(codes) + 1)
    counts = hits[ends] - hits[np.maximum(0, ends - rule.window_hops)]
    active = np.zeros(len(codes), dtype=np.bool_)
    on = False
    for index in np.flatnonzero((counts >= rule.off_hops) | np.r_[False, counts[:-1] >= rule.off_hops]):
        on = counts[index] >= (rule.off_hops if on else rule.on_hops)
        active[index] = on
    return active


def find_events(codes: NDArray[np.int8], threshold: float, rule: EventRule, first_hop: int) -> list[Event]:
    """Return the events in a row of codes.

    Args:
        codes: int8, shape (n,).
        threshold: probability from 0 to 1.
        rule: when an event starts and ends.
        first_hop: number of the hop that made codes[0]; hop k ends at 0.032·k s.
    """
    edges = np.diff(np.r_[False, active_hops(codes, threshold, rule), False].astype(np.int8))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [
        Event(round((first_hop + a) * HOP_SECONDS, 3), round((first_hop + b - 1) * HOP_SECONDS, 3))
        for a, b in zip(starts.tolist(), stops.tolist(), strict=True)
    ]
