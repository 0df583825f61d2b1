"""The forms and results of training."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import streamlit as st

from lab.deploy.detector import Detector
from lab.errors import LabError
from lab.learn.models import ARCHITECTURES, MAX_DENSE, MAX_FILTERS, MAX_KERNEL
from lab.workspace.store import Run
from pages.ui import acting, charts, words
from pages.ui.augmenting import for_training
from pages.ui.detectors import SUFFIX
from pages.ui.parts import shows_errors
from pages.ui.results import downloads, figures
from pages.ui.session import owner, store
from pages.ui.work import latest_job, submit

BASELINE, FINETUNE = "lab.study.tasks:train_baseline", "lab.study.tasks:finetune"
STEPS = {BASELINE: "1 · Baseline", FINETUNE: "2 · Fine-tune"}
OWN, EMBEDDED = "The sounds of this project", "Sounds made by this program"
KINDS = {"ds": "Depthwise-separable, small and quick on the board", "article": "The article’s convolution"}
SPECS = {
    "default": "default: 31 × 32 codes, as the board computes them",
    "published": "published: 124 × 129, the article’s",
}
SIZES = (
    ("Filters", 1, MAX_FILTERS), ("Kernel rows (time)", 1, MAX_KERNEL), ("Kernel bands", 1, MAX_KERNEL),
    ("Hidden units", 0, MAX_DENSE),
)  # fmt: skip
"""Name, least and greatest of what can be changed about a network."""

FEW_WINDOWS = 200
ARCH_OF_SPEC = {"default": "ds", "published": "article"}


def pick_step(project_id: int) -> str:
    """Draw the choice between the two steps, at first the one worked on last; return its task."""
    last = latest_job(project_id, *STEPS)
    chosen = st.segmented_control(
        "Step", list(STEPS), default=last.task if last else BASELINE, format_func=STEPS.get, required=True,
        key=f"step-{project_id}", label_visibility="collapsed",
    )  # fmt: skip
    return chosen or BASELINE


def baseline_form(project_id: int) -> None:
    """Ask what the baseline learns from, and how; submit it."""
    counts = store().labels(project_id)
    with st.container(border=True):
        source = st.radio(
            "Learn from", [EMBEDDED, OWN], captions=["alarms and what is mistaken for them", _counted(counts)]
        )
        copies = _copies(project_id, "baseline") if source == OWN else {}
        with st.expander("Advanced", icon=":material/tune:"):
            spec, arch = _network()
            schedule = _schedule("baseline")
        data = {"project_id": project_id, **copies} if source == OWN else {"embedded": True}
        if acting.button("Train the baseline", type="primary", icon=":material/play_arrow:"):
            if source == OWN and len(counts) < 2:
                st.error(
                    f"This project has {words.count_of(len(counts), 'label')}; training needs two. Add sounds first."
                )
                return
            submit(BASELINE, {**data, "spec": spec, "arch": arch, **schedule}, project_id)
            st.rerun()


def finetune_form(project_id: int, baselines: Sequence[Run]) -> None:
    """Ask which baseline becomes a detector, and for which labels; submit it."""
    counts = store().labels(project_id)
    labels = [label for label in counts if label]
    with st.container(border=True):
        start = st.selectbox(
            "Start from", baselines, format_func=lambda run: f"{run.name} · {run.created:%d %b %H:%M} UTC"
        )
        st.caption(f"Learns from the sounds of this project: {_counted(counts)}.")
        positive = st.multiselect(
            "These labels raise an event", labels, default=[label for label in labels if label == "alarm"],
            placeholder="Choose one or more",
        )  # fmt: skip
        own = _own_project(project_id)
        copies = _copies(project_id, "finetune")
        name = st.text_input("Name", "My detector", max_chars=80)
        with st.expander("Advanced", icon=":material/tune:"):
            schedule = _schedule("finetune")
        if acting.button("Fine-tune", type="primary", icon=":material/play_arrow:"):
            if not positive or len(labels) < 2:
                st.error("Fine-tuning needs sounds of two labels or more, one of which raises an event.")
                return
            chosen = {
                "project_id": project_id,
                "from_run": start.id,
                "positive": positive,
                "name": name,
                **own,
                **copies,
            }
            submit(FINETUNE, {**chosen, "spec": start.data.get("spec", "default"), **schedule}, project_id)
            st.rerun()


def _own_project(project_id: int) -> dict[str, int]:
    """Ask for a project of recordings made where the board will hang; return it as an argument of the task."""
    others = [project for project in store().projects(owner()) if project.id != project_id]
    if not others:
        return {}
    chosen = st.selectbox(
        "Then your own recordings", others, None, format_func=lambda project: project.name, placeholder="none",
        help="A project recorded where the board will hang. The last stage learns from it, and so does the training "
        "with rounding.",
    )  # fmt: skip
    return {"own_project_id": chosen.id} if chosen else {}


def _copies(project_id: int, stage: str) -> dict[str, Any]:
    with shows_errors():
        return for_training(project_id, stage)
    return {}


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {label or 'without a label'}" for label, count in counts.items()) or "none yet"


def _network() -> tuple[str, dict[str, Any]]:
    left, right = st.columns(2)
    spec = left.selectbox("Features", list(SPECS), format_func=SPECS.get, key="spec")
    usual_kind = list(KINDS).index(ARCH_OF_SPEC[spec])
    kind = right.selectbox("Architecture", list(KINDS), usual_kind, format_func=KINDS.get, key=f"kind-{spec}")
    usual = ARCHITECTURES[kind]
    filters, rows, bands, dense = (
        column.number_input(name, least, most, value, key=f"{kind}-{name}")
        for column, (name, least, most), value in zip(
            st.columns(4), SIZES, (usual.filters, *usual.kernel, usual.dense), strict=True
        )
    )
    return spec, {"kind": kind, "filters": filters, "kernel": [rows, bands], "dense": dense}


def _schedule(key: str) -> dict[str, int | None]:
    left, right = st.columns(2)
    epochs = left.number_input(
        "Epochs at most", 1, 500, None, key=f"{key}-epochs", placeholder="as usual",
        help="Training stops earlier when it no longer helps.",
    )  # fmt: skip
    seed = right.number_input("Seed", 0, 2**31 - 1, 0, key=f"{key}-seed", help="Equal seeds, equal networks.")
    return {"epochs": epochs, "seed": seed}


def scores(windows: Mapping[str, Any]) -> None:
    """Draw the figures and the confusion matrix of held-out windows."""
    how = f"{windows.get('count') or 0:,} windows of recordings held back"
    several = len(windows.get("labels") or ()) > 2
    figures(
        [
            ("Windows right", words.percent(windows.get("accuracy")), how),
            (
                "Precision",
                words.percent(windows.get("precision")),
                "mean of all kinds" if several else "of what it called alarm",
            ),
            ("Recall", words.percent(windows.get("recall")), "mean of all kinds" if several else "of what was alarm"),
        ]
    )
    if 0 < (windows.get("count") or 0) < FEW_WINDOWS:
        st.caption("Few sounds were held back: take these figures as a first look, and add more recordings.")
    if windows.get("confusion"):
        charts.confusion(windows["confusion"], windows["labels"], key="confusion")


def threshold_editor(result: Mapping[str, Any], project_id: int) -> None:
    """Let a person move the threshold along the curve and keep the detector so."""
    detector = Detector.from_bytes(store().read_artifact(result["detector"]))
    threshold = st.slider("Threshold", 0.0, 1.0, detector.threshold, 0.01, key=f"threshold-{result['detector'][:12]}")
    curve = as_columns(result["windows"].get("curve"))
    if curve:
        at = nearest(curve["threshold"], threshold)
        st.markdown(
            f"At **{threshold:.2f}** precision is **{words.percent(curve['precision'][at])}** "
            f"and recall **{words.percent(curve['recall'][at])}**."
        )
        charts.precision_recall(curve, threshold, key="precision-recall")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.text_input("Name", detector.name, max_chars=80, key="detector-name")
        acting.button("Save detector", type="primary", icon=":material/save:", on_click=_save,
                  args=(detector, name, threshold, project_id, result))  # fmt: skip
    if problem := st.session_state.pop("_save_problem", None):
        st.error(problem)
    if saved := st.session_state.pop("_saved_detector", None):
        st.success(f"Saved “{saved}”. It is on the Firmware page now.", icon=":material/check_circle:")
    downloads({f"detector{SUFFIX}": result["detector"]}, key="trained", main=SUFFIX)


def _save(detector: Detector, name: str, threshold: float, project_id: int, result: Mapping[str, Any]) -> None:
    try:
        kept = replace(detector, name=name.strip() or detector.name, threshold=threshold)
        sha = store().put_artifact("detector", f"{kept.name}{SUFFIX}", kept.to_bytes()).sha256
        data = {"threshold": threshold, "from_run": result.get("run_id"), "windows": result["windows"]}
        store().save_run(project_id, "detector", kept.name, data, {f"{kept.name}{SUFFIX}": sha})
    except LabError as error:
        st.session_state["_save_problem"] = str(error)
    else:
        st.session_state["_saved_detector"] = kept.name


def as_columns(curve: Any) -> dict[str, list[float]] | None:
    """Return a precision/recall curve as columns, whether it came as columns or as rows."""
    if not curve:
        return None
    if isinstance(curve, Mapping):
        return {name: list(values) for name, values in curve.items()}
    return {name: [row[name] for row in curve] for name in ("threshold", "precision", "recall")}


def nearest(values: Sequence[float], wanted: float) -> int:
    """Return the place of the value closest to the wanted one."""
    return min(range(len(values)), key=lambda place: abs(values[place] - wanted))
