"""Watching a board: its telemetry over Web Serial, beside its twin in the page, and what to do about a false alarm."""

import time
from functools import cache
from typing import Any

import streamlit as st

from lab.deploy.detector import Detector
from lab.errors import LabError
from lab.study.ear import Ear
from pages.ui import bundles, flow, listening, webrtc
from pages.ui.session import store

EVERY_S = 0.5
SENT_S = 2.5
"""An update holds more than is new, so that one that the browser skips loses nothing."""
KEPT_S = 8.0
"""A false alarm starts with seconds of sound before it, and a person needs a few to press."""
KEPT = "_watch_kept"


@cache
def _component() -> Any:
    html, css, js = bundles.component("monitor")
    return st.components.v2.component("lab_monitor", html=html, css=css, js=js)


def draw(project_id: int) -> None:
    """Draw the monitor, the twin beside it, and the way from a false alarm to better firmware."""
    monitor = st.container()
    heard = _twin(project_id)
    with monitor:
        _monitor(project_id, heard)
    _loop(project_id)


def _monitor(project_id: int, heard: Ear | None) -> None:
    component = _component()

    def once() -> None:
        component(
            key="board-monitor", data={"twin": _twin_hops(heard)}, height="content",
            on_wrong_change=lambda: _keep(project_id, heard),
        )  # fmt: skip
        _kept(project_id)

    st.fragment(once, run_every=EVERY_S if heard else None)()


def _twin_hops(heard: Ear | None) -> dict[str, Any] | None:
    if heard is None or not heard.hears:
        return None
    seen = heard.sight(SENT_S)
    return {
        "stream": seen.stream, "hops": [[hop.number, hop.code, int(hop.active)] for hop in seen.hops],
        "model": heard.detector.model_sha256 if heard.detector else "",
    }  # fmt: skip


def _twin(project_id: int) -> Ear | None:
    """Draw the switch of the twin in the page; return its ear while it hears."""
    if not st.toggle(
        "Let its twin in this page hear the same sound", key="watch-twin",
        help="Lays both curves over each other, and lets a press keep what was heard at a false alarm.",
    ):  # fmt: skip
        return None
    if problem := webrtc.origin():
        st.error(problem, icon=":material/lock_open:")
        return None
    chosen = listening.choose(project_id)
    if chosen is None:
        st.info("There is no detector in this project yet, so there is no twin.")
        return None
    heard = listening.ear(chosen[1])
    return heard if listening.microphone(heard) else None


def quiet_label(detector: Detector) -> str:
    """Return the label of sounds that are no alarm."""
    return next((label for label in detector.labels if label not in detector.positive), "not_alarm")


def _keep(project_id: int, heard: Ear | None) -> None:
    """Keep what the page heard last as a hard negative."""
    if heard is None or heard.detector is None:
        st.session_state[KEPT] = (project_id, ":material/error: Nothing was kept: the twin was off.", None)
        return
    samples, _ = heard.last(KEPT_S)
    if not len(samples):
        st.session_state[KEPT] = (
            project_id,
            ":material/error: Nothing was kept: the page has heard nothing yet.",
            None,
        )
        return
    label = quiet_label(heard.detector)
    try:
        kept = heard.keep(
            project_id, samples, label, f"{label} by a board {time.strftime('%H-%M-%S')}", "corrected here"
        )
        text = f":material/check_circle: Kept the last {kept.seconds:.1f} s as **{label}**. It is on disk."
        st.session_state[KEPT] = (project_id, text, kept.clip_id)
    except LabError as error:
        st.session_state[KEPT] = (project_id, f":material/error: {error}", None)


def _kept(project_id: int) -> None:
    said = st.session_state.get(KEPT)
    if not said or said[0] != project_id:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(said[1])
        if said[2]:
            st.button("Undo", type="tertiary", icon=":material/undo:", key="watch-undo", on_click=_undo)


def _undo() -> None:
    project_id, _, clip_id = st.session_state[KEPT]
    store().delete_clips([clip_id])
    st.session_state[KEPT] = (project_id, "Taken out again.", None)


def _loop(project_id: int) -> None:
    """Draw the way from a false alarm to a board that no longer makes it."""
    st.subheader("It was no alarm?", anchor=False)
    steps = (
        ("1. Keep the sound", "Turn the twin on; **That was wrong** beside an event keeps what this page heard. Or "
         "flash MicNode and record with the board’s own microphone.", {"Record": (flow.RECORD, ":material/mic:")}),
        ("2. Teach the detector", "Ten seconds for its last layers, or a training of all of it.",
         {"Listen: Teach it": (flow.LISTEN, ":material/school:"), "Train": (flow.TRAIN, ":material/model_training:")}),
        ("3. Bring it to the board", "Compile and flash; the board answers here again.",
         {"Firmware": (flow.FIRMWARE, ":material/memory:")}),
    )  # fmt: skip
    for column, (title, text, links) in zip(st.columns(3), steps, strict=True):
        with column:
            st.markdown(f"**{title}**  \n{text}")
            for label, (page, icon) in links.items():
                st.page_link(page, label=label, icon=icon)
    count = sum(number for label, number in store().labels(project_id).items() if label)
    st.caption(f"This project has {count} labelled sounds.")
