"""Copying firmware to a board's mounted drive, where app, browser and board are on one person's own machine."""

from collections.abc import Mapping
from pathlib import Path

import streamlit as st

from lab.deploy import drive
from lab.errors import LabError
from pages.ui import parts
from pages.ui.session import sign_in_configured, store

LOOPBACK = ("127.0.0.1", "::1", "localhost")
PROXIED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
LOOK_S = 2.0
TOLD = "_copied"


def is_own_machine() -> bool:
    """Whether the app listens on loopback alone, nobody signs in, and this request came from loopback past no proxy."""
    if sign_in_configured() or st.get_option("server.address") not in LOOPBACK:
        return False
    return is_from_here(st.context.ip_address, dict(st.context.headers))


def is_from_here(address: str | None, headers: Mapping[str, str]) -> bool:
    """Whether a request is this machine's own; `address` is None for loopback. What is not known counts as no."""
    lower = {name.lower(): value for name, value in headers.items()}
    host = lower.get("host", "").strip().lower()
    name = host[1 : host.find("]")] if host.startswith("[") else host.partition(":")[0]
    return address is None and name in LOOPBACK and not any(each in lower for each in PROXIED)


def draw(firmware: Mapping[str, str]) -> None:
    """Offer to copy one of these (name → hash of its .uf2) to a board's drive; nothing on a hosted instance."""
    if not firmware or not is_own_machine():
        return
    with st.expander("Or copy it to the board’s drive", key="drive", on_change="rerun") as folded:
        if folded.open:
            _panel(firmware)


@parts.fragment(run_every=LOOK_S)
def _panel(firmware: Mapping[str, str]) -> None:
    found = drive.find()
    name = st.selectbox("Firmware to copy", list(firmware), key="drive-firmware")
    if found:
        for folder in found:
            args = (name, firmware[name], folder)
            st.button(f"Copy to {folder}", icon=":material/drive_file_move:", on_click=_copy, args=args)
    else:
        st.caption("No drive RPI-RP2 on this computer yet: hold **BOOTSEL** while you plug the board in.")
    if TOLD in st.session_state:
        st.text(st.session_state[TOLD])


def _copy(name: str, sha256: str, folder: Path) -> None:
    try:
        copied = drive.copy(store().read_artifact(sha256), folder)
    except LabError as error:
        st.session_state[TOLD] = str(error)
        return
    end = "The drive went away: the board starts it." if copied.restarted else "The board starts it when it has it all."
    st.session_state[TOLD] = f"{name}: {copied.size_bytes / 1024:.0f} KB copied, not read back. {end}"
