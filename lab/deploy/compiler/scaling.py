"""From sums to codes with two multiplications of 32 bits, exact for every sum that can be.

A code rises with the sum, so it is known by its thresholds: the least sum
that reaches each code. Any other rising rule with the same thresholds gives
the same codes. Here the rule is

    (sum * high + (sum * low + (sum * lower >> FINER) >> fine) + add) >> shift

and high, low and add are searched for until all thresholds agree; lower is 0,
and costs nothing, unless that fails.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lab.deploy.compiler.fixed import Ints

FINER = 8
_TRIES = 64
_INT32 = 2**31


@dataclass(frozen=True, slots=True)
class Scaling:
    """The rule's numbers for one filter."""

    high: int
    low: int
    lower: int
    add: int
    fine: int
    shift: int


def find_scaling(code_of: Callable[[Ints], Ints], factor: float, reach: tuple[int, int]) -> Scaling | None:
    """Return a rule that equals `code_of` for every sum within reach, after clamping; None if there is none.

    Args:
        code_of: sums to clamped codes; must rise with the sum.
        factor: codes a unit of the sum, roughly.
        reach: least and greatest sum.
    """
    low, high = reach
    ends = code_of(np.array([low, high], np.int64))
    if ends[0] == ends[1]:
        return Scaling(0, 0, 0, int(ends[0]), 1, 0)
    codes = np.arange(int(ends[0]) + 1, int(ends[1]) + 1, dtype=np.int64)
    firsts = _firsts(code_of, codes, low, high)
    size = max(abs(low), abs(high), 1)
    fine = min(16, 31 - size.bit_length())
    shift = 30 - int(max(abs(end) for end in _wide_codes(code_of, factor, reach)) + 2).bit_length()
    if fine < 1 or shift < 1:
        return None
    for finer in (0, FINER):
        middle = round(factor * 2.0 ** (shift + fine + finer))
        for change in sorted(range(-_TRIES, _TRIES + 1), key=abs):
            made = _fitted(middle + change, codes, firsts, (fine, finer), shift)
            if made is not None and _holds(made, reach):
                return made
    return None


def _wide_codes(code_of: Callable[[Ints], Ints], factor: float, reach: tuple[int, int]) -> tuple[float, float]:
    """Return the codes that the ends of reach would have without clamping, within a code or two."""
    codes = code_of(np.array(reach, np.int64)).astype(float)
    span = (reach[1] - reach[0]) * factor
    return float(codes[1] - span), float(codes[0] + span)


def _firsts(code_of: Callable[[Ints], Ints], codes: Ints, low: int, high: int) -> Ints:
    """Return the least sum that reaches each code, by halving."""
    below, reached = np.full(len(codes), low, np.int64), np.full(len(codes), high, np.int64)
    while (reached - below > 1).any():
        middle = (below + reached) >> 1
        is_reached = code_of(middle) >= codes
        below, reached = np.where(is_reached, below, middle), np.where(is_reached, middle, reached)
    return reached


def _fitted(multiplier: int, codes: Ints, firsts: Ints, fines: tuple[int, int], shift: int) -> Scaling | None:
    fine, finer = fines
    high, rest = multiplier >> (fine + finer), multiplier & ((1 << (fine + finer)) - 1)
    if not 0 < multiplier < _INT32 << (fine + finer):
        return None
    at, before = ((sums * multiplier) >> (fine + finer) for sums in (firsts, firsts - 1))
    least, most = int(((codes << shift) - at).max()), int(((codes << shift) - before).min()) - 1
    if least > most:
        return None
    lower = (rest & ((1 << finer) - 1)) << (FINER - finer)
    return Scaling(high, rest >> finer, lower, (least + most) // 2, fine, shift)


def _holds(made: Scaling, reach: tuple[int, int]) -> bool:
    """Return whether nothing that must fit 32 bits leaves them."""
    sums = np.array(reach, np.int64)
    parts = sums * made.low + (sums * made.lower >> FINER)
    wide = sums * made.high + (parts >> made.fine) + made.add
    return bool(max(np.abs(parts).max(), np.abs(sums * made.lower).max(), np.abs(wide).max(), abs(made.add)) < _INT32)
