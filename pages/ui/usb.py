"""Flashing a board from the page: the component, and what it told."""

import base64
import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

import streamlit as st

from lab.study import guide
from pages.ui import bundles, guiding
from pages.ui.session import store

log = logging.getLogger(__name__)
NONE = "Compile the detector, or build another firmware: it can be flashed here. So can a .uf2 of your own."
STATES = ("done", "failed")
NAME_LEN = 100
FLASHED, HANDLED, SHOWN = "_flashed", "_flashed_at", 3
REASONS = {
    "Gone": "the board went away", "Timeout": "the board did not answer", "Stalled": "the board refused a command",
    "Differs": "what was read back differs", "Refused": "the file or the device was refused", "Cancelled": "stopped",
    "Short": "the board broke off", "WrongAck": "the board answered wrongly",
}  # fmt: skip


@cache
def _component() -> Any:
    html, css, js = bundles.component("flash")
    return st.components.v2.component("lab_flash", html=html, css=css, js=js)


def draw(firmware: Mapping[str, str]) -> None:
    """Draw the button that flashes one of these (name → hash of its .uf2), or a file, and the three lines on dragging.

    With none, a file can be flashed, and a line says how to get one.

    Raises:
        Missing: the component cannot be bundled here.
    """
    if not firmware:
        st.caption(NONE)
    data = {"firmware": [{"name": name, "uf2": _text(sha)} for name, sha in firmware.items()]}
    component = _component()
    result = component(key="flasher", data=data, height="content", on_flashed_change=lambda: None)
    _told(getattr(result, "flashed", None))
    with st.expander("Or drag the file"):
        st.markdown(
            "1. Hold **BOOTSEL** while you plug the board in: the drive RPI-RP2 appears.\n"
            "2. Download the .uf2 above and drag it onto that drive.\n"
            "3. The drive goes away by itself: the board runs it. (Dragging does not read back.)"
        )


def _text(sha256: str) -> str:
    return base64.b64encode(store().read_artifact(sha256)).decode()


def outcome(said: object) -> str | None:
    """Return a flash that the page told of as one line, or None. What it says is data, never markup."""
    if not isinstance(said, Mapping) or said.get("state") not in STATES:
        return None
    name = str(said.get("name"))[:NAME_LEN].replace("\n", " ")
    if said["state"] == "failed":
        if said.get("problem") == "NoReboot":
            return f"{name}: written and read back, but the board did not restart: plug it in again"
        problem = str(said.get("problem"))[:NAME_LEN]
        return f"{name}: not flashed, {REASONS.get(problem, problem)}"
    if not all(isinstance(said.get(key), (int, float)) for key in ("bytes", "seconds")):
        return None
    return f"{name}: flashed and read back, {said['bytes'] / 1024:.0f} KB in {said['seconds']:.1f} s"


def _journaled(said: object, line: str) -> None:
    """Note a flash where the guided track and a workshop's leader see it."""
    if isinstance(said, Mapping) and said.get("state") == "done":
        guiding.did(guide.RAN)
    else:
        guiding.did(guide.FLASH_FAILED, {"why": line})


def _told(said: object) -> None:
    """Say what the last flashes came to. The page repeats its last at every run; its time tells whether it is new."""
    lines: list[str] = st.session_state.setdefault(FLASHED, [])
    at = said.get("at") if isinstance(said, Mapping) else None
    is_new = isinstance(at, (int, float)) and at > st.session_state.get(HANDLED, 0)
    if is_new and (line := outcome(said)):
        st.session_state[HANDLED] = at
        log.info("flash=%r", line)
        _journaled(said, line)
        lines.append(line)
        del lines[:-SHOWN]
    for each in reversed(lines):
        st.text(each)
