"""Watching a board: its telemetry over Web Serial, beside its twin in the page, and what to do about a false alarm."""

import math
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import streamlit as st

from lab.deploy.detector import Detector
from lab.errors import LabError
from lab.sound.clip import RATE_HZ
from lab.study.ear import Ear
from lab.study.recent import SOUND_S
from pages.ui import acting, bundles, consenting, flow, listening, mending, parts, webrtc
from pages.ui.session import store

EVERY_S = 0.5
SENT_S = 2.5
"""An update holds more than is new, so that one that the browser skips loses nothing."""
BEFORE_S = 4.0
"""Sound before an event made it begin, so it is kept along."""
KEPT_S = 10.0
LEAST_S = 1.0
"""A shorter sound fills no window."""
MOST_PRESSES = 8
KEY, KEPT, HANDLED = "board-monitor", "_watch_kept", "_watch_handled"


@cache
def _component() -> Any:
    html, css, js = bundles.component("monitor")
    return st.components.v2.component("lab_monitor", html=html, css=css, js=js)


@dataclass(frozen=True, slots=True)
class Press:
    """A person says that an event was none.

    Attributes:
        at: when, in milliseconds of the browser's clock: it tells presses apart.
        began_s, ended_s: how long ago the event began, and ended; 0 while it lasts.
    """

    at: float
    began_s: float
    ended_s: float


def presses(said: object) -> list[Press]:
    """Return what a page told of presses; what is none is left out. It is data, and may be anything."""
    rows = said[-MOST_PRESSES:] if isinstance(said, list) else []
    found = [[row.get(name) for name in ("at", "began_s", "ended_s")] for row in rows if isinstance(row, Mapping)]
    numbers = [row for row in found if all(type(one) in (int, float) and 0 <= one < math.inf for one in row)]
    return [Press(*map(float, row)) for row in numbers if row[2] <= row[1]]


def draw(project_id: int) -> None:
    """Draw the monitor, the twin beside it, and the way from a false alarm to better firmware."""
    monitor = st.container()
    heard = _twin(project_id)
    with monitor:
        _monitor(project_id, heard)
    mending.draw(project_id)


def _monitor(project_id: int, heard: Ear | None) -> None:
    component = _component()

    def once() -> None:
        component(
            key=KEY, data={"twin": _twin_hops(heard), "kept_s": SOUND_S - KEPT_S}, height="content",
            on_wrong_change=lambda: _wrong(project_id, heard),
        )  # fmt: skip
        _kept(project_id)

    parts.fragment(once, run_every=EVERY_S if heard else None)()


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
    hears = listening.microphone(heard)
    if hears:
        consenting.ask()
    return heard if hears else None


def quiet_label(detector: Detector) -> str:
    """Return the label of sounds that are no alarm."""
    return next((label for label in detector.labels if label not in detector.positive), "not_alarm")


def _wrong(project_id: int, heard: Ear | None) -> None:
    """Keep the sound of each event that was said to be wrong since the last run; the page tells its last few again."""
    state = st.session_state.get(KEY)
    told = presses(state.get("wrong") if isinstance(state, Mapping) else None)
    new = [press for press in told if press.at > st.session_state.get(HANDLED, 0.0)]
    for press in new:
        st.session_state[HANDLED] = press.at
        st.session_state[KEPT] = (project_id, *_keep(project_id, heard, press))


def _keep(project_id: int, heard: Ear | None, press: Press) -> tuple[str, int | None]:
    """Keep what the page heard at an event as a hard negative; return what to say, and the clip."""
    if heard is None or heard.detector is None:
        return ":material/error: Nothing was kept: the twin was off.", None
    if not consenting.given():
        return f":material/error: {consenting.FIRST}", None
    end_s = max(press.ended_s, press.began_s + BEFORE_S - KEPT_S)
    samples, _ = heard.last(press.began_s + BEFORE_S - end_s, end_s)
    if len(samples) < LEAST_S * RATE_HZ:
        return ":material/error: Nothing was kept: the page did not hear that event.", None
    label = quiet_label(heard.detector)
    name = f"{label} by a board {time.strftime('%H-%M-%S')}"
    try:
        kept = heard.keep(project_id, samples, label, name, "corrected here")
    except LabError as error:
        return f":material/error: {error}", None
    return f":material/check_circle: Kept {kept.seconds:.1f} s of it as **{label}**. It is on disk.", kept.clip_id


def _kept(project_id: int) -> None:
    """Say what was kept, and what to do with it."""
    said = st.session_state.get(KEPT)
    if not said or said[0] != project_id:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(said[1], width="content")
        if said[2]:
            acting.button("Undo", type="tertiary", icon=":material/undo:", key="watch-undo", on_click=_undo)
            st.page_link(flow.LISTEN, label="Teach it", icon=":material/school:")
            st.page_link(flow.FIRMWARE, label="then flash it", icon=":material/memory:")


def _undo() -> None:
    project_id, _, clip_id = st.session_state[KEPT]
    store().delete_clips([clip_id])
    st.session_state[KEPT] = (project_id, "Taken out again.", None)
