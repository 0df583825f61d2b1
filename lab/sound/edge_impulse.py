"""Edge Impulse's exported data sets: `info.labels` beside folders named `training` and `testing`.

Source: Edge Impulse's documentation, "Edge Impulse labels". Which samples its authors train and test with is not
taken over: here recordings are split, and samples cut from one recording there are one recording here.
"""

import json
import re
from pathlib import Path, PurePosixPath
from typing import Any

from lab.errors import BadInput
from lab.sound.files import SUFFIXES
from lab.sound.labels import check_label
from lab.sound.layouts import Found, is_file
from lab.sound.segments import Segment

FILE = "info.labels"
FOLDERS = ("training", "testing")
MAX_BYTES = 64 * 2**20
ORIGIN = "Edge Impulse"
LABEL, UNLABELED, MULTI = "label", "unlabeled", "multi-label"
_PIECE = re.compile(r"\.s\d+$")
"""What the studio adds to the name of each sample that it splits off a longer one."""


def find(folder: Path) -> list[Path]:
    """Return the tables of an export: the one at its root, else those of its folders; at most one folder down."""
    for pattern in (FILE, *(f"{name}/{FILE}" for name in FOLDERS), f"*/{FILE}", f"*/*/{FILE}"):
        found = sorted(folder.glob(pattern))
        if found and found[0].parent.name in FOLDERS:
            return sorted(found[0].parent.parent.glob(f"*/{FILE}"))
        if found:
            return found[:1]
    return []


def read(tables: list[Path]) -> list[Found]:
    """Return the sounds that an export's tables name.

    Raises:
        BadInput: not such a table, or it names no sound that is there.
    """
    found = [each for table in tables for each in _of_table(table)]
    if not found:
        raise BadInput(f"{FILE} names no sound files: export the data set from Edge Impulse as WAV, not JSON or CBOR.")
    return found


def _of_table(table: Path) -> list[Found]:
    try:
        if table.stat().st_size > MAX_BYTES:
            raise BadInput(f"{FILE} has more than {MAX_BYTES // 2**20} MB, so it is no table of a data set.")
        rows = json.loads(table.read_bytes())["files"]
        named = [(str(row["path"]), row) for row in rows]
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as error:
        raise BadInput(f"{FILE} is not Edge Impulse's table of a data set: it needs a list of files.") from error
    return [_found(path, row, table) for path, row in named if PurePosixPath(path).suffix.lower() in SUFFIXES]


def _found(named: str, row: dict[str, Any], table: Path) -> Found:
    path = table.parent.joinpath(*PurePosixPath(named).parts)
    if PurePosixPath(named).is_absolute() or ".." in PurePosixPath(named).parts or not is_file(path):
        raise BadInput(f"{FILE} names {named[:80]!a}, which is not in its folder.")
    label, segments = _labelled(row.get("label"), named)
    name = str(row.get("name") or path.stem)
    return Found(path, label, _PIECE.sub("", name)[:300], origin=ORIGIN, unlabelled=not label, segments=segments)


def _labelled(given: Any, named: str) -> tuple[str, tuple[Segment, ...]]:
    """Return a sample's label, empty for none, and its segments where it has several."""
    kind = given.get("type", LABEL) if isinstance(given, dict) else UNLABELED
    try:
        if kind == LABEL:
            return check_label(str(given["label"])), ()
        if kind == MULTI:
            return "", tuple(_segment(each) for each in given["labels"])
    except (KeyError, TypeError, AttributeError, ValueError, OverflowError) as error:
        raise BadInput(f"{FILE} does not say in full how {named[:80]!a} is labelled.") from error
    if kind != UNLABELED:
        raise BadInput(f"{FILE} labels {named[:80]!a} in a way that is not known: {str(kind)[:40]!a}.")
    return "", ()


def _segment(row: dict[str, Any]) -> Segment:
    """Return a stretch; its places are milliseconds."""
    start_s, end_s = (float(row[name]) / 1000 for name in ("startIndex", "endIndex"))
    return Segment.from_json({"start_s": start_s, "end_s": end_s, "label": str(row["label"])})
