"""From codes, one a hop, to events: the rule that the board follows too.

Three kinds of rule look back over `window_hops` decisions:

- "count": an event starts when at least `on_hops` of them reach the threshold,
  and ends when fewer than `off_hops` do. `on_hops` equal to `window_hops` asks
  for consecutive ones.
- "mean": the same, but each decision weighs as its probability does beside
  the threshold's.
- "t3": three tones, a pause, and three tones again; see `T3`. What counts is
  contrast: how much surer decisions are in either group than in either
  pause. Sureness is the logarithm of the odds, so that many doubtful
  decisions of a noisy room outweigh none that is certain.
- "any": a "t3", or decisions that stay sure for the whole window, as of an
  alarm that sounds without a pause.

After an event, none starts for `hold_off_hops`. Everything is an integer, so
firmware/core/events.c gives the same answer.
"""

from dataclasses import asdict, dataclass
from itertools import product
from math import ceil, log
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lab.errors import BadInput
from lab.sound.features.spec import HOP_LEN

HOP_SECONDS = HOP_LEN / 16_000
MAX_WINDOW_HOPS = 512
MAX_HOLD_OFF_HOPS = 3_750
"""Two minutes."""
Kind = Literal["count", "mean", "t3", "any"]
KINDS: tuple[Kind, ...] = ("count", "mean", "t3", "any")

ODDS = tuple(round(8 * log((level + 0.5) / (255.5 - level))) for level in range(256))
"""Eight times the natural logarithm of the odds of each probability, from code -128 up."""
SURE = 40
"""Odds count to e⁵ beside the threshold's, each way: a weight of 0 to 2·SURE."""

Span = tuple[int, int]
"""Decisions looked back on: (from, to) hops ago, from the older to the newer, the newer left out."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """Where in the past a T3 of some speed has tones and pauses, if its second group has sounded for 1.7 s now.

    A detector's window of about a second blurs the half-second gaps of a
    group, so that a group is one stretch of 3 s; the pause of 1.5 s stays.

    Attributes:
        tones: the two groups.
        pauses: before the first group, and between them.
    """

    tones: tuple[Span, Span]
    pauses: tuple[Span, Span]


def _rhythm(stretch: float) -> Rhythm:
    group, cycle = 2.5 * stretch, 4.0 * stretch
    end = cycle + GROUP_SEEN_S

    def ago(start_s: float, end_s: float) -> Span:
        return round((end - start_s) / HOP_SECONDS), round((end - end_s) / HOP_SECONDS)

    return Rhythm(
        (ago(0.35, group + 0.35), ago(cycle + 0.35, end)),
        (ago(-0.35, 0.05), ago(group + 0.95, cycle + 0.05)),
    )


GROUP_SEEN_S = 1.7
T3 = tuple(_rhythm(stretch) for stretch in (0.9, 0.95, 1.0, 1.05, 1.1))
"""ISO 8201's cycle of 4 s, and up to ten per cent faster or slower."""
T3_LOOK_BACK = max(rhythm.pauses[0][0] for rhythm in T3)
RHYTHMIC: tuple[Kind, ...] = ("t3", "any")
T3_STAYS_HOPS = 156
"""A T3 lasts until its rhythm has not come again for 5 s."""


