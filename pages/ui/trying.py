"""Trying firmware without a board: the very .uf2 on a virtual RP2040 in the page."""

import base64
from functools import cache
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lab.deploy import pdm
from lab.deploy.boards import BOARDS, Board
from lab.deploy.detector import Detector
from lab.deploy.twin import Twin
from lab.errors import BadInput, Missing
from lab.sound import synth
from lab.sound.clip import RATE_HZ
from lab.sound.features.spec import HOP_LEN
from lab.sound.files import read_clip
from lab.study import guide
from lab.workspace.store import Clip
from pages.ui import acting, bundles, detectors, flashing, flow, guiding, stepping, work
from pages.ui.frame import empty
from pages.ui.session import store

PART, TRY = "board-part", "Try it without a board"
ALARM, CLIP, MICROPHONE = "Test alarm", "Project sound", "Microphone"
ALARM_S, ALARM_DB = 8.0, -14.0
MOST_S = 60.0
MOST_CLIPS = 500


@cache
def _component() -> Any:
    html, css, js = bundles.component("board")
    monitor = (bundles.COMPONENTS / "monitor" / "monitor.css").read_text("utf-8")
    return st.components.v2.component("lab_board", html=html, css=f"{monitor}\n{css}", js=js)


def offer(choice: detectors.Choice, board: Board) -> None:
    """Draw the button that brings compiled firmware to the virtual board of the Board page."""
    with st.container(horizontal=True, vertical_alignment="center"):
        is_pressed = st.button("Run it live in the page", icon=":material/developer_board:", key="try-live")
        st.caption("On Board: its light, its curves, your microphone, one hop step by step. Or one alarm as a picture:")
    if is_pressed:
        st.session_state.update({PART: TRY, "try-detector": choice, "try-board": board.name})
        st.switch_page(flow.BOARD)


def draw(project_id: int) -> None:
    """Draw the choice of firmware and sound, and the virtual board."""
    choices = detectors.find(project_id)
    if not choices:
        empty("No detector yet", "Run the demo on Home, or train one. Then its firmware runs here.")
        return
    left, right = st.columns(2, gap="medium")
    choice = left.selectbox("Detector", choices, format_func=lambda each: each.title, key="try-detector")
    board = BOARDS[right.selectbox("Board", list(BOARDS), format_func=lambda name: BOARDS[name].title, key="try-board")]
    uf2 = _firmware(choice, board, project_id)
    if uf2 is None:
        return
    detector = detectors.load(choice)
    with left:
        samples, sound = _sound(project_id)
    with right:
        _told(detector, samples)
    if sound is None:
        return
    component = _component()
    data = {
        "firmware": {"name": detector.name, "uf2": _text(store().read_artifact(uf2)), "pins": _pins(board)},
        "sound": None if samples is None else {"name": sound, "pcm": _text(samples.astype("<i2").tobytes())},
        "twin": None if samples is None else _twin(detector, samples),
    }
    result = component(key="virtual-board", data=data, height="content", on_played_change=lambda: None)
    if getattr(result, "played", None):
        guiding.did(guide.RAN)
    if samples is not None and data["twin"]:
        first, codes = _twin_codes(detector.to_bytes(), samples.tobytes())
        stepping.draw(detector, samples, np.frombuffer(codes, np.int8), first)
    st.caption(
        "An RP2040 in JavaScript runs the very file that a board would run; its cycles are emulated. Its codes are "
        "those of `python -m lab emulate`. What the microphone hears stays in this page."
    )


def _firmware(choice: detectors.Choice, board: Board, project_id: int) -> str | None:
    """Return the hash of the detector's .uf2, or offer to compile it."""
    done = flashing.finished(project_id, detectors.artifact(choice), board)
    uf2 = flashing.uf2_of(done.result or {}) if done else None
    if uf2:
        return uf2
    job = work.latest_job(project_id, flashing.COMPILE)
    running = work.is_open(job)
    if done and not running:
        st.warning(
            "No .uf2 came out: the compiler for the board is missing on this machine. Firmware says how to get it.",
            icon=":material/build:",
        )
        st.page_link(flow.FIRMWARE, label="Firmware", icon=":material/memory:")
        return None
    if not running:
        empty("Not compiled yet", "Compile it once, in seconds; then it runs here, and can be flashed on Firmware.")
        acting.button(
            "Compile it", type="primary", icon=":material/memory:", on_click=flashing.compile_now,
            args=(choice, board, project_id), key="try-compile",
        )  # fmt: skip
    work.job_panel(project_id, flashing.COMPILE)
    return None


def _sound(project_id: int) -> tuple[NDArray[np.int16] | None, str | None]:
    """Ask what the board shall hear; return its samples (None: the microphone) and its name (None: nothing yet)."""
    source = st.segmented_control("It hears", (ALARM, CLIP, MICROPHONE), default=ALARM, required=True, key="try-source")
    if source == MICROPHONE:
        return None, MICROPHONE
    if source == ALARM:
        kind = st.selectbox("Alarm", list(flashing.ALARMS), format_func=flashing.ALARMS.get, key="try-alarm")
        return synth.test_alarm(kind, ALARM_S, ALARM_DB), flashing.ALARMS[kind]
    clips = store().clips(project_id)[-MOST_CLIPS:][::-1]
    if not clips:
        st.info("This project has no sounds yet. Record some, or take a test alarm.", icon=":material/info:")
        return None, None
    clip = st.selectbox("Sound", clips, format_func=_title, key="try-clip")
    return _samples(clip.sha256, clip.name), clip.name


def _title(clip: Clip) -> str:
    return f"{clip.name} · {clip.label or 'no label'} · {clip.seconds:.1f} s"


@st.cache_data(max_entries=8, show_spinner=False)
def _samples(sha256: str, name: str) -> NDArray[np.int16]:
    clip, _ = read_clip(store().read_artifact(sha256), name)
    return clip.samples[: int(MOST_S * RATE_HZ)]


def _told(detector: Detector, samples: NDArray[np.int16] | None) -> None:
    """Say what will happen, and what cannot."""
    if samples is None:
        return
    window_s = detector.spec.hops_per_window * HOP_LEN / RATE_HZ
    seconds = len(samples) / RATE_HZ
    if seconds < window_s:
        st.warning(
            f"This sound lasts {seconds:.1f} s; the detector decides after {window_s:.1f} s. Choose a longer one.",
            icon=":material/timer:",
        )
    elif seconds >= MOST_S:
        st.caption(f"Its first {MOST_S:.0f} s are played.")


@st.cache_data(max_entries=16, show_spinner="The twin listens first …")
def _twin_codes(detector: bytes, samples: bytes) -> tuple[int, bytes]:
    heard = Twin(Detector.from_bytes(detector)).hear(pdm.capture(np.frombuffer(samples, np.int16)))
    return heard.first_hop, heard.codes.tobytes()


def _twin(detector: Detector, samples: NDArray[np.int16]) -> dict[str, Any] | None:
    """Return what the host twin decides of the same sound, through the same microphone; None without a C compiler."""
    try:
        first, codes = _twin_codes(detector.to_bytes(), samples.astype(np.int16).tobytes())
    except (BadInput, Missing):
        return None
    return {"first": first, "codes": _text(codes), "model": detector.model_sha256}


def _pins(board: Board) -> dict[str, int]:
    return {"ledPin": board.led_pin, "dataPin": board.pdm_data_pin, "clockPin": board.pdm_clock_pin}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
