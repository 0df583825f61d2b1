"""All paths beside each other: the compare table, two of them, and the published ones."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from lab.study.tree.published import TABLES
from lab.study.tree.table import to_csv, to_markdown

SHARES = ("accuracy_fp32", "accuracy_fake_int8", "accuracy_int8", "deviation", "delta", "delta_low", "delta_high",
          "saved", "gzip_over_plain", "gzip_over_gzip", "sparsity")  # fmt: skip
COUNTS = ("tflite_bytes", "gzip_bytes", "flash_bytes", "ram_bytes", "cycles", "clusters", "npu_weights_bytes",
          "seconds")  # fmt: skip
TITLES = {
    "path": "Path", "seed": "Seed", "seeds": "Seeds", "accuracy_fp32": "FP32", "accuracy_fake_int8": "Fake INT8",
    "accuracy_int8": "INT8", "delta": "Δ to PTQ", "tflite_bytes": ".tflite bytes", "gzip_bytes": "gzip bytes",
    "saved": "saved", "sparsity": "zeros", "clusters": "codes", "flash_bytes": "flash bytes",
    "ram_bytes": "arena bytes", "cycles": "M0+ cycles", "kept": "promises", "deviation": "± seeds",
    "delta_low": "Δ from", "delta_high": "Δ up to", "gzip_over_plain": "gzip / PTQ plain",
    "gzip_over_gzip": "gzip / PTQ gzip", "npu_weights_bytes": "NPU weights, bytes", "npu_ms": "NPU ms",
    "seconds": "trained s", "failed": "failed",
}  # fmt: skip
KINDS = {
    "quantized after": lambda path: path.endswith("PTQ"), "quantized in training": lambda path: path.endswith("QAT"),
    "with pruning": lambda path: "prune" in path or path in ("PQAT", "PCQAT"),
    "with clustering": lambda path: "cluster" in path or path in ("CQAT", "PCQAT"),
}  # fmt: skip
TWO = ("accuracy_int8", "gzip_bytes", "sparsity", "clusters", "flash_bytes", "ram_bytes", "cycles", "seconds")


def shown(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return rows as a person reads them: titles, and shares as percent."""
    asked = any(row.get("npu_ms") is not None for row in rows)
    names = [name for name in TITLES if asked or not name.startswith("npu_")]
    return [{TITLES[name]: _cell(name, row.get(name)) for name in names if name in row} for row in rows]


def _cell(name: str, value: Any) -> Any:
    if name == "kept" and value is not None:
        return "kept" if value else "NOT kept"
    if value is None or name not in (*SHARES, *COUNTS):
        return value
    return round(100 * value, 2) if name in SHARES else round(value)


def table(result: Mapping[str, Any]) -> None:
    """Draw the compare table with its filter and downloads."""
    with st.container(horizontal=True, vertical_alignment="center"):
        kinds = st.pills("Show only", list(KINDS), selection_mode="multi", key="tree-kinds", help="All that are chosen "
                         "must hold. A column’s menu sorts, pins and hides it.")  # fmt: skip
        each = st.toggle("Each seed", key="tree-each") if _several(result) else False
    rows = [row for row in result["rows" if each else "summary"] if all(KINDS[kind](row["path"]) for kind in kinds)]
    st.dataframe(shown(rows), hide_index=True, column_config=columns(), key="tree-table")
    st.caption(
        "INT8 is measured on the .tflite that ships, on examples held back. “saved” is the article’s figure: gzip over "
        "the same file’s bytes. gzip saves a download, not flash: flash and cycles are those of the generated C, "
        "emulated, in which a zero weight costs no instruction and equal weights share a multiplication."
    )
    summary = result["summary"]
    with st.container(horizontal=True):
        st.download_button("Table as CSV", to_csv(summary), "table.csv", on_click="ignore", icon=":material/download:")
        st.download_button(
            "Table as Markdown", to_markdown(summary), "table.md", on_click="ignore", icon=":material/download:"
        )


def _several(result: Mapping[str, Any]) -> bool:
    return any(row["seeds"] > 1 for row in result["summary"])


def columns() -> dict[str, Any]:
    """Return how the columns of shown rows are written: shares with their %, counts with separators."""
    percent = {TITLES[name]: st.column_config.NumberColumn(TITLES[name], format="%.2f %%") for name in SHARES}
    whole = {TITLES[name]: st.column_config.NumberColumn(TITLES[name], format="localized") for name in COUNTS}
    return {**percent, **whole, "Path": st.column_config.TextColumn("Path", pinned=True)}


def two(result: Mapping[str, Any]) -> None:
    """Let a person compare two paths, figure by figure."""
    by_path = {row["path"]: row for row in result["summary"] if row["seeds"]}
    good = list(by_path)
    if len(good) < 2:
        st.caption("There is one path with a file; walk another to compare.")
        return
    left, right = st.columns(2)
    one = left.selectbox("Compare", good, 0, key="tree-one")
    other = right.selectbox("with", good, len(good) - 1, key="tree-two")
    lines = []
    for name in TWO:
        a, b = by_path[one][name], by_path[other][name]
        lines.append({
            "": TITLES[name], one: _cell(name, a), f"{other} ": _cell(name, b),
            "ratio": round(b / a, 3) if a and b is not None else None,
        })  # fmt: skip
    st.dataframe(lines, hide_index=True, key="tree-two-rows")


def published() -> None:
    """Draw the article's own figures, marked as such."""
    st.dataframe(
        [
            {"Published for": row.model, "Path": row.path, "FP32 %": row.accuracy_fp32,
             "Fake INT8 %": row.accuracy_fake_int8, "INT8 %": row.accuracy_int8, ".tflite bytes": row.tflite_bytes,
             "gzip bytes": row.gzip_bytes, "": row.note}
            for row in TABLES
        ],
        hide_index=True, key="tree-published",
    )  # fmt: skip
    st.caption("Published by Arm on the TensorFlow blog, on other data and longer training. Not measured here.")
