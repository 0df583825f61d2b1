"""A project as a whole: its version and split, out as one zip, in from one, or deleted."""

from typing import Any

import streamlit as st

from lab.sound.datasets import SPLITS
from lab.study import versions
from lab.workspace import jobs
from lab.workspace.store.erasing import erase_project
from pages.ui import acting, leaks, parts
from pages.ui.incoming import staged
from pages.ui.session import leave, store
from pages.ui.words import count_of
from pages.ui.work import job_panel, latest_result, submit

EXPORT_TASK, IMPORT_TASK = (f"lab.study.tasks:{name}_project" for name in ("export", "import"))
SPLIT_NAMES = {"train": "Trains", "validate": "Decides when to stop", "test": "Tests"}


def panel(project_id: int, name: str, filled: bool) -> None:
    """Draw it when unfolded: to split 10,000 sounds takes longer than the rest of the page."""
    folded = st.expander(
        "Whole project: split, version, export, delete", icon=":material/inventory_2:", key="whole", on_change="rerun"
    )
    if not folded.open:
        return
    with folded:
        if filled:
            _split(project_id)
        left, right = st.columns(2, gap="medium")
        with left:
            _export(project_id, name, filled)
        with right:
            _import(project_id)
        acting.button(
            "Delete this project …", icon=":material/delete_forever:", type="tertiary", on_click=_ask,
        )  # fmt: skip
        if st.session_state.get("_erase"):
            _confirm(project_id, name)


def _split(project_id: int) -> None:
    found = versions.version(store(), project_id)
    if not found.sha256:
        st.caption("No sound has a label yet; labelled sounds are split into those that train and those that test.")
        return
    for place, side in zip(st.columns(3), SPLITS, strict=True):
        recordings = count_of(found.recordings[side], "recording")
        place.metric(SPLIT_NAMES[side], count_of(found.clips[side], "sound"), recordings, "off", delta_arrow="off")
    how = "Its authors’ folds make the split" if found.by_fold else "Recordings are split, never parts of one"
    st.caption(f"{how}. Data version `{found.sha256[:8]}`: every detector names the one that it saw.")
    leaks.panel(project_id, found.sha256)


def _export(project_id: int, name: str, filled: bool) -> None:
    licences = versions.licences(store(), project_id)
    if forbidding := [licence for licence in licences if versions.non_commercial(licence)]:
        st.warning(f"Not for commercial use: {', '.join(forbidding)}.", icon=":material/gavel:")
    acting.button(
        "Prepare export", icon=":material/archive:", disabled=not filled, on_click=submit,
        args=(EXPORT_TASK, {"project_id": project_id}, project_id),
        help="One zip of all sounds, labels, licences and segments, which imports again bit for bit.",
    )  # fmt: skip
    job_panel(project_id, EXPORT_TASK)
    made: dict[str, Any] | None = latest_result(project_id, EXPORT_TASK)
    if made:
        kept = store()  # now: when the button is pressed, no page is drawn
        st.download_button(
            f"Download {count_of(made['clips'], 'sound')}, version {made['dataset'][:8] or '–'}",
            lambda: kept.read_artifact(made["artifacts"]["project.zip"]), f"{name}.zip", "application/zip",
            on_click="ignore", icon=":material/download:",
        )  # fmt: skip


def _import(project_id: int) -> None:
    file = st.file_uploader("An exported project comes in as a new one", type=["zip"], key="project-zip")
    acting.button("Import project", disabled=file is None, on_click=_bring_in, args=(project_id, file))
    row = job_panel(project_id, IMPORT_TASK)
    if row is not None and row.state == jobs.DONE and row.result:
        st.success(f"“{row.result['project']}” is here, with {count_of(row.result['clips'], 'sound')}.")


def _bring_in(project_id: int, file: Any) -> None:
    submit(IMPORT_TASK, {"path": staged(file)}, project_id)


def _ask() -> None:
    st.session_state["_erase"] = True


@parts.dialog("Delete this project?")
def _confirm(project_id: int, name: str) -> None:
    st.session_state["_erase"] = False
    st.markdown(
        "Its sounds, what was trained on them and its firmware go for good. This cannot be undone; export it first."
    )
    typed = st.text_input(f"Type **{name}** to confirm", key="erase-name")
    if acting.button("Delete for good", type="primary", disabled=typed.strip() != name):
        erase_project(store(), project_id)
        leave()
        st.rerun()
