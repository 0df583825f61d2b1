"""Segments: where in a long recording something is heard."""

import csv
import io
import math
from dataclasses import dataclass
from typing import Any

from lab.errors import BadInput
from lab.sound.labels import check_label

COLUMNS = ("file", "start_s", "end_s")
MAX_S = 36_000.0
MAX_SEGMENTS = 10_000
"""Stretches that one sound, or one table, may have."""


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a recording.

    Attributes:
        start_s, end_s: in seconds from the recording's start.
        label: what is heard; empty for the recording's own label.
    """

    start_s: float
    end_s: float
    label: str = ""

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start_s) and math.isfinite(self.end_s) and 0 <= self.start_s < self.end_s <= MAX_S):
            raise BadInput(f"A segment from {self.start_s} to {self.end_s} s cannot be; it ends after it starts.")

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return {"start_s": self.start_s, "end_s": self.end_s, "label": self.label}

    @classmethod
    def from_json(cls, row: Any) -> "Segment":
        """Read plain data.

        Raises:
            BadInput: a part is missing, or is no number or label.
        """
        try:
            label = str(row.get("label") or "")
            return cls(float(row["start_s"]), float(row["end_s"]), check_label(label) if label else "")
        except (AttributeError, KeyError, TypeError, ValueError, OverflowError) as error:
            raise BadInput("A segment needs start_s and end_s in seconds.") from error


def read_csv(data: bytes) -> dict[str, list[Segment]]:
    """Read a table of file,start_s,end_s[,label]; return the segments by file name.

    Raises:
        BadInput: not such a table; says the line.
    """
    try:
        rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput("The table of segments is not a CSV file that can be read.") from error
    if not rows or any(column not in rows[0] for column in COLUMNS):
        raise BadInput(f"The table of segments needs rows with the columns {', '.join(COLUMNS)}.")
    _check_count(len(rows))
    found: dict[str, list[Segment]] = {}
    for line, row in enumerate(rows, start=2):
        try:
            found.setdefault(row["file"] or "", []).append(Segment.from_json(row))
        except BadInput as error:
            raise BadInput(f"Line {line} of the table of segments: {error}") from error
    return found


def read_labels(data: bytes) -> list[Segment]:
    """Read a label track that Audacity exported: lines of start, end and label with tabs between.

    Points, which have no length, and the lines of frequencies that follow a label are passed over; a label without
    text is the recording's own. Source: Audacity's manual, "Importing and Exporting Labels".

    Raises:
        BadInput: not such a file, or nothing but points; says the line.
    """
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError as error:
        raise BadInput("The label track is not a text file that can be read.") from error
    _check_count(len(lines))
    found = []
    for number, line in enumerate(lines, start=1):
        start, _, rest = line.partition("\t")
        if not line.strip() or start == "\\":
            continue
        end, _, label = rest.partition("\t")
        try:
            if _seconds(start) < _seconds(end):
                found.append(Segment.from_json({"start_s": _seconds(start), "end_s": _seconds(end), "label": label}))
        except ValueError as error:
            raise BadInput(f"Line {number} of the label track needs start and end in seconds, with tabs.") from error
        except BadInput as error:
            raise BadInput(f"Line {number} of the label track: {error}") from error
    if not found:
        raise BadInput("The label track has no stretches: mark regions in Audacity, not points.")
    return found


def _check_count(count: int) -> None:
    if count > MAX_SEGMENTS:
        raise BadInput(f"The table has {count:,} lines; at most {MAX_SEGMENTS:,} segments are kept. Cut it into parts.")


def _seconds(text: str) -> float:
    """Return a number with a decimal point, or the comma of some languages."""
    return float(text.replace(",", "."))
