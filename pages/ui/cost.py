"""What a leaf of the tree costs, in one sentence."""

from collections.abc import Mapping, Sequence
from typing import Any

from lab.study.tree.table import BASE
from pages.ui import words

POSITIVE = "alarm"
Row = Mapping[str, Any]


def smallest(rows: Sequence[Row]) -> str | None:
    """Return the leaf of fewest gzip bytes that keeps what it promises, or None.

    Args:
        rows: of a summary.
    """
    good = [row for row in rows if row["seeds"] and row["kept"]]
    return str(min(good, key=lambda row: row["gzip_bytes"])["path"]) if good else None


def failures(rows: Sequence[Row], but: str) -> list[str]:
    """Return why leaves have no file, a sentence a reason: what stops a step stops every leaf behind it.

    Args:
        rows: of a summary.
        but: leaf to leave out.
    """
    reasons: dict[str, list[str]] = {}
    for row in rows:
        if row["failed"] and row["path"] != but:
            reasons.setdefault(row["failed"], []).append(row["path"])
    return [_without_file(paths, reason) for reason, paths in reasons.items()]


def _without_file(paths: Sequence[str], reason: str) -> str:
    return f"{', '.join(paths)} {'has' if len(paths) == 1 else 'have'} no file: {reason}"


def sentence(result: Row, path: str) -> str:
    """Return what a leaf costs against PTQ: bytes, cycles, accuracy and, of alarms, misses.

    Args:
        result: of a walk.
        path: of the leaf.
    """
    by_path = {row["path"]: row for row in result["summary"]}
    row, base = by_path[path], by_path.get(BASE)
    if not row["seeds"]:
        return _without_file([path], row["failed"])
    told = f"**{path}** takes {_bytes(row, base)}{_cycles(row, base)}; "
    if base is None or not base["seeds"] or path == BASE:
        told += f"{words.percent(row['accuracy_int8'])} of held-out examples are decided rightly."
        return told + (" The other leaves are measured against it." if path == BASE else " Walk PTQ too, to compare.")
    told += f"it is {_accuracy(row)}"
    misses = _misses(result, path)
    if misses is not None:
        told += f", and misses {words.percent(misses)} of the alarm windows ({words.percent(_misses(result, BASE))})"
    ending = " It is the smallest leaf." if path == smallest(result["summary"]) else ""
    return f"{told}.{ending}{'' if row['kept'] else ' It does **not** keep what it promises.'}"


def _bytes(row: Row, base: Row | None) -> str:
    return f"{words.size(row['gzip_bytes'])} zipped{_share(row, base, 'gzip_bytes')}"


def _cycles(row: Row, base: Row | None) -> str:
    return f" and {words.cycles(row['cycles'])} cycles{_share(row, base, 'cycles')}" if row["cycles"] else ""


def _share(row: Row, base: Row | None, name: str) -> str:
    if base is None or row is base or not base[name]:
        return ""
    return f" ({row[name] / base[name]:.0%} of PTQ’s)"


def _accuracy(row: Row) -> str:
    """Return the difference to PTQ in words, no surer than its interval."""
    points, low, high = 100 * row["delta"], row.get("delta_low"), row.get("delta_high")
    if low is not None and high is not None and low <= 0 <= high:
        ends = f"{100 * low:+.2f} to {100 * high:+.2f} points"
        return f"as accurate as PTQ, as far as {row['seeds']} seeds tell (95 %: {ends})"
    told = f"{abs(points):.2f} points {'less' if points < 0 else 'more'} accurate than PTQ"
    if low is None or high is None:
        return f"{told}, by one seed"
    return f"{told} (95 %: {100 * low:+.2f} to {100 * high:+.2f}, {row['seeds']} seeds)"


def _misses(result: Row, path: str) -> float | None:
    """Return the share of alarm windows that a leaf takes for something else, over its seeds."""
    labels = list(result["labels"])
    if POSITIVE not in labels:
        return None
    place = labels.index(POSITIVE)
    counts = [row["confusion"][place] for row in result["rows"] if row["path"] == path and not row["failed"]]
    whole = sum(sum(row) for row in counts)
    return sum(sum(row) - row[place] for row in counts) / whole if whole else None
