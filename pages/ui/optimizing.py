"""The form of the Optimize page, and a walk while it runs."""

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from lab.errors import LabError
from lab.study.tree.npu import ACCELERATORS
from lab.study.tree.options import EPOCHS, INITS, MAX_SEEDS, RAMPS
from lab.study.tree.prepared import PreparedTree, prepared_tree
from pages.ui import acting, comparing, finding, leaf, parts, tree, words
from pages.ui.frame import empty
from pages.ui.session import store
from pages.ui.work import metrics, submit

TASK = "lab.study.tree.task:optimize"
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


def folded(project_id: int, result: Mapping[str, Any] | None) -> None:
    """Draw the form when it is unfolded: it starts open only where there is nothing else to see.

    Args:
        project_id: whose.
        result: the newest walk, whose layers can be left out by name.
    """
    ready = _ready()
    folds = st.expander("Walk your own", icon=":material/account_tree:", key="tree-form", on_change="rerun",
                        expanded=result is None and ready is None)  # fmt: skip
    if folds.open:
        with folds, parts.shows_errors():
            known = result or (ready.outcome if ready else {})
            form(project_id, list(known.get("densities") or {}))


def _ready() -> PreparedTree | None:
    """Return the tree that came with this copy; a damaged one is as none here, and told where it would be drawn."""
    try:
        return prepared_tree()
    except LabError:
        return None


def heading(result: Mapping[str, Any]) -> None:
    """Say which model was walked, how, and where."""
    st.subheader(words.model(result["model"]), anchor=False)
    st.caption(_told(result))


def _told(result: Mapping[str, Any]) -> str:
    seeds = max((row["seeds"] for row in result["summary"]), default=0)
    options, on = result["options"], result.get("on") or {}
    parts = [f"{options['sparsity']:.0%} zeros" if "sparsity" in options else "",
             f"{options['clusters']} clusters" if "clusters" in options else "", words.count_of(seeds, "seed"),
             f"scored on {result['scored']:,} held-out examples" if result.get("scored") else "",
             f"{on['day']}, {on['machine']}" if on else ""]  # fmt: skip
    return " · ".join(part for part in parts if part)


def prepared(project_id: int) -> None:
    """Draw the tree that came with the lab, and say so; or that there is none."""
    found = prepared_tree()
    if found is None:
        empty(
            "No tree walked yet", "The table appears here. All eight leaves of the alarm detector take a few minutes."
        )
        with st.expander("The published figures"):
            comparing.published()
        return
    outcome = found.outcome
    heading(outcome)
    versions = ", ".join(f"{name} {number}" for name, number in outcome["on"]["versions"].items())
    st.info(
        f"Prepared: this tree came with the lab, walked on synthetic sound by `{outcome['command']}`, so that nobody "
        "waits. Your own walk takes its place.",
        icon=":material/inventory_2:",
    )
    leaf.measured(outcome, project_id, found.detectors)
    st.caption(f"The prepared tree took {words.duration(outcome['seconds'])} with {versions}.")


def form(project_id: int, layers: Sequence[str] = ()) -> None:
    """Ask for model, data, leaves and settings; submit the walk.

    Args:
        project_id: whose.
        layers: names to choose from where some are left out; others can be typed.
    """
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
        options, seeds = _options(layers)
    if acting.button("Find it" if searches else "Walk the tree", type="primary", icon=":material/account_tree:"):
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


def _options(layers: Sequence[str]) -> tuple[dict[str, Any], int]:
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
        excluded = st.multiselect("Layers to leave", layers, key="tree-excluded", accept_new_options=True,
                                  placeholder="none", help="Choose or type a name. Depthwise layers are always left as "
                                                           "they are.")  # fmt: skip
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
    return {
        "npu": npu,
        "sparsity": sparsity,
        "ramp": ramp,
        "clusters": clusters,
        "init": init,
        "excluded": list(excluded),
        **epochs,
    }, seeds


@parts.fragment(run_every=2.0)
def live(job_id: int, paths: Sequence[str]) -> None:
    """Draw the tree with each node's state, and the rows that are there, while a walk runs."""
    told: list[dict[str, Any]] = metrics(job_id)
    tree.draw(tree.states_of(told, paths), paths, key="tree-live")
    rows = [event["row"] for event in told if "row" in event]
    if rows:
        st.dataframe(comparing.shown(rows), hide_index=True, column_config=comparing.columns(), key="tree-live-rows")
