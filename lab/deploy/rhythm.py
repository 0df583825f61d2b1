"""The rhythm of a T3, seen in the level of one band: three tones, a pause, and tones again.

A detector's window of about a second blurs the half-second gaps of a T3; its
rows, one each 32 ms, do not. So the rhythm is looked for in the rows: where a
T3 of some speed, whose second tone of a second group has just ended, has
tones and gaps, each tone must be louder than the gaps on either side, the
tones alike, and each of them steady. Tunes and bells rarely manage all of it.

Everything is an integer, so firmware/core/rhythm.c gives the same answer.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from lab.sound.features.rows import Rows
from lab.sound.features.spec import HOP_LEN, FeatureSpec

SPAN_HOPS = 8
"""Length of each look at a tone or a gap: 0.256 s of about half a second, so that speeds in between fit too."""
CONTRAST_DB, SPREAD_DB, FLUTTER_DB = 3.3, 13.0, 2.5
"""How much louder a tone is than a gap, at least; how far apart two tones are and how unsteady they are, at most."""
BELOW_DB = 12.0
"""How far below the loudest band a tone may lie: what leaks into the others has the same rhythm, but is no tone."""
CLEAR_SHARE = 8
"""A tone rises above a gap beside it by at least one in so many parts of the whole range, from quietest to loudest."""
LAST_SEEN_S = 0.42
"""How long the newest tone has sounded when a rhythm is complete."""
BEFORE_S = (-0.85, -0.40)
"""Where it is looked for quiet before the first tone."""
_HOP_S = HOP_LEN / 16_000
_OCTAVE_DB = 20 * float(np.log10(2))

Levels = NDArray[np.uint8]
Sums = NDArray[np.int32]
Places = tuple[NDArray[np.intp], NDArray[np.intp]]


@dataclass(frozen=True, slots=True)
class Look:
    """Where to look for one tone or gap.

    Attributes:
        ago: hops from its first to now, the newest being 1 ago.
        tone: whether it should be a tone.
    """

    ago: int
    tone: bool


Speed = tuple[Look, ...]
"""Looks from the newest to the oldest."""


def _speed(pulse_s: float, rest_s: float) -> Speed:
    """Return the looks of a T3 whose tones begin `pulse_s` apart, its groups 2 · pulse_s + rest_s apart."""
    cycle_s = 2 * pulse_s + rest_s
    now_s = cycle_s + pulse_s + LAST_SEEN_S
    starts = (0.0, pulse_s, 2 * pulse_s, cycle_s, cycle_s + pulse_s)
    tones = [each + 0.14 for each in starts]
    gaps = [starts[index] - 0.31 for index in (1, 2, 4)]
    pauses = [2 * pulse_s + after for after in (0.72, 0.98, 1.24)] + [cycle_s - before for before in (0.58, 0.32)]
    looks = [(start, True) for start in tones] + [(start, False) for start in [*BEFORE_S, *gaps, *pauses]]
    return tuple(Look(round((now_s - start) / _HOP_S), tone) for start, tone in sorted(looks, reverse=True))


PULSES_S, RESTS_S = (0.9, 0.95, 1.0, 1.05, 1.1), (1.85, 1.95, 2.05, 2.15)
SPEEDS: tuple[Speed, ...] = tuple(_speed(pulse, rest) for pulse, rest in product(PULSES_S, RESTS_S))
"""ISO 8201's tones of 0.5 s, gaps of 0.5 s and pause of 1.5 s, each up to ten per cent shorter or longer."""
LOOK_BACK = max(look.ago for speed in SPEEDS for look in speed)
NEWEST = SPEEDS[0][:2]
"""The newest tone and the gap before it, the same at every speed."""
TONES = sum(look.tone for look in SPEEDS[0])
NEAR = 4
"""So many looks say nothing of the pause, and are the same wherever tones are as far apart."""
BY_PULSE = tuple(SPEEDS[start : start + len(RESTS_S)] for start in range(0, len(SPEEDS), len(RESTS_S)))
"""Speeds by how far apart their tones are."""


def can_tell(spec: FeatureSpec) -> bool:
    """Return whether a spec's rows are levels in logarithmic codes, and a board keeps those of a hop."""
    return spec.compression.startswith("log2") and spec.rows >= spec.rows_per_hop


