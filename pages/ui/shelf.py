"""The table of a project's sounds: filter, sort, turn pages, relabel, move, delete, undo."""

from collections.abc import Iterable, Sequence

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from lab.errors import LabError
from lab.sound.labels import check_label
from lab.workspace.store import Clip
from lab.workspace.store import shelf as stored
from lab.workspace.store.edits import move, newest, relabel, remove, undo
from pages.ui import acting
from pages.ui.frame import empty
from pages.ui.session import may_edit, owner, store
from pages.ui.words import count_of, duration

USUAL_LABELS = ("alarm", "not_alarm")
NO_LABEL = "no label"
PAGE = 100
FEW_LABELS = 12
"""More are chosen from a list, not pressed."""
WIDE = "wide-table"
FIRST = {"selection": {"rows": [0], "columns": []}}
TOLD_SORTS = {
    "added": "Order added", "name": "Name", "label": "Label", "length": "Length", "peak": "Peak", "source": "Source",
    "licence": "Licence", "recording": "Recording",
}  # fmt: skip
MEANINGS = {
    "clipped": "Clipped: samples at full scale in a row; record it more softly.",
    "silent": "Silent: below -60 dBFS, so there is nothing to learn from.",
    "too short": "Too short: less than one window of 1 s.",
}
NARROW = ("name", "label", "length", "peak", "warnings")
"""Columns that stand beside the sound; the rest of what is known is told there, or in the wide table."""
MEANING = " ".join(MEANINGS.values())


def labels_of(used: Iterable[str]) -> list[str]:
    """Return the labels to offer: those in use, and the usual two."""
    return sorted({label for label in used if label} | set(USUAL_LABELS))


def sides() -> tuple[bool, DeltaGenerator, DeltaGenerator]:
    """Return whether the table is wide, the place for it, and the place for the sound that is selected."""
    if st.session_state.get(WIDE):
        return True, st.container(), st.container()
    left, right = st.columns([5, 6], gap="medium")
    return False, left, right


def summary(facts: stored.Facts) -> None:
    """Say what the project holds."""
    st.caption(
        f"{count_of(facts.count, 'sound')} · {duration(facts.seconds)} · {count_of(facts.recordings, 'recording')}"
    )


def search(counts: dict[str, int], facts: stored.Facts) -> stored.Search:
    """Draw the filters and the order; return what they ask for."""
    text = st.text_input(
        "Find", placeholder="Find by name, source, licence or note", icon=":material/search:",
        label_visibility="collapsed",
    )  # fmt: skip
    named = {label or NO_LABEL: number for label, number in counts.items()}
    told = {"format_func": lambda name: f"{name} · {named[name]}", "label_visibility": "collapsed"}
    if len(named) <= FEW_LABELS:
        chosen = st.pills("Labels", sorted(named), selection_mode="multi", wrap=True, **told)
    else:
        chosen = st.multiselect("Labels", sorted(named), placeholder=f"Any of {len(named)} labels", **told)
    warned: Sequence[str] = ()
    if facts.warnings:
        warned = st.pills(
            "Warnings", sorted(facts.warnings), selection_mode="multi", label_visibility="collapsed", help=MEANING,
            format_func=lambda name: f":material/warning: {name} · {facts.warnings[name]}", wrap=True,
        )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        sort = st.selectbox("Sort by", list(TOLD_SORTS), format_func=TOLD_SORTS.__getitem__, width=170, key="sort")
        down = st.toggle("Greatest first", key="descending")
        st.toggle("All columns", key=WIDE)
    labels = tuple("" if name == NO_LABEL else name for name in chosen)
    return stored.Search(text or "", labels, tuple(warned), sort, down)


