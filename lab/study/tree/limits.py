"""Limits that a walk's rows must keep, for continuous integration: "accuracy_int8>=0.95", "gzip_bytes<=20000"."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lab.errors import BadInput

COLUMNS = ("accuracy_fp32", "accuracy_fake_int8", "accuracy_int8", "tflite_bytes", "gzip_bytes", "sparsity", "clusters",
           "flash_bytes", "ram_bytes", "cycles", "npu_weights_bytes", "npu_ms", "seconds")  # fmt: skip
FORM = re.compile(r"\s*(\w+)\s*(<=|>=)\s*([-+.\deE_]+)\s*")


@dataclass(frozen=True, slots=True)
class Limit:
    """One column's greatest or least value.

    Attributes:
        column: one of COLUMNS.
        least: the value must be at least `value`; else at most.
        value: in the column's unit.
    """

    column: str
    least: bool
    value: float

    def broken_by(self, row: Mapping[str, Any]) -> str | None:
        """Return a sentence if a row breaks it, or cannot say; None if it keeps it."""
        who, found = f"{row['path']}, seed {row['seed']}", row.get(self.column)
        if row["failed"]:
            return f"{who} failed: {row['failed']}"
        if found is None:
            return f"{who} has no {self.column}: {row.get('cycles_why') or 'it was not measured'}"
        if (found >= self.value) if self.least else (found <= self.value):
            return None
        return f"{who} has {self.column} {found:,g}, {'less' if self.least else 'more'} than {self.value:,g}"


def limits_of(texts: Sequence[str]) -> list[Limit]:
    """Read limits as the command line takes them.

    Raises:
        BadInput: an unknown column, or no number.
    """
    made = []
    for text in texts:
        found = FORM.fullmatch(text)
        if found is None or found[1] not in COLUMNS:
            raise BadInput(
                f"The limit {text!r} cannot be read; write a column, <= or >=, and a number, such as "
                f"'gzip_bytes<=20000'. Columns are {', '.join(COLUMNS)}."
            )
        try:
            made.append(Limit(found[1], found[2] == ">=", float(found[3])))
        except ValueError as error:
            raise BadInput(f"The limit {text!r} has no number after {found[2]}.") from error
    return made


def broken(rows: Sequence[Mapping[str, Any]], limits: Sequence[Limit]) -> list[str]:
    """Return a sentence for each row and limit that is broken, and for each promise not kept."""
    told = [sentence for row in rows for limit in limits if (sentence := limit.broken_by(row))]
    if limits:
        told += [
            f"{row['path']}, seed {row['seed']} does not keep what it promises"
            for row in rows
            if not row["failed"] and not row["kept"]
        ]
    return list(dict.fromkeys(told))
