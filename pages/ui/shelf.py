"""The table of a project's sounds: filter, choose, relabel, delete, undo."""

from collections.abc import Sequence

import streamlit as st

from lab.errors import LabError
from lab.sound.labels import check_label
from lab.workspace.store import Clip
from pages.ui.session import store
from pages.ui.words import count_of

USUAL_LABELS = ("alarm", "not_alarm")
NO_LABEL = "no label"
FIRST = {"selection": {"rows": [0], "columns": []}}


def labels_of(clips: Sequence[Clip]) -> list[str]:
    """Return the labels to offer: those in use, and the usual two."""
    return sorted({clip.label for clip in clips if clip.label} | set(USUAL_LABELS))


def filtered(clips: Sequence[Clip]) -> list[Clip]:
    """Draw the filters and return the clips that pass."""
    counts: dict[str, int] = {}
    for clip in clips:
        counts[clip.label or NO_LABEL] = counts.get(clip.label or NO_LABEL, 0) + 1
    text = st.text_input(
        "Find", placeholder="Find by name, source or note", icon=":material/search:", label_visibility="collapsed"
    )
    chosen = st.pills(
        "Labels", sorted(counts), selection_mode="multi", format_func=lambda name: f"{name} · {counts[name]}",
        label_visibility="collapsed",
    )  # fmt: skip
    return [clip for clip in clips if _passes(clip, text.strip().lower(), chosen)]


def _passes(clip: Clip, text: str, labels: Sequence[str]) -> bool:
    words = " ".join([clip.name, clip.source, clip.recording_id, *clip.notes]).lower()
    return text in words and (not labels or (clip.label or NO_LABEL) in labels)


def table(clips: Sequence[Clip]) -> list[Clip]:
    """Draw the clips and return the selected ones."""
    import pandas as pd

    rows = pd.DataFrame(
        {
            "name": [clip.name for clip in clips],
            "label": [clip.label or NO_LABEL for clip in clips],
            "length": [clip.seconds for clip in clips],
            "peak": [clip.peak for clip in clips],
        }
    )
    column = st.column_config
    event = st.dataframe(
        rows, hide_index=True, on_select="rerun", selection_mode="multi-row", height=min(470, 38 + 35 * len(rows)),
        selection_default=FIRST if clips else None,
        key=f"shelf-{st.session_state.get('_shelf', 0)}",
        column_config={
            "name": column.TextColumn("Sound", width="medium"),
            "label": column.TextColumn("Label", width="small"),
            "length": column.NumberColumn("Length", format="%.1f s", width="small"),
            "peak": column.ProgressColumn("Peak", min_value=0, max_value=1, format="%.2f", width="small"),
        },
    )  # fmt: skip
    return [clips[row] for row in event.selection.rows if row < len(clips)]


def describe(clip: Clip) -> None:
    """Say what a clip is and where it comes from."""
    st.subheader(clip.name, anchor=False)
    facts = [clip.label or NO_LABEL, f"{clip.seconds:.1f} s", clip.source, clip.licence, *clip.notes]
    st.caption(" · ".join(fact for fact in facts if fact))


def actions(chosen: Sequence[Clip], labels: Sequence[str]) -> None:
    """Draw what can be done with the selected clips."""
    ids = [clip.id for clip in chosen]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        current = chosen[0].label if len({clip.label for clip in chosen}) == 1 else None
        st.selectbox(
            f"Label of {count_of(len(ids), 'sound')}", labels,
            index=labels.index(current) if current in labels else None,
            accept_new_options=True, placeholder="Choose, or type a new one", width=260,
            key=f"label-{hash(tuple(ids))}", on_change=_relabel, args=(ids, f"label-{hash(tuple(ids))}"),
        )  # fmt: skip
        st.button("Delete", icon=":material/delete:", on_click=_delete, args=(ids,), key="delete-sounds")
    if problem := st.session_state.pop("_label_problem", None):
        st.error(problem)


def undo_bar() -> None:
    """Offer to bring back what was deleted last."""
    deleted = st.session_state.get("_deleted")
    if deleted:
        with st.container(horizontal=True, vertical_alignment="center", border=True, key="lab-undo"):
            st.markdown(f"{count_of(len(deleted), 'sound')} deleted.")
            st.button("Undo", type="tertiary", icon=":material/undo:", on_click=_restore, args=(deleted,))


def _relabel(ids: list[int], key: str) -> None:
    try:
        store().set_label(ids, check_label(st.session_state[key] or ""))
    except LabError as error:
        st.session_state["_label_problem"] = str(error)


def _delete(ids: list[int]) -> None:
    store().delete_clips(ids)
    st.session_state["_deleted"] = ids
    st.session_state["_shelf"] = st.session_state.get("_shelf", 0) + 1  # a new table, nothing selected


def _restore(ids: list[int]) -> None:
    store().restore_clips(ids)
    st.session_state["_deleted"] = None
    st.session_state["_shelf"] = st.session_state.get("_shelf", 0) + 1