@dataclass(frozen=True, slots=True)
class EventRule:
    """When codes become an event.

    Attributes:
        window_hops: decisions looked back on; 125 hops are 4 s, one T3 cycle.
        on_hops: decisions at or over the threshold that start an event.
        off_hops: an event ends when fewer than this are.
        kind: one of KINDS. A "t3" asks that each group's decisions weigh more than each pause's by `off_hops` of
            `window_hops` of the most possible; `on_hops` says nothing to it. An "any" holds by such a rhythm too, or
            else starts where decisions over the window weigh `on_hops` of `window_hops` of the most possible above
            the threshold, and ends below `off_hops`.
        hold_off_hops: after an event, none starts for so long.
    """

    window_hops: int = 125
    on_hops: int = 69
    off_hops: int = 32
    kind: Kind = "count"
    hold_off_hops: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.off_hops <= self.on_hops <= self.window_hops <= MAX_WINDOW_HOPS:
            raise BadInput(
                f"Event rule {asdict(self)} does not hold 1 ≤ off_hops ≤ on_hops ≤ window_hops ≤ {MAX_WINDOW_HOPS}."
            )
        if self.kind not in KINDS:
            raise BadInput(f"Event rule of kind {self.kind!r} is unknown; choose one of {', '.join(KINDS)}.")
        if not 0 <= self.hold_off_hops <= MAX_HOLD_OFF_HOPS:
            raise BadInput(f"hold_off_hops is {self.hold_off_hops}; choose 0 to {MAX_HOLD_OFF_HOPS}.")

    @property
    def look_back(self) -> int:
        """Return how many decisions tell whether an event is on, hold-off apart."""
        rhythm = T3_LOOK_BACK + T3_STAYS_HOPS if self.kind in RHYTHMIC else 0
        return max(rhythm, self.window_hops if self.kind != "t3" else 0)

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
    total = np.r_[0, np.cumsum(_weights(codes, threshold, rule.kind))]
    sums = _over(total, len(codes), (rule.window_hops, 0))
    if rule.kind in RHYTHMIC:
        rhythm = _t3_stays(total, rule)
        if rule.kind == "t3":
            return _followed(rhythm, rhythm, rule.hold_off_hops)
        starts, stays = (rhythm | (sums >= SURE * (rule.window_hops + each)) for each in (rule.on_hops, rule.off_hops))
        return _followed(starts, stays, rule.hold_off_hops)
    unit = threshold_code(threshold) + 128 if rule.kind == "mean" else 1
    return _followed(sums >= rule.on_hops * unit, sums >= rule.off_hops * unit, rule.hold_off_hops)


def _weights(codes: NDArray[np.int8], threshold: float, kind: Kind) -> NDArray[np.int64]:
    """Return what each decision weighs, shape (n,)."""
    if kind == "count":
        return (codes >= threshold_code(threshold)).astype(np.int64)
    levels = codes.astype(np.int64) + 128
    if kind == "mean":
        return levels
    odds = np.array(ODDS)
    return np.asarray(np.clip(odds[levels] - odds[threshold_code(threshold) + 128], -SURE, SURE) + SURE)


def _over(total: NDArray[np.int64], count: int, span: Span) -> NDArray[np.int64]:
    """Return, for each decision, the sum over a span that ends so many decisions ago."""
    ends = np.arange(1, count + 1)
    summed: NDArray[np.int64] = total[np.maximum(0, ends - span[1])] - total[np.maximum(0, ends - span[0])]
    return summed


def _t3_stays(total: NDArray[np.int64], rule: EventRule) -> NDArray[np.bool_]:
    """Return for each decision whether a T3's rhythm was complete within the last T3_STAYS_HOPS.

    Args:
        total: what all decisions before each weigh together, shape (n + 1,).
        rule: whose contrast to ask for.
    """
    count = len(total) - 1
    found = np.zeros(count, np.bool_)
    for rhythm in T3:
        fits = np.ones(count, np.bool_)
        for tone, pause in product(rhythm.tones, rhythm.pauses):
            tone_len, pause_len = tone[0] - tone[1], pause[0] - pause[1]
            contrast = _over(total, count, tone) * pause_len - _over(total, count, pause) * tone_len
            fits &= contrast * rule.window_hops >= 2 * SURE * rule.off_hops * tone_len * pause_len
        found |= fits
    since: NDArray[np.bool_] = _over(np.r_[0, np.cumsum(found)], count, (T3_STAYS_HOPS, 0)) > 0
    return since


def _followed(starts: NDArray[np.bool_], stays: NDArray[np.bool_], hold_off: int) -> NDArray[np.bool_]:
    """Return whether an event is on, given where one may start and where it stays."""
    active = np.zeros(len(starts), np.bool_)
    on, free_at = False, 0
    for index in np.flatnonzero(stays | np.r_[False, stays[:-1]]).tolist():
        now = bool(stays[index] if on else starts[index] and index >= free_at)
        if on and not now:
            free_at = index + hold_off
        on = active[index] = now
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
