"""The forms and results of the Optimize page."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from lab.study.tree import prepared as ready
from lab.study.tree.npu import ACCELERATORS
from lab.study.tree.options import EPOCHS, INITS, MAX_SEEDS, RAMPS
from lab.study.tree.published import TABLES
from lab.study.tree.table import to_csv, to_markdown
from pages.ui import charts, finding, tree, words
from pages.ui.finding import to_firmware
from pages.ui.results import downloads
from pages.ui.session import store
from pages.ui.work import metrics, submit

TASK = "lab.study.tree.task:optimize"
PREPARED = (
    "Prepared: the fire alarm detector’s eight leaves, walked once on sounds that this program makes, one seed. It "
    "ships with the lab, so that nobody waits; your own walk takes its place."
)
WALK, FIND = "Walk chosen leaves", "Find the smallest that still …"
EMBEDDED, PROJECT, UPLOADED = "embedded", "project", "uploaded"
MODELS = {
    "alarm": "Fire alarm detector", "ds_cnn_s": "DS-CNN S, keywords", "ds_cnn_m": "DS-CNN M, keywords",
    "ds_cnn_l": "DS-CNN L, keywords", "mobilenet_v1": "MobileNetV1, pictures", "own": "My own Keras model",
}  # fmt: skip
SOURCES = {
    EMBEDDED: "Sounds made by this program", PROJECT: "The sounds of this project", UPLOADED: "An .npz file of arrays",
}  # fmt: skip
SOURCES_OF = {"alarm": (EMBEDDED, PROJECT), "mobilenet_v1": (UPLOADED,), "own": (PROJECT, UPLOADED)}
TOGETHER = ("accuracy_fp32", "accuracy_fake_int8", "accuracy_int8", "deviation", "delta", "saved", "gzip_over_plain",
            "gzip_over_gzip", "sparsity")  # fmt: skip
TITLES = {
    "path": "Path", "seeds": "Seeds", "accuracy_fp32": "FP32", "accuracy_fake_int8": "Fake INT8",
    "accuracy_int8": "INT8", "deviation": "± seeds", "delta": "Δ to PTQ", "tflite_bytes": ".tflite bytes",
    "gzip_bytes": "gzip bytes", "saved": "saved", "gzip_over_plain": "gzip / PTQ plain",
    "gzip_over_gzip": "gzip / PTQ gzip", "sparsity": "zeros", "clusters": "codes", "flash_bytes": "flash bytes",
    "ram_bytes": "arena bytes", "cycles": "M0+ cycles",
    "npu_weights_bytes": "NPU weights, bytes", "npu_ms": "NPU ms",
    "seconds": "trained s", "kept": "promises", "failed": "failed",
}  # fmt: skip


def form(project_id: int) -> None:
    """Ask for model, data, leaves and settings; submit the walk."""
    left, right = st.columns(2, gap="large")
    model = left.selectbox("Model", list(MODELS), format_func=MODELS.get, key="tree-model")
    sources = SOURCES_OF.get(model, (PROJECT,))
    source = right.selectbox("Learns from", sources, format_func=SOURCES.get, key=f"tree-data-{model}")
    args: dict[str, Any] = {"model": model, "project_id": project_id, "data": source}
    if model == "alarm":
        args["spec"] = left.radio("Features", ["default", "published"], horizontal=True, key="tree-spec")
    if model == "mobilenet_v1":
        args["alpha"] = left.select_slider("Width α", [0.25, 0.5, 0.75, 1.0], key="tree-alpha")
    uploads = _uploads(model, source)
    searches = st.segmented_control("What for", (WALK, FIND), default=WALK, key="tree-what", required=True) == FIND
    wanted: dict[str, Any] = {"goal": finding.goal()} if searches else {"paths": tree.pick(disabled=False)}
    with st.expander("How each step is taken", icon=":material/tune:"):
        options, seeds = _options()
    if st.button("Find it" if searches else "Walk the tree", type="primary", icon=":material/account_tree:"):
        if not searches and not wanted["paths"]:
            st.error("Choose at least one leaf of the tree.")
            return
        if any(value is None for value in uploads.values()):
            st.error("Add the file first.")
            return
        task = finding.TASK if searches else TASK
        submit(task, {**args, **_kept(uploads), **wanted, "options": options, "seeds": seeds}, project_id)
        st.rerun()


def _uploads(model: str, source: str) -> dict[str, Any]:
    made: dict[str, Any] = {}
    if model == "own":
        made["file"] = st.file_uploader(
            "Keras model", ["h5", "keras"], key="tree-file", help="Keras 2 or 3; no Lambda."
        )
    if source == UPLOADED:
        help_text = "x_train, y_train, x_test and y_test; y holds class numbers from 0."
        made["data"] = st.file_uploader("Examples", ["npz"], key="tree-npz", help=help_text)
    return made


def _kept(uploads: Mapping[str, Any]) -> dict[str, Any]:
    """Keep uploaded files as artifacts; return what names them in the task's arguments."""
    made: dict[str, Any] = {}
    for name, upload in uploads.items():
        made[name] = store().put_artifact("upload", upload.name, upload.getvalue()).sha256
        if name == "file":
            made |= {"file_name": upload.name, "model": upload.name}
    return made


