"""From sums to codes with two multiplications of 32 bits, exact for every sum that can be.

A code rises with the sum, so it is known by its thresholds: the least sum
that reaches each code. Any other rising rule with the same thresholds gives
the same codes. Here a sum below `first` has the least code, one of `last` or
more the greatest, and for those between the rule is

    (sum * high + (sum * low + (sum * lower >> FINER) >> fine) + add) >> SHIFT

high, low and add are searched for until all thresholds agree; lower is 0 and
fine is FINE, for which there is assembly, unless that fails.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from lab.deploy.compiler.fixed import Ints

SHIFT = 24
"""A code is a word's upper byte."""
FINE = 12
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
    first: int
    last: int
    fine: int = FINE


def find_scaling(
    code_of: Callable[[Ints], Ints], factor: float, reach: tuple[int, int], limits: tuple[int, int]
) -> Scaling | None:
    """Return a rule that equals `code_of` for every sum within reach; None if there is none.

    Args:
        code_of: sums to clamped codes; must rise with the sum.
        factor: codes a unit of the sum, roughly.
        reach: least and greatest sum.
        limits: least and greatest code.
    """
    low, high = reach
    ends = code_of(np.array([low, high], np.int64))
    if ends[0] == ends[1]:
        return Scaling(0, 0, 0, int(ends[0]) << SHIFT, -_INT32, _INT32 - 1)
    codes = np.arange(int(ends[0]) + 1, int(ends[1]) + 1, dtype=np.int64)
    firsts = _firsts(code_of, codes, low, high)
    first, low = (int(firsts[0]), int(firsts[0])) if ends[0] == limits[0] else (-_INT32, low)
    last, high = (int(firsts[-1]), int(firsts[-1]) - 1) if ends[1] == limits[1] else (_INT32 - 1, high)
    fine = min(FINE, 31 - max(abs(low), abs(high), 1).bit_length())
    if fine < 1:
        return None
    for finer in (0, FINER):
        middle = round(factor * 2.0 ** (SHIFT + fine + finer))
        for change in sorted(range(-_TRIES, _TRIES + 1), key=abs):
            made = _fitted(middle + change, codes, firsts, (fine, finer), (first, last))
            if made is not None and _holds(made, (low, high)):
                return replace(made, add=_wrapped(made.add))
    return None


def _firsts(code_of: Callable[[Ints], Ints], codes: Ints, low: int, high: int) -> Ints:
    """Return the least sum that reaches each code, by halving."""
    below, reached = np.full(len(codes), low, np.int64), np.full(len(codes), high, np.int64)
    while (reached - below > 1).any():
        middle = (below + reached) >> 1
        is_reached = code_of(middle) >= codes
        below, reached = np.where(is_reached, below, middle), np.where(is_reached, middle, reached)
    return reached


def _fitted(
    multiplier: int, codes: Ints, firsts: Ints, fines: tuple[int, int], ends: tuple[int, int]
) -> Scaling | None:
    fine, finer = fines
    high, rest = multiplier >> (fine + finer), multiplier & ((1 << (fine + finer)) - 1)
    if not 0 < multiplier < _INT32 << (fine + finer):
        return None
    at, before = ((sums * multiplier) >> (fine + finer) for sums in (firsts, firsts - 1))
    least, most = int(((codes << SHIFT) - at).max()), int(((codes << SHIFT) - before).min()) - 1
    if least > most:
        return None
    lower = (rest & ((1 << finer) - 1)) << (FINER - finer)
    return Scaling(high, rest >> finer, lower, (least + most) // 2, *ends, fine)


def _wrapped(value: int) -> int:
    return (value + _INT32) % (2 * _INT32) - _INT32


def _holds(made: Scaling, reach: tuple[int, int]) -> bool:
    """Return whether nothing that must fit 32 bits leaves them: the whole may wrap on its way, but not at its end."""
    sums = np.array(reach, np.int64)
    parts = sums * made.low + (sums * made.lower >> FINER)
    wide = sums * made.high + (parts >> made.fine) + made.add
    sizes = (np.abs(parts).max(), np.abs(sums * made.lower).max())
    return bool(max(sizes) < _INT32 and wide.min() >= -_INT32 and wide.max() < _INT32)
