"""One leaf of a walked tree: chosen in the drawing, then what it costs, its weights, its promises, its files."""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from lab.optimize.paths import named
from lab.study.tree.options import Options
from lab.study.tree.script import BATCH, toolkit_script
from pages.ui import charts, comparing, cost, parts, tree
from pages.ui.finding import to_firmware
from pages.ui.results import downloads
from pages.ui.session import store

AXES = {"cycles": "M0+ cycles", "gzip_bytes": "gzip bytes", "flash_bytes": "flash bytes"}
PLOT = "tree-pareto"
Result = Mapping[str, Any]


@parts.fragment
def measured(result: Result, project_id: int, detectors: Mapping[str, bytes] | None = None) -> None:
    """Draw a walked tree, and all about the leaf that is looked at.

    Args:
        result: of the walk.
        project_id: whose.
        detectors: files that lie in no store yet, by "LABEL.SEED"; None where the result names its artifacts.
    """
    left, right = st.columns(2, gap="large")
    with left:
        failed = [row["path"] for row in result["summary"] if not row["seeds"]]
        leaves = [row["path"] for row in result["summary"]]
        leaf = tree.look(leaves, failed, cost.smallest(result["summary"]) or leaves[0])
    with right:
        _plot(result, leaf)
    told = cost.sentence(result, leaf)
    if leaf in failed:
        st.error(told, icon=":material/error:")
    else:
        st.success(told, icon=":material/compress:")
    for why in cost.failures(result["summary"], leaf):
        st.error(why, icon=":material/error:")
    _more(result, leaf)
    if leaf not in failed:
        _take(result, leaf, project_id, detectors)


def _more(result: Result, leaf: str) -> None:
    table, weights, kept, two, article = st.tabs(["All paths", "Weights", "Promises", "Two paths", "Published"])
    with table:
        comparing.table(result)
    with weights:
        _weights(result, leaf)
    with kept:
        _promises(result, leaf)
    with two:
        comparing.two(result)
    with article:
        comparing.published()


def _plot(result: Result, leaf: str) -> None:
    """Draw accuracy against bytes or cycles, the leaf's dot marked; a click on another looks at that."""
    axis = st.segmented_control("Accuracy against", list(AXES), default="cycles", format_func=AXES.get, key="tree-axis",
                                required=True)  # fmt: skip
    points = [row for row in result["summary"] if row["seeds"] and row[axis] is not None]
    if not points:
        st.caption("Nothing to draw: the cross compiler or the virtual board is not here, so there are no cycles.")
        return
    charts.pareto(
        [row["path"] for row in points], [row[axis] for row in points], [row["accuracy_int8"] for row in points],
        [row["deviation"] or 0 for row in points], AXES[axis], PLOT, leaf,
    )  # fmt: skip


def _weights(result: Result, leaf: str) -> None:
    """Draw a kernel's weights after each step on the way to a leaf."""
    found = result["densities"]
    if not found:
        st.caption("This walk kept no weights to draw.")
        return
    layers = sorted(found, key=lambda name: -found[name][0]["values"])
    layer = st.selectbox("Kernel of layer", layers, key="tree-layer")
    steps = named(leaf).steps[: -1 if named(leaf).is_qat else None]
    way = ["base", *("+".join(steps[: count + 1]) for count in range(len(steps))), f"{leaf} (int8)"]
    rows = [row for row in found[layer] if row["step"] in way]
    for start in range(0, len(rows), 2):
        for column, row in zip(st.columns(2, gap="large"), rows[start : start + 2], strict=False):
            with column:
                charts.density(row, key=f"density-{layer}-{row['step']}")
    st.caption("From your model down to the int8 codes of the file that ships, as in the article’s figure.")


def _promises(result: Result, leaf: str) -> None:
    """Draw what a leaf promised of each kernel, what its file holds, and what it mistakes for what."""
    good = [row for row in result["rows"] if row["path"] == leaf and not row["failed"]]
    if not good:
        st.caption("A leaf that failed has no file to look into.")
        return
    row = good[0]
    if len(good) > 1:
        row = st.selectbox("Seed", good, format_func=lambda each: str(each["seed"]), key="tree-seed")
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.dataframe([_promise(each) for each in row["promises"]], hide_index=True, key="tree-promise-rows")
        st.caption(
            "Read from the .tflite. Codes count per channel where each channel has its own scale, which multiplies "
            "shared values; both counts are shown."
        )
        if result.get("left"):
            names = ", ".join(result["left"])
            st.caption(f"Left as they were: {names}. The toolkit keeps no depthwise kernel’s zeros or clusters.")
    with right:
        charts.confusion(row["confusion"], result["labels"], key="tree-confusion")


def _promise(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "kernel": _layer(row["tensor"]), "promise": row["promise"], "wanted": row["wanted"], "found": row["found"],
        "kept": "kept" if row["kept"] else "NOT kept", "codes, tensor": row.get("codes"),
        "codes, a channel": row.get("codes_per_channel_max"), "scales": row.get("scales"),
    }  # fmt: skip


def _layer(tensor: str) -> str:
    """Return the layer of a tensor: "conv" of "model/quant_conv/Conv2D;model/…"."""
    parts = tensor.split(";")[0].split("/")
    return parts[1].removeprefix("quant_") if len(parts) > 2 else tensor


def _take(result: Result, leaf: str, project_id: int, detectors: Mapping[str, bytes] | None) -> None:
    """Offer the leaf's files, and its way to Firmware."""
    st.subheader(f"Take {leaf} along", anchor=False)
    if detectors is None:
        files = {name: sha for name, sha in result["artifacts"].items() if _of(name, leaf)}
        seeds = sorted({name.rsplit(".", 2)[1] for name in files if name.endswith(".tflite")}, key=int)
        seed = st.selectbox("Seed", seeds, key="tree-take") if len(seeds) > 1 else seeds[0] if seeds else "0"
        chosen = {
            name: sha for name, sha in files.items() if name.startswith(f"{leaf}.{seed}.") or name == f"{leaf}.py"
        }
        detector = f"{leaf}.{seed}.detector"
        if detector in chosen:
            to_firmware(project_id, f"{result['model']} {leaf}", detector, lambda: chosen[detector], "tree")
        downloads(chosen, key="tree", main=".tflite")
    else:
        _prepared(result, leaf, project_id, detectors)
    st.caption(f"{leaf}.py is the same way as a plain script of the optimization toolkit: it runs without this lab.")


def _of(name: str, leaf: str) -> bool:
    """Whether a file is a leaf's: "prune+PTQ.0.tflite" is no file of "PTQ"."""
    return name == f"{leaf}.py" or name.rsplit(".", 2)[0] == leaf


def _prepared(result: Result, leaf: str, project_id: int, detectors: Mapping[str, bytes]) -> None:
    """The same of a tree that came with the lab: files are kept only once somebody takes them."""
    from lab.deploy.detector import Detector

    name, data = next((name, data) for name, data in detectors.items() if name.rsplit(".", 1)[0] == leaf)
    file_name = f"{name}.detector"
    to_firmware(project_id, f"{result['model']} {leaf}", file_name,
                lambda: store().put_artifact("detector", file_name, data).sha256, "tree")  # fmt: skip
    script = toolkit_script(named(leaf), Options.from_json(dict(result["options"])), result.get("batch") or BATCH)
    with st.container(horizontal=True):
        for label, content in (
            (f"{name}.tflite", Detector.from_bytes(data).model),
            (file_name, data),
            (f"{leaf}.py", script),
        ):
            st.download_button(label, content, label, key=f"prepared-{label}", on_click="ignore",
                               icon=":material/download:")  # fmt: skip