def _options() -> tuple[dict[str, Any], int]:
    prune, cluster, rest = st.columns(3, gap="large")
    with prune:
        sparsity = st.slider(
            "Sparsity", 0.1, 0.95, 0.5, 0.05, key="tree-sparsity", help="Share of zeros in every kernel."
        )
        ramp = st.selectbox("Schedule", RAMPS, key="tree-ramp", help="Polynomial grows the share from nothing.")
    with cluster:
        clusters = st.slider("Clusters", 2, 64, 16, key="tree-clusters", help="Distinct values in every kernel.")
        init = st.selectbox("Centroids begin", INITS, key="tree-init")
    with rest:
        seeds = st.number_input("Seeds", 1, MAX_SEEDS, 1, key="tree-seeds", help="Several give a mean and a deviation.")
        excluded = st.text_input("Layers to leave", "", key="tree-excluded", placeholder="conv, head",
                                 help="Names, with commas. Depthwise layers are always left as they are.")  # fmt: skip
    columns = st.columns(4)
    steps = (("base", None), *((step.lower(), epochs) for step, epochs in EPOCHS.items()))
    epochs = {
        f"{step}_epochs": column.number_input(
            f"Epochs: {step}",
            1,
            500,
            None,
            key=f"tree-epochs-{step}",
            placeholder="as usual" if usual is None else str(usual),
        )
        for column, (step, usual) in zip(columns, steps, strict=True)
    }
    npu = st.selectbox("Ask Vela too, for", ACCELERATORS, None, key="tree-npu", placeholder="no Ethos-U",
                       help="Arm’s compiler for its NPUs: encoded weights and estimated time.")  # fmt: skip
    names = [name.strip() for name in excluded.split(",") if name.strip()]
    return {
        "npu": npu,
        "sparsity": sparsity,
        "ramp": ramp,
        "clusters": clusters,
        "init": init,
        "excluded": names,
        **epochs,
    }, seeds


@st.fragment(run_every=2.0)
def live(job_id: int, paths: Sequence[str]) -> None:
    """Draw the tree with each node's state, and the rows that are there, while a walk runs."""
    told: list[dict[str, Any]] = metrics(job_id)
    tree.draw(tree.states_of(told, paths), paths, key="tree-live")
    rows = [event["row"] for event in told if "row" in event]
    if rows:
        st.dataframe(_shown(rows), hide_index=True, key="tree-live-rows")


