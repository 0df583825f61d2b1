"""Which of the tuner's choices to take, and what becomes of a detector by it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from lab.deploy.detector import Detector
from lab.deploy.events import EventRule
from lab.errors import BadInput

ANY_ALARM, T3_ONLY = ("count", "mean", "any"), ("t3",)
"""Kinds of rules that hear every fire alarm, and those that ask for its rhythm."""


def best(rows: Sequence[dict[str, Any]], per_hour: float, kinds: Sequence[str] = ANY_ALARM) -> dict[str, Any]:
    """Return the choice that misses least among those with at most so many false alarms an hour.

    Of equals the quickest is taken, of those the strictest. Where none is quiet enough, the quietest.

    Raises:
        BadInput: no choice of these kinds.
    """
    fits = [row for row in rows if row["rule"]["kind"] in kinds and row["missed"] is not None]
    if not fits:
        raise BadInput(f"No rule of kind {' or '.join(kinds)} was tried.")
    quiet = [row for row in fits if row["per_hour"] <= per_hour]
    if not quiet:
        return min(fits, key=lambda row: (row["per_hour"], row["missed"]))
    return min(quiet, key=_order)


def _order(row: dict[str, Any]) -> tuple[float, ...]:
    on = row["rule"]["on_hops"] / row["rule"]["window_hops"]
    return row["missed"], row["delay_s"] or 99.0, row["per_hour"], -row["threshold"], -on


def with_choice(detector: Detector, choice: dict[str, Any]) -> Detector:
    """Return the detector with a choice's threshold and rule; what it scored before no longer holds."""
    return replace(detector, threshold=choice["threshold"], rule=EventRule(**choice["rule"]), scores={})
