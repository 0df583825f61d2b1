"""Sounds on their way into a project."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import streamlit as st

from lab.errors import LabError
from lab.workspace import jobs
from lab.workspace.incoming import stage
from lab.workspace.store import Job, now
from pages.ui import acting
from pages.ui.session import owner, sign_in_configured, store
from pages.ui.words import count_of
from pages.ui.work import is_open, job_panel, latest_job, submit

ADD_TASK = "lab.study.tasks:add_files"
SUFFIXES = ("wav", "flac", "ogg", "opus", "mp3", "aif", "aiff", "au", "caf", "zip")
EXAMPLES = {
    "t3": 7, "t3_low": 2, "continuous": 1, "sweep": 3, "t4": 2, "timer": 2, "songbird": 1, "whistle": 4, "speech": 3,
    "kettle": 1, "music_box": 7, "rain": 1,
}  # fmt: skip
"""Generator → a seed that sounds well."""

EXAMPLE_S = 6.0
LOOPBACK = ("127.0.0.1", "::1", "localhost")
TOLD_FOR = timedelta(minutes=10)
MOST_TOLD = 20
SYNTHETIC = "synthetic: no licence needed"


def form(project_id: int, labels: list[str], expanded: bool) -> None:
    """Offer to add uploads, or a folder of this computer."""
    with st.expander("Add sounds", icon=":material/add:", expanded=expanded):
        files = st.file_uploader(
            "Sound files, or a zip: a folder for each label, ESC-50, or an export of Edge Impulse",
            type=SUFFIXES, accept_multiple_files=True, key=f"files-{st.session_state.get('_uploads', 0)}",
        )  # fmt: skip
        with st.container(horizontal=True, vertical_alignment="bottom"):
            label = st.selectbox(
                "Label", labels, index=None, accept_new_options=True, width=300,
                placeholder="Choose or type; folders say it themselves",
            )  # fmt: skip
            acting.button(
                "Add", type="primary", disabled=not files, on_click=add_uploads, args=(project_id, files, label or "")
            )
        _folder_form(project_id, label or "")


def example_button(project_id: int) -> None:
    """Offer the synthetic sounds."""
    with st.container(horizontal_alignment="center"):
        acting.button(
            f"Add {len(EXAMPLES)} example sounds", type="primary", icon=":material/auto_awesome:",
            on_click=add_examples, args=(project_id,),
        )  # fmt: skip


def add_uploads(project_id: int, files: list[Any], label: str) -> None:
    """Add uploaded sounds to a project; zips become a job.

    Args:
        project_id: whose.
        files: what st.file_uploader gave.
        label: for files that nothing else labels.
    """
    sounds = [file for file in files if not file.name.lower().endswith(".zip")]
    told: list[str] = []
    added = 0
    bar = st.progress(0.0, text="Reading …") if sounds else None
    for place, file in enumerate(sounds, start=1):
        try:
            added += _add(project_id, file.name, file.getvalue(), label, told)
        except LabError as error:
            told.append(_not_added(file.name, str(error)))
        if bar:
            bar.progress(place / len(sounds), text=file.name)
    if bar:
        bar.empty()
    for file in files:
        if file not in sounds:
            submit(ADD_TASK, {"project_id": project_id, "paths": [staged(file)], "label": label or None}, project_id)
    st.session_state["_added"] = (f"Added {count_of(added, 'sound')}." if sounds else "", told)
    st.session_state["_uploads"] = st.session_state.get("_uploads", 0) + 1  # a new, empty uploader


def _folder_form(project_id: int, label: str) -> None:
    """Offer to add a folder of this computer; only where page and files are one person's own."""
    if sign_in_configured() or st.get_option("server.address") not in LOOPBACK:
        return
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Or a folder or zip on this computer", placeholder="/home/me/sounds/ESC-50", key="folder")
        acting.button("Add folder", on_click=_add_folder, args=(project_id, label))


def _add_folder(project_id: int, label: str) -> None:
    typed = st.session_state["folder"].strip()
    if not typed:
        st.session_state["_added"] = ("", ["No folder is named yet: type the full path of a folder or zip beside it."])
        return
    path = Path(typed).expanduser()
    if not path.exists():
        st.session_state["_added"] = ("", [f"{str(path)!r} is not there; give the full path of a folder or zip."])
        return
    submit(ADD_TASK, {"project_id": project_id, "paths": [str(path)], "label": label or None}, project_id)


def tell_what_was_added() -> None:
    """Show the outcome of the last adding, once."""
    summary, told = st.session_state.pop("_added", ("", []))
    if summary:
        st.toast(summary, icon=":material/check:")
    if told:
        st.warning("\n".join(f"- {line}" for line in told))


def tell_work(project_id: int, *tasks: str) -> None:
    """Show the newest job among these tasks and what it added, and every other one that still runs."""
    newest = job_panel(project_id, *tasks)
    tell_outcome(newest)
    for task in tasks:
        row = latest_job(project_id, task)
        if is_open(row) and newest is not None and row is not None and row.id != newest.id:
            job_panel(project_id, task)


def tell_outcome(row: Job | None) -> None:
    """Say what a finished job added, for a while."""
    if row is None or row.state != jobs.DONE or not row.result or now() - row.finished > TOLD_FOR:
        return
    result = row.result
    already = f", {result['already']} were there already" if result.get("already") else ""
    st.success(f"Added {count_of(result['added'], 'sound')}{already}.", icon=":material/check_circle:")
    refused = [_not_added(each["file"], each["reason"]) for each in result.get("refused", [])]
    if refused:
        more = [f"and {len(refused) - MOST_TOLD} more"] if len(refused) > MOST_TOLD else []
        st.warning("\n".join(f"- {line}" for line in refused[:MOST_TOLD] + more))


def _not_added(name: str, reason: str) -> str:
    return f"Not added: {reason if reason.startswith(name) else f'{name}: {reason}'}"


def add_examples(project_id: int) -> None:
    """Add a few synthetic sounds, alarms and what is mistaken for them."""
    from lab.sound import synth
    from lab.study.uploads import keep

    try:
        for family, seed in EXAMPLES.items():
            scene = synth.render(family, seed, EXAMPLE_S)
            clip = scene.clip(f"synthetic {family} {seed}")
            keep(store(), project_id, f"{scene.kind}.wav", clip, "synthetic", SYNTHETIC, [])
    except LabError as error:
        st.session_state["_added"] = ("", [str(error)])
    else:
        st.session_state["_added"] = (f"Added {count_of(len(EXAMPLES), 'example sound')}.", [])


def _add(project_id: int, name: str, data: bytes, label: str, told: list[str]) -> int:
    from lab.study.uploads import take_in

    made, notes = take_in(store(), project_id, name, data, label)
    if not made:
        told.append(f"{name}: already in this project.")
    elif notes:
        told.append(f"{name}: {' '.join(notes)}")
    return int(made)


def staged(file: Any) -> str:
    """Put an upload where the worker finds it."""
    return str(stage(store().config, owner(), file.name, file.getvalue()))