def table(project_id: int, asked: stored.Search, wide: bool) -> tuple[list[Clip], int]:
    """Draw one page of the clips that are asked for; return the selected ones, and how many there are in all.

    Args:
        project_id: whose.
        asked: which, and their order.
        wide: with every column, where there is room.
    """
    _, total = stored.page(store(), project_id, asked, 0, 1)
    pages = max(1, -(-total // PAGE))
    place = 0
    if pages > 1:
        place = int(st.number_input(f"Page, of {pages}", 1, pages, 1, key=f"page-{hash(asked)}", width=150)) - 1
    clips, _ = stored.page(store(), project_id, asked, place * PAGE, PAGE)
    if not clips:
        empty("Nothing found", "No sound fits. Take back a filter, or look for other words.")
        return [], total
    return _drawn(list(clips), f"{place}-{hash(asked)}", wide), total


def _drawn(clips: list[Clip], key: str, wide: bool) -> list[Clip]:
    import pandas as pd

    rows = pd.DataFrame(
        {
            "name": [clip.name for clip in clips],
            "label": [clip.label or NO_LABEL for clip in clips],
            "warnings": [", ".join(stored.warnings_of(clip)) for clip in clips],
            "length": [clip.seconds for clip in clips],
            "peak": [clip.peak for clip in clips],
            "source": [clip.source for clip in clips],
            "licence": [clip.licence for clip in clips],
            "recording": [clip.recording_id for clip in clips],
        }
    )
    column = st.column_config
    shown = list(rows) if wide else [name for name in NARROW if name != "warnings" or any(rows["warnings"])]
    event = st.dataframe(
        rows, hide_index=True, column_order=shown, on_select="rerun", selection_mode="multi-row",
        height=min(470, 38 + 35 * len(rows)),
        selection_default=FIRST,
        key=f"shelf-{st.session_state.get('_shelf', 0)}-{key}",
        column_config={
            "name": column.TextColumn("Sound", width=None if wide else 124),
            "label": column.TextColumn("Label", width=None if wide else 84),
            "length": column.NumberColumn("Length", format="%.1f s", width=60),
            "peak": column.ProgressColumn("Peak", min_value=0, max_value=1, format="%.2f", width="small")
            if wide else column.NumberColumn("Peak", format="%.2f", width=50),
            "warnings": column.TextColumn("Warnings", width=None if wide else 88, help=MEANING),
            "source": column.TextColumn("Source"),
            "licence": column.TextColumn("Licence"),
            "recording": column.TextColumn("Recording", help="Sounds of one recording are split together."),
        },
    )  # fmt: skip
    return [clips[row] for row in event.selection.rows if row < len(clips)]


def describe(clip: Clip) -> None:
    """Say what a clip is and where it comes from."""
    st.subheader(clip.name, anchor=False)
    recording = "" if clip.recording_id == clip.name else f"recording {clip.recording_id}"
    facts = [clip.label or NO_LABEL, f"{clip.seconds:.1f} s", clip.source, clip.licence, recording, *clip.notes]
    st.caption(" · ".join(fact for fact in facts if fact))
    if warned := stored.warnings_of(clip):
        st.warning(" ".join(MEANINGS[name] for name in warned), icon=":material/warning:")


def actions(project_id: int, chosen: Sequence[Clip], labels: list[str], asked: stored.Search, total: int) -> None:
    """Draw what can be done with the selected clips, or with all that the filters leave."""
    ids = [clip.id for clip in chosen]
    if total > len(ids) and st.toggle(
        f"All {total} that the filters leave, not only what is selected", key=f"all-{hash(asked)}"
    ):
        ids = stored.found_ids(store(), project_id, asked)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        current = chosen[0].label if len(ids) == len(chosen) and len({clip.label for clip in chosen}) == 1 else None
        key = f"label-{hash(tuple(ids))}"
        st.selectbox(
            f"Label of {count_of(len(ids), 'sound')}", labels,
            index=labels.index(current) if current in labels else None, accept_new_options=True,
            placeholder="Choose, or type a new one", width=240, key=key, on_change=acting.told(_relabel),
            args=(project_id, ids, key), disabled=not may_edit(),
        )  # fmt: skip
        _mover(project_id, ids)
        acting.button("Delete", icon=":material/delete:", on_click=_delete, args=(project_id, ids), key="delete-sounds")
    if problem := st.session_state.pop("_label_problem", None):
        st.error(problem)


def _mover(project_id: int, ids: list[int]) -> None:
    others = {each.name: each.id for each in store().projects(owner()) if each.id != project_id}
    if others:
        key = f"move-{hash(tuple(ids))}"
        st.selectbox(
            "Move to", list(others), index=None, placeholder="another project", width=190, key=key,
            on_change=acting.told(_move), args=(project_id, ids, others, key), disabled=not may_edit(),
        )  # fmt: skip


def undo_bar(project_id: int) -> None:
    """Offer to take back the last edit of a project, whoever made it and however long ago."""
    edit = newest(store(), project_id)
    if edit:
        with st.container(horizontal=True, vertical_alignment="center", border=True, key="lab-undo"):
            st.markdown(edit.said)
            acting.button("Undo", type="tertiary", icon=":material/undo:", on_click=_undo, args=(edit.id,))


def _relabel(project_id: int, ids: list[int], key: str) -> None:
    try:
        relabel(store(), project_id, ids, check_label(st.session_state[key] or ""))
    except LabError as error:
        st.session_state["_label_problem"] = str(error)


def _delete(project_id: int, ids: list[int]) -> None:
    remove(store(), project_id, ids)
    new_table()


def _move(project_id: int, ids: list[int], others: dict[str, int], key: str) -> None:
    move(store(), project_id, ids, others[st.session_state[key]])
    new_table()


def _undo(edit_id: int) -> None:
    undo(store(), edit_id)
    new_table()


def new_table() -> None:
    """Begin with a new table, in which nothing is selected but the first."""
    st.session_state["_shelf"] = st.session_state.get("_shelf", 0) + 1
