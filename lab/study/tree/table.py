"""The compare table: rows of several seeds together, as data, CSV and Markdown, with the published figures beside."""

import csv
import io
from collections.abc import Sequence
from statistics import mean, stdev
from typing import Any

Row = dict[str, Any]
MEANS = (
    "accuracy_fp32", "accuracy_fake_int8", "accuracy_int8", "tflite_bytes", "gzip_bytes", "sparsity", "clusters",
    "flash_bytes", "ram_bytes", "cycles", "npu_weights_bytes", "npu_ms", "seconds",
)  # fmt: skip
COLUMNS = (
    "path", "seeds", "accuracy_fp32", "accuracy_fake_int8", "accuracy_int8", "deviation", "delta", "delta_low",
    "delta_high", "tflite_bytes", "gzip_bytes", "saved", "gzip_over_plain", "gzip_over_gzip", "sparsity", "clusters",
    "flash_bytes", "ram_bytes", "cycles", "npu_weights_bytes", "npu_ms", "seconds", "kept", "failed",
)  # fmt: skip
BASE = "PTQ"


def summary(rows: Sequence[Row]) -> list[Row]:
    """Return one row a path: means over its seeds, and what the article's table lacks.

    Args:
        rows: as a walk gives them, one a path and seed.

    Returns:
        Rows of COLUMNS. `deviation` is the sample deviation of the INT8 accuracy over seeds; `delta` its mean
        difference to PTQ of the same seed, `delta_low` and `delta_high` the ends of its 95 % interval where there are
        several; `saved` the article's definition, 1 - gzip / plain bytes of the same file;
        `gzip_over_plain` and `gzip_over_gzip` compare with PTQ's plain and gzip bytes.
    """
    labels = list(dict.fromkeys(row["path"] for row in rows))
    apart = {label: interval(rows, label, BASE) or {} for label in labels if label != BASE}
    base = {row["seed"]: row for row in rows if row["path"] == BASE and not row["failed"]}
    made = [_together([row for row in rows if row["path"] == label], base) for label in labels]
    return [row | {f"delta_{end}": apart.get(row["path"], {}).get(end) for end in ("low", "high")} for row in made]


def _together(rows: Sequence[Row], base: dict[int, Row]) -> Row:
    good = [row for row in rows if not row["failed"]]
    made: Row = dict.fromkeys(COLUMNS)
    made |= {
        "path": rows[0]["path"],
        "seeds": len(good),
        "failed": next((row["failed"] for row in rows if row["failed"]), None),
    }
    if not good:
        return made
    for name in MEANS:
        values = [row[name] for row in good if row.get(name) is not None]
        made[name] = mean(values) if values else None
    scores = [row["accuracy_int8"] for row in good]
    made["deviation"] = stdev(scores) if len(scores) > 1 else None
    paired = [row["accuracy_int8"] - base[row["seed"]]["accuracy_int8"] for row in good if row["seed"] in base]
    made["delta"] = mean(paired) if paired else None
    made["saved"] = 1 - made["gzip_bytes"] / made["tflite_bytes"]
    if base:
        plain, zipped = (mean(row[name] for row in base.values()) for name in ("tflite_bytes", "gzip_bytes"))
        made |= {"gzip_over_plain": made["gzip_bytes"] / plain, "gzip_over_gzip": made["gzip_bytes"] / zipped}
    made["kept"] = all(row["kept"] for row in good)
    return made


def interval(rows: Sequence[Row], path: str, over: str) -> dict[str, float | int] | None:
    """Return how much more accurate one path is than another, paired by seed, with a 95 % interval.

    Args:
        rows: as a walk gives them.
        path, over: their names.

    Returns:
        `mean`, `low`, `high` and `seeds`; None with fewer than two seeds in common. Student's t.
    """
    from scipy.stats import t

    scores = {
        name: {row["seed"]: row["accuracy_int8"] for row in rows if row["path"] == name and not row["failed"]}
        for name in (path, over)
    }
    common = sorted(set(scores[path]) & set(scores[over]))
    if len(common) < 2:
        return None
    apart = [scores[path][seed] - scores[over][seed] for seed in common]
    half = float(t.ppf(0.975, len(apart) - 1)) * stdev(apart) / len(apart) ** 0.5
    return {"mean": mean(apart), "low": mean(apart) - half, "high": mean(apart) + half, "seeds": len(apart)}


def to_csv(rows: Sequence[Row]) -> str:
    """Return a summary as CSV, numbers unrounded."""
    out = io.StringIO()
    writer = csv.DictWriter(out, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def to_markdown(rows: Sequence[Row]) -> str:
    """Return a summary as a Markdown table for people."""
    heads = (
        "path", "FP32", "fake INT8", "INT8", "± (seeds)", "bytes", "gzip", "saved", "zeros", "codes", "flash", "RAM",
        "M0+ cycles", "NPU weights", "NPU ms", "promises",
    )  # fmt: skip
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for row in rows:
        if not row["seeds"]:
            lines.append(
                f"| {row['path']} | failed: {str(row['failed']).replace('|', '/')} |" + " |" * (len(heads) - 2)
            )
            continue
        spread = f"{row['deviation']:.2%} ({row['seeds']})" if row["deviation"] is not None else f"({row['seeds']})"
        cells = (
            row["path"], _share(row["accuracy_fp32"]), _share(row["accuracy_fake_int8"]), _share(row["accuracy_int8"]),
            spread, _count(row["tflite_bytes"]), _count(row["gzip_bytes"]), _share(row["saved"]),
            _share(row["sparsity"]), _count(row["clusters"]), _count(row["flash_bytes"]), _count(row["ram_bytes"]),
            _count(row["cycles"]), _count(row.get("npu_weights_bytes")), _count(row.get("npu_ms"), 3),
            "kept" if row["kept"] else "NOT kept",
        )  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.2%}"


def _count(value: float | None, digits: int = 0) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