def in_codes(db: float, spec: FeatureSpec) -> int:
    """Return a difference of levels in a spec's codes, at least one."""
    return max(1, round(db / _OCTAVE_DB * spec.steps))


def levels(rows: Rows, spec: FeatureSpec) -> Levels:
    """Return one row a hop: the mean code of each band, rounded down.

    Args:
        rows: uint8 codes as `hop_rows` gives them, shape (hops · rows_per_hop, bands).
        spec: their spec.
    """
    grouped = rows.reshape(-1, spec.rows_per_hop, spec.bands)
    means: Levels = (grouped.sum(axis=1, dtype=np.uint32) // spec.rows_per_hop).astype(np.uint8)
    return means


def beats(heard: Levels, spec: FeatureSpec, count: int | None = None) -> NDArray[np.bool_]:
    """Return for each of the newest hops whether some band has just completed a T3's rhythm.

    Args:
        heard: uint8, shape (n, bands), one row a hop, oldest first; before them there was silence.
        spec: their spec; one that `can_tell`.
        count: hops to answer for, all by default; older ones are only looked back on.

    Returns:
        bool, shape (count,).
    """
    count = len(heard) if count is None else count
    padding = np.zeros((max(0, LOOK_BACK + count - len(heard)), heard.shape[1]), np.int32)
    seen = np.concatenate([padding, heard[-(LOOK_BACK + count) :]]).astype(np.int32)
    sums, squares = _spans(seen), _spans(seen * seen)
    ends = len(seen) - count + 1
    tone, gap = (sums[ends - look.ago :][:count] for look in NEWEST)
    loud = tone >= tone.max(axis=1, keepdims=True) - SPAN_HOPS * in_codes(BELOW_DB, spec)
    hop, band = np.nonzero(loud & (tone - gap >= SPAN_HOPS * in_codes(CONTRAST_DB, spec)))
    found = np.zeros(count, np.bool_)
    if not len(hop):
        return found  # nearly always, and a page asks hop by hop
    for speeds in BY_PULSE:
        near = _fits(sums, squares, (hop + ends, band), speeds[0][:NEAR], spec)
        for speed in speeds if near.any() else ():
            fits = _fits(sums, squares, (hop[near] + ends, band[near]), speed, spec)
            found[hop[near][fits]] = True
    return found


def beside(speed: Speed) -> list[tuple[int, int]]:
    """Return each tone's place among the looks, with the place of each gap between it and the next tone."""
    tones = [place for place, look in enumerate(speed) if look.tone]
    around = zip([tones[0], *tones], tones, [*tones[1:], len(speed)], strict=False)
    return [(at, gap) for newer, at, older in around for gap in (*range(newer + 1, at), *range(at + 1, older))]


def _spans(values: Sums) -> Sums:
    """Return the sum of SPAN_HOPS rows from each row on."""
    total = np.concatenate([np.zeros((1, values.shape[1]), np.int32), np.cumsum(values, axis=0, dtype=np.int32)])
    sums: Sums = total[SPAN_HOPS:] - total[:-SPAN_HOPS]
    return sums


def _fits(sums: Sums, squares: Sums, places: Places, speed: Speed, spec: FeatureSpec) -> NDArray[np.bool_]:
    """Return at which places, ends and bands, the looks of one speed show its tones and gaps."""
    contrast, spread, flutter = (in_codes(db, spec) for db in (CONTRAST_DB, SPREAD_DB, FLUTTER_DB))
    end, band = (each[:, None] for each in places)
    ago = np.array([look.ago for look in speed])
    seen, square = sums[end - ago, band], squares[end - ago, band]
    tones = [place for place, look in enumerate(speed) if look.tone]
    above, below = np.array(beside(speed)).T
    apart = (seen[:, above] - seen[:, below]).min(axis=1)
    clear = (apart >= SPAN_HOPS * contrast) & (CLEAR_SHARE * apart >= seen.max(axis=1) - seen.min(axis=1))
    tone = seen[:, tones]
    alike = tone.max(axis=1) - tone.min(axis=1) <= SPAN_HOPS * spread
    # SPAN_HOPS² times the variance of each tone
    unsteady = (SPAN_HOPS * square[:, tones] - tone * tone).sum(axis=1)
    steady: NDArray[np.bool_] = unsteady <= TONES * (SPAN_HOPS * flutter) ** 2
    fits: NDArray[np.bool_] = clear & alike & steady
    return fits
