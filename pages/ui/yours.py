"""The parts of the Your data page."""

from typing import Any

import streamlit as st

from lab.study.person import EMPTY, ERASE, EXPORT
from lab.workspace import jobs
from lab.workspace.store import open_store
from lab.workspace.store.forgetting import Kept
from lab.workspace.store.forgetting import kept as kept_of
from lab.workspace.store.quota import MB
from pages.ui import parts, session
from pages.ui.words import count_of, duration
from pages.ui.work import is_open, job_panel, latest_job, latest_result, submit

ASKED = "_erase_me"
NONE = None
"""These jobs belong to a person, not to a project."""


def kept() -> None:
    """Draw what is kept of the person here, and how much of their share it takes."""
    found = kept_of(open_store(), session.owner())
    st.html(f'<table class="lab-wires lab-kept">{"".join(_row(*each) for each in _rows(found))}</table>')
    most = session.store().config.quota_mb
    if most:
        used = found.bytes / MB
        st.progress(min(1.0, used / most), text=f"{used:,.1f} of {most:,} MB are used.")
    days = session.store().config.retention_days
    if days:
        st.caption(f"Projects that nobody touches for {days} days are deleted; Home tells you before.")
    if found.hidden:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button(
                f"Empty {count_of(found.hidden, 'deleted sound')}", icon=":material/delete_sweep:",
                disabled=is_open(latest_job(NONE, EMPTY)), on_click=submit, args=(EMPTY, {}, NONE), key="empty-deleted",
            )  # fmt: skip
            st.caption("Deleted sounds can be brought back on Sounds until you empty them.")
    job_panel(NONE, EMPTY)


def _rows(found: Kept) -> list[tuple[str, str]]:
    known = [
        ("You", found.name if found.name == found.person else f"{found.name} ({found.person})"),
        (
            "First and last here",
            f"{found.met}, {found.seen} (UTC)" if found.met else "not noted: this computer is yours",
        ),
        (
            "Agreed to record",
            f"{found.consented} (UTC)" if found.consented else "asked before a microphone’s sound is kept",
        ),
    ]
    return [
        *known,
        ("Projects", f"{found.projects} of your own, {found.shared} shared with you"),
        ("Sounds", f"{count_of(found.sounds, 'sound')}, {duration(found.seconds)}"),
        ("What was made of them", f"{count_of(found.runs, 'result')}, {count_of(found.jobs, 'job')}"),
        ("Files altogether", f"{found.bytes / MB:,.1f} MB"),
        ("Lines of the audit log", str(found.audit)),
    ]


def _row(what: str, value: str) -> str:
    from html import escape

    return f"<tr><td>{escape(what)}</td><td>{escape(value)}</td></tr>"


def take() -> None:
    """Offer everything as one zip."""
    st.subheader("Take it with you", anchor=False)
    st.markdown(
        "One zip of all your projects, each of which imports again, with the detectors and firmware made of them."
    )
    st.button(
        "Prepare everything as one zip", icon=":material/archive:", disabled=is_open(latest_job(NONE, EXPORT)),
        on_click=submit, args=(EXPORT, {}, NONE), key="export-everything",
    )  # fmt: skip
    row = job_panel(NONE, EXPORT)
    made: dict[str, Any] | None = None if is_open(row) else latest_result(NONE, EXPORT)
    if made:
        kept = session.store()  # now: when the button is pressed, no page is drawn
        st.download_button(
            f"Download {made['bytes'] / MB:,.1f} MB",
            lambda: kept.read_artifact(made["artifacts"]["my data.zip"]),
            "my data.zip", "application/zip", on_click="ignore", icon=":material/download:", key="download-everything",
        )  # fmt: skip


def delete() -> None:
    """Offer to delete everything, after typing who one is."""
    st.subheader("Delete everything", anchor=False)
    st.markdown(
        "Projects, sounds, what was trained on them, jobs, and what is noted of you. What you added to others’ "
        "projects stays with those. The audit log keeps what happened, without your name."
    )
    st.button("Delete everything that is mine", icon=":material/delete_forever:", on_click=_ask, key="erase-me")
    row = job_panel(NONE, ERASE)
    if row is not None and row.state == jobs.DONE and row.result:
        told = row.result
        st.success(
            f"Deleted: {count_of(told['projects'], 'project')}, {count_of(told['files'], 'file')}, "
            f"{told['bytes'] / MB:,.1f} MB.", icon=":material/check_circle:",
        )  # fmt: skip
    if st.session_state.pop(ASKED, False):
        _confirm(session.owner())


def _ask() -> None:
    st.session_state[ASKED] = True


@parts.dialog("Delete everything that is yours?")
def _confirm(who: str) -> None:
    st.markdown("It goes for good, and nobody can bring it back. Take it with you first.")
    typed = st.text_input(f"Type **{who}** to confirm", key="erase-me-name")
    if st.button("Delete for good", type="primary", disabled=typed.strip() != who, key="erase-me-now"):
        session.leave()
        submit(ERASE, {"confirm": who}, NONE)
        st.rerun()
