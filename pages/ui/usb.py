"""Flashing a board from the page: the component, and what it told."""

import base64
import logging
from collections.abc import Mapping
from functools import cache
from typing import Any

import streamlit as st

from pages.ui import bundles
from pages.ui.session import store

log = logging.getLogger(__name__)
STATES = ("done", "failed")
NAME_LEN = 100
FLASHED, SHOWN = "_flashed", 3


@cache
def _component() -> Any:
    html, css, js = bundles.component("flash")
    return st.components.v2.component("lab_flash", html=html, css=css, js=js)


def draw(firmware: Mapping[str, str]) -> None:
    """Draw the button that flashes one of these (name → hash of its .uf2), or a file, and the three lines on dragging.

    With none, a line says how to get one.

    Raises:
        Missing: the component cannot be bundled here.
    """
    if not firmware:
        st.caption("Compile the detector above, or build another firmware below: it can be flashed here.")
        return
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
        return f"{name}: not flashed ({str(said.get('problem'))[:NAME_LEN]})"
    if not all(isinstance(said.get(key), (int, float)) for key in ("bytes", "seconds")):
        return None
    return f"{name}: flashed and read back, {said['bytes'] / 1024:.0f} KB in {said['seconds']:.1f} s"


def _told(said: object) -> None:
    """Say what the last flashes came to; the page tells of each once."""
    lines: list[str] = st.session_state.setdefault(FLASHED, [])
    if line := outcome(said):
        log.info("flash=%r", line)
        lines.append(line)
        del lines[:-SHOWN]
    for each in reversed(lines):
        st.text(each)
