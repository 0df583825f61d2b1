"""The day before: what works on this network and in this browser, and what to fix."""

from collections.abc import Mapping, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import streamlit as st

from lab.study.ear import Ear
from lab.workspace.workshop.checking import check
from pages.ui import live, setup, webrtc
from pages.ui.session import store
from pages.ui.words import count_of

FOLDER = Path(__file__).resolve().parents[1] / "components" / "rehearsal"
MARKS = {True: "✓", False: "✗", None: "–"}
BAD = ' class="bad"'


@cache
def _component() -> Any:
    return st.components.v2.component(
        "lab_rehearsal", html='<div class="seen"></div>', js=(FOLDER / "rehearsal.mjs").read_text("utf-8")
    )


def draw() -> None:
    """Draw both tables, and a microphone to try WebRTC to this server with."""
    st.markdown("Open this page on the laptop, in the room and in the browser that people will use.")
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("This machine", anchor=False)
        table([*check(store().config), *_parts()])
        st.button("Look again", icon=":material/refresh:", key="rehearse-again")
    with right:
        st.subheader("This browser", anchor=False)
        result = _component()(key="rehearsal", height="content", on_found_change=lambda: None)
        found = getattr(result, "found", None)
        if found:
            table(_cleaned(found))
        else:
            st.caption("Looking …")
    st.subheader("Sound from this browser to this machine", anchor=False)
    if problem := webrtc.origin():
        st.error(problem, icon=":material/lock_open:")
        return
    ear = _ear()
    state = webrtc.microphone(ear, "rehearsal-microphone")
    live.draw(ear, "rehearsal-live", _status, lambda each: each.hears, bool(state.playing or state.signalling))


def table(rows: Sequence[Mapping[str, Any]]) -> None:
    """Draw rows of {what, ok, found, fix}."""
    lines = "".join(
        f"<tr><td{BAD if row['ok'] is False else ''}>{MARKS[row['ok']]}</td><td>{escape(row['what'])}</td>"
        + f"<td>{escape(row['found'])}"
        + (f"<br><b>{escape(row['fix'])}</b>" if row["fix"] else "")
        + "</td></tr>"
        for row in rows
    )
    st.html(f'<table class="lab-wires"><tr><th></th><th>what</th><th>found, and what to do</th></tr>{lines}</table>')


def _parts() -> list[dict[str, Any]]:
    """Return the parts of the set-up: compiler, SDK, virtual board."""
    states = setup.parts()
    return [
        {"what": setup.PARTS[name][0], "ok": state == setup.READY, "found": state,
         "fix": "" if state == setup.READY else setup.PARTS[name][1].replace("`", "")}
        for name, state in states.items()
    ]  # fmt: skip


def _cleaned(found: object) -> list[dict[str, Any]]:
    """Return what a browser told as rows; it is data, never markup, and may be anything."""
    rows = [each for each in found if isinstance(each, Mapping)] if isinstance(found, Sequence) else []
    return [
        {"what": str(row.get("what"))[:80], "ok": row.get("ok") is True, "found": str(row.get("found") or "")[:120],
         "fix": str(row.get("fix") or "")[:200]}
        for row in rows[:20]
    ]  # fmt: skip


def _ear() -> Ear:
    if "_rehearsal_ear" not in st.session_state:
        st.session_state["_rehearsal_ear"] = Ear(store())
    made: Ear = st.session_state["_rehearsal_ear"]
    return made


def _status(ear: Ear) -> str:
    if not ear.hears:
        return "Turn the microphone on: a picture that moves means that sound arrives at this machine."
    return f"Sound arrives: {count_of(len(ear.tally.gaps), 'gap')} so far."
