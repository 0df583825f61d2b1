"""From codes, one a hop, to events: the rule that the board follows too.

Four kinds of rule look back over `window_hops` decisions:

- "count": an event starts when at least `on_hops` of them reach the threshold,
  and ends when fewer than `off_hops` do. `on_hops` equal to `window_hops` asks
  for consecutive ones.
- "mean": the same, but each decision weighs as its probability does beside
  the threshold's.
- "t3": at least `on_hops` of them reach the threshold while the sound has a
  T3's rhythm, three tones, a pause, and tones again; see `lab.deploy.rhythm`.
- "any": a T3 by T3_HOPS, or decisions that stay sure for the whole window, as
  of an alarm that sounds without a pause. Sureness is the logarithm of the
  odds, so that one certain decision outweighs many doubtful ones.

After an event, none starts for `hold_off_hops`. Everything is an integer, so
firmware/core/events.c gives the same answer.
"""

from dataclasses import asdict, dataclass
from math import ceil, log
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lab.deploy import rhythm
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

RHYTHMIC: tuple[Kind, ...] = ("t3", "any")
T3_HOPS = (3, 45)
"""An "any" asks that so many of so many decisions reach the threshold while the rhythm is there."""
T3_STAYS_HOPS = 156
"""A T3 lasts until its rhythm has not come again for 5 s."""
KEPT_HOPS = 217
"""A board can follow windows of at least so many decisions."""


@dataclass(frozen=True, slots=True)
class EventRule:
    """When codes become an event.

    Attributes:
        window_hops: decisions looked back on; 125 hops are 4 s, one T3 cycle.
        on_hops: decisions at or over the threshold that start an event.
        off_hops: an event ends when fewer than this are.
        kind: one of KINDS. `off_hops` says nothing to a "t3", which ends T3_STAYS_HOPS after its last rhythm. An "any"
            holds by such a rhythm too, or else starts where decisions over the window weigh `on_hops` of
            `window_hops` of the most possible above the threshold, and ends below `off_hops`.
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
        if self.kind not in RHYTHMIC:
            return self.window_hops
        return max(rhythm.LOOK_BACK, self.window_hops) + T3_STAYS_HOPS

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able description."""
        return asdict(self)


T3_RULE = EventRule(T3_HOPS[1], T3_HOPS[0], T3_HOPS[0], kind="t3")
"""Hears a T3 and nothing else, as an "any" does."""


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


def active_hops(
    codes: NDArray[np.int8], threshold: float, rule: EventRule, beats: NDArray[np.bool_] | None = None
) -> NDArray[np.bool_]:
    """Return for each decision whether an event is on after it.

    Args:
        codes: int8, shape (n,), one a hop, oldest first.
        threshold: probability from 0 to 1.
        rule: when an event starts and ends.
        beats: bool, shape (n,), as `rhythm.beats` gives them; only kinds in RHYTHMIC read them.

    Returns:
        bool, shape (n,).

    Raises:
        BadInput: the rule asks for a rhythm and `beats` are missing.
    """
    if rule.kind not in RHYTHMIC:
        sums, unit = _over(_weights(codes, threshold, rule.kind), rule.window_hops), _unit(threshold, rule.kind)
        return _followed(sums >= rule.on_hops * unit, sums >= rule.off_hops * unit, rule.hold_off_hops)
    if beats is None or len(beats) != len(codes):
        raise BadInput(f"An event rule of kind {rule.kind!r} asks of each decision whether a rhythm was there.")
    t3 = _t3(codes, threshold, (rule.on_hops, rule.window_hops) if rule.kind == "t3" else T3_HOPS, beats)
    if rule.kind == "t3":
        return _followed(t3, t3, rule.hold_off_hops)
    sums = _over(_weights(codes, threshold, rule.kind), rule.window_hops)
    starts, stays = (t3 | (sums >= SURE * (rule.window_hops + each)) for each in (rule.on_hops, rule.off_hops))
    return _followed(starts, stays, rule.hold_off_hops)


def _unit(threshold: float, kind: Kind) -> int:
    """Return what one hop of `on_hops` weighs."""
    return threshold_code(threshold) + 128 if kind == "mean" else 1


def _weights(codes: NDArray[np.int8], threshold: float, kind: Kind) -> NDArray[np.int64]:
    """Return what each decision weighs, shape (n,)."""
    if kind in ("count", "t3"):
        return (codes >= threshold_code(threshold)).astype(np.int64)
    levels = codes.astype(np.int64) + 128
    if kind == "mean":
        return levels
    odds = np.array(ODDS)
    return np.asarray(np.clip(odds[levels] - odds[threshold_code(threshold) + 128], -SURE, SURE) + SURE)


def _over(weights: NDArray[np.int64], hops: int) -> NDArray[np.int64]:
    """Return, for each decision, the sum over the last so many."""
    total = np.r_[0, np.cumsum(weights)]
    ends = np.arange(1, len(weights) + 1)
    summed: NDArray[np.int64] = total[ends] - total[np.maximum(0, ends - hops)]
    return summed


def _t3(
    codes: NDArray[np.int8], threshold: float, least: tuple[int, int], beats: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return for each decision whether a T3 was complete within the last T3_STAYS_HOPS."""
    sure = _over(_weights(codes, threshold, "t3"), least[1]) >= least[0]
    since: NDArray[np.bool_] = _over((beats & sure).astype(np.int64), T3_STAYS_HOPS) > 0
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


def find_events(
    codes: NDArray[np.int8],
    threshold: float,
    rule: EventRule,
    first_hop: int,
    beats: NDArray[np.bool_] | None = None,
) -> list[Event]:
    """Return the events in a row of codes.

    Args:
        codes: int8, shape (n,).
        threshold: probability from 0 to 1.
        rule: when an event starts and ends.
        first_hop: number of the hop that made codes[0]; hop k ends at 0.032·k s.
        beats: as `active_hops` takes them.
    """
    edges = np.diff(np.r_[False, active_hops(codes, threshold, rule, beats), False].astype(np.int8))
    starts, stops = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    return [
        Event(round((first_hop + a) * HOP_SECONDS, 3), round((first_hop + b - 1) * HOP_SECONDS, 3))
        for a, b in zip(starts.tolist(), stops.tolist(), strict=True)
    ]
