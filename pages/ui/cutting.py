"""Trim the sound that is shown, or cut it into clips by its segments."""

from typing import Any

import streamlit as st

from lab.errors import LabError
from lab.sound.segments import Segment
from lab.study.cutting import cut, segment_from_file, trim
from lab.workspace.store import Clip, edits
from pages.ui import acting
from pages.ui.session import store
from pages.ui.shelf import new_table

COLUMNS = {"start_s": "from, s", "end_s": "to, s", "label": "label"}


def panel(clip: Clip) -> None:
    """Offer both, folded away."""
    with st.expander("Trim or cut", icon=":material/content_cut:"):
        _trimmer(clip)
        _cutter(clip)
        if problem := st.session_state.pop("_cut_problem", None):
            st.error(problem)


def _trimmer(clip: Clip) -> None:
    whole = (0.0, round(clip.seconds, 2))
    start, end = st.slider("Keep, in seconds", *whole, whole, 0.01, key=f"trim-{clip.id}")
    acting.button("Trim", disabled=(start, end) == whole, on_click=_trim, args=(clip, start, end))


def _cutter(clip: Clip) -> None:
    import pandas as pd

    table = st.file_uploader(
        "Segments as CSV (file, start_s, end_s), or a label track that Audacity exported",
        type=["csv", "txt"],
        key=f"segments-{clip.id}",
        on_change=_from_file,
        args=(clip,),
    )
    rows = pd.DataFrame(clip.segments, columns=["start_s", "end_s", "label"]).astype(
        {"start_s": float, "end_s": float, "label": str}
    )
    version = f"{clip.id}-{len(clip.segments)}-{table is not None}"
    edited = st.data_editor(rows, num_rows="dynamic", hide_index=True, key=f"rows-{version}", height="content",
                            column_config=COLUMNS)  # fmt: skip
    with st.container(horizontal=True):
        given = edited.dropna(subset=["start_s", "end_s"]).fillna("").to_dict("records")
        acting.button("Keep segments", disabled=given == clip.segments, on_click=_keep, args=(clip, given))
        acting.button(
            f"Cut into {len(given)} sounds", disabled=not given, on_click=_cut, args=(clip, given),
            help="They take this sound’s place and stay one recording for the split. Undo brings it back.",
        )  # fmt: skip


def _trim(clip: Clip, start_s: float, end_s: float) -> None:
    try:
        trim(store(), clip, start_s, end_s)
        new_table()
    except LabError as error:
        st.session_state["_cut_problem"] = str(error)


def _from_file(clip: Clip) -> None:
    file = st.session_state[f"segments-{clip.id}"]
    if file is None:
        return
    try:
        segment_from_file(store(), clip, file.name, file.getvalue())
    except LabError as error:
        st.session_state["_cut_problem"] = str(error)


def _keep(clip: Clip, rows: list[dict[str, Any]]) -> None:
    try:
        segments = [Segment.from_json(row).to_json() for row in rows]
        edits.set_segments(store(), clip.project_id, clip.id, segments)
    except LabError as error:
        st.session_state["_cut_problem"] = str(error)


def _cut(clip: Clip, rows: list[dict[str, Any]]) -> None:
    try:
        cut(store(), clip, [Segment.from_json(row) for row in rows])
        new_table()
    except LabError as error:
        st.session_state["_cut_problem"] = str(error)