def _shown(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    asked = any(row.get("npu_ms") is not None for row in rows)
    names = [name for name in TITLES if asked or not name.startswith("npu_")]
    return [{TITLES[name]: _cell(name, row.get(name)) for name in names if name in row} for row in rows]


def _cell(name: str, value: Any) -> Any:
    if name == "kept" and value is not None:
        return "kept" if value else "NOT kept"
    return round(100 * value, 2) if name in TOGETHER and value is not None else value


def compare_table(result: Mapping[str, Any]) -> None:
    """Draw the compare table, two rows side by side, and its downloads."""
    rows = result["summary"]
    percent = {TITLES[name]: st.column_config.NumberColumn(TITLES[name], format="%.2f %%") for name in TOGETHER}
    whole = {
        TITLES[name]: st.column_config.NumberColumn(TITLES[name], format="localized")
        for name in (
            "tflite_bytes",
            "gzip_bytes",
            "flash_bytes",
            "ram_bytes",
            "cycles",
            "clusters",
            "npu_weights_bytes",
            "seconds",
        )
    }
    first = {"Path": st.column_config.TextColumn("Path", pinned=True)}
    st.dataframe(_shown(rows), hide_index=True, column_config={**percent, **whole, **first}, key="tree-table")
    for row in rows:
        if row["failed"]:
            st.error(f"{row['path']}: {row['failed']}", icon=":material/error:")
    st.caption(
        "INT8 is measured on the .tflite that ships, on examples held back. “saved” is the article’s figure: gzip over "
        "the same file’s bytes. gzip saves a download, not flash: flash and cycles are those of the generated C, "
        "emulated, in which a zero weight costs no instruction and equal weights share a multiplication."
    )
    with st.container(horizontal=True):
        st.download_button("Table as CSV", to_csv(rows), "table.csv", on_click="ignore", icon=":material/download:")
        st.download_button(
            "Table as Markdown", to_markdown(rows), "table.md", on_click="ignore", icon=":material/download:"
        )


def side_by_side(rows: Sequence[Mapping[str, Any]]) -> None:
    """Let a person compare two paths, figure by figure."""
    good = [row["path"] for row in rows if row["seeds"]]
    if len(good) < 2:
        return
    left, right = st.columns(2)
    one = left.selectbox("Compare", good, 0, key="tree-one")
    two = right.selectbox("with", good, len(good) - 1, key="tree-two")
    by_path = {row["path"]: row for row in rows}
    lines = []
    for name in ("accuracy_int8", "gzip_bytes", "sparsity", "clusters", "flash_bytes", "ram_bytes", "cycles"):
        a, b = by_path[one][name], by_path[two][name]
        lines.append({
            "": TITLES[name], one: _cell(name, a), f"{two} ": _cell(name, b),
            "ratio": round(b / a, 3) if a and b is not None else None,
        })  # fmt: skip
    st.dataframe(lines, hide_index=True, key="tree-two-rows")


def pareto(rows: Sequence[Mapping[str, Any]]) -> None:
    """Draw accuracy against bytes or cycles."""
    names = {"cycles": "M0+ cycles", "gzip_bytes": "gzip bytes", "flash_bytes": "flash bytes"}
    axis = (
        st.segmented_control("Against", list(names), default="cycles", format_func=names.get, key="tree-axis")
        or "cycles"
    )
    points = [row for row in rows if row["seeds"] and row[axis] is not None]
    if not points:
        st.caption("Nothing to draw: the cross compiler or the virtual board is not here, so there are no cycles.")
        return
    charts.pareto(
        [row["path"] for row in points], [row[axis] for row in points], [row["accuracy_int8"] for row in points],
        [row["deviation"] or 0 for row in points], names[axis], key="tree-pareto",
    )  # fmt: skip


def density(result: Mapping[str, Any]) -> None:
    """Draw one kernel's weights after each step."""
    found = result["densities"]
    if not found:
        return
    left, right = st.columns(2)
    layer = left.selectbox("Kernel of layer", list(found), key="tree-layer")
    steps = {row["step"]: row for row in found[layer]}
    usual = [name for name in ("base", "prune", "prune+cluster", "PCQAT (int8)") if name in steps] or list(steps)[:4]
    chosen = right.multiselect("After", list(steps), usual, key="tree-steps")
    for name in chosen:
        charts.density(steps[name], key=f"density-{layer}-{name}")


def promises(result: Mapping[str, Any]) -> None:
    """Draw what each leaf promised of each kernel, and what the file holds."""
    good = [row for row in result["rows"] if not row["failed"]]
    if not good:
        return
    names = [f"{row['path']} · seed {row['seed']}" for row in good]
    row = good[names.index(st.selectbox("Leaf", names, len(names) - 1, key="tree-promises"))]
    left, right = st.columns([3, 2], gap="large")
    with left:
        st.dataframe(
            [{**each, "kept": "kept" if each["kept"] else "NOT kept"} for each in row["promises"]],
            hide_index=True, key="tree-promise-rows",
        )  # fmt: skip
    with right:
        charts.confusion(row["confusion"], result["labels"], key="tree-confusion")


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


def files(result: Mapping[str, Any], project_id: int) -> None:
    """Offer one leaf: its files, and its way to Firmware."""
    names = sorted({name.rsplit(".", 1)[0] for name in result["artifacts"] if name.endswith(".tflite")})
    if not names:
        return
    chosen = names[0]
    if len(names) > 1:
        chosen = st.selectbox(
            "Take along", names, key="tree-take", format_func=lambda name: name.replace(".", " · seed ")
        )
    path = chosen.rsplit(".", 1)[0]
    wanted = {name: sha for name, sha in result["artifacts"].items() if name.rsplit(".", 1)[0] in (chosen, path)}
    detector = wanted.get(f"{chosen}.detector")
    if detector:
        to_firmware(project_id, f"{result['model']} {path}", f"{chosen}.detector", detector, "tree")
    downloads(wanted, key="tree", main=".tflite")
    st.caption(f"{path}.py is the same way as a plain script of the optimization toolkit: it runs without this lab.")


@st.cache_data(show_spinner=False)
def prepared() -> dict[str, Any] | None:
    """Return the walk that ships with the lab, or None."""
    return ready.prepared_tree()


def prepared_files(result: Mapping[str, Any], project_id: int) -> None:
    """Offer one leaf of the prepared walk; only the chosen one's files are put into the store."""
    path = st.selectbox("Take along", [row["path"] for row in result["summary"]], None, key="tree-take",
                        placeholder="Choose a leaf")  # fmt: skip
    if path:
        files({**result, "artifacts": ready.prepared_leaf(store(), path)}, project_id)


def headline(result: Mapping[str, Any]) -> str:
    """Return one sentence: what the smallest path costs."""
    good = [row for row in result["summary"] if row["seeds"] and row["delta"] is not None and row["kept"]]
    if not good:
        return ""
    least = min(good, key=lambda row: row["gzip_bytes"])
    points = 100 * least["delta"]
    cost = f"{abs(points):.2f} points {'less' if points < 0 else 'more'} accurate than PTQ"
    cycles = f", {words.cycles(least['cycles'])} cycles" if least["cycles"] else ""
    return f"{least['path']} is the smallest: {words.size(least['gzip_bytes'])} zipped{cycles}, {cost}."
