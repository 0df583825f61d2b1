"""The pages in the order in which a sound passes them."""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

FOLDER = Path(__file__).resolve().parents[1]
HOME, SOUNDS, TRAIN, FIRMWARE = (str(FOLDER / f"{name}.py") for name in ("home", "sounds", "train", "firmware"))
OPTIMIZE, ALARM_BENCH = (str(FOLDER / f"{name}.py") for name in ("optimize", "alarm_bench"))
AUGMENT = str(FOLDER / "augment.py")
LISTEN, RECORD, BOARD = (str(FOLDER / f"{name}.py") for name in ("listen", "record", "board"))
YOUR_DATA, ADMIN = (str(FOLDER / f"{name}.py") for name in ("your_data", "admin"))
GUIDE, ROOM = (str(FOLDER / f"{name}.py") for name in ("guide", "room"))
ENTERED = "_entered"
ICON = str(Path(__file__).with_name("icon.svg"))
"""The browser tab's. A material icon there would be fetched from the network."""


def navigation(leads: bool = False, runs: bool = False) -> StreamlitPage:
    """Draw the way through the lab and return the page that was chosen.

    Args:
        leads: whether the leader of a workshop is here, who has a page more.
        runs: whether who runs the instance is here, who has another.
    """
    st.session_state[ENTERED] = True
    st.set_page_config("TinyML Lab", ICON, layout="wide")
    return st.navigation(
        [
            st.Page(HOME, title="Home", icon=":material/home:", default=True),
            st.Page(GUIDE, title="Guide", icon=":material/signpost:"),
            st.Page(LISTEN, title="Listen", icon=":material/hearing:"),
            st.Page(RECORD, title="Record", icon=":material/mic:"),
            st.Page(SOUNDS, title="Sounds", icon=":material/graphic_eq:"),
            st.Page(AUGMENT, title="Augment", icon=":material/equalizer:"),
            st.Page(TRAIN, title="Train", icon=":material/model_training:"),
            st.Page(OPTIMIZE, title="Optimize", icon=":material/account_tree:"),
            st.Page(ALARM_BENCH, title="Alarm bench", icon=":material/notifications_active:"),
            st.Page(FIRMWARE, title="Firmware", icon=":material/memory:"),
            st.Page(BOARD, title="Board", icon=":material/developer_board:"),
            st.Page(ROOM, title="Room", icon=":material/groups:", visibility="visible" if leads else "hidden"),
            st.Page(YOUR_DATA, title="Your data", icon=":material/person:"),
            st.Page(ADMIN, title="Admin", icon=":material/monitoring:", visibility="visible" if runs else "hidden"),
        ],
        position="top",
    )


def join() -> None:
    """Bring a page that was opened by its address on a cold server into the navigation.

    Streamlit then runs the page without streamlit_app.py: declare the pages
    once and run again, through it.
    """
    if st.session_state.pop(ENTERED, False) or st.session_state.get("_joined"):
        return
    st.session_state["_joined"] = True
    navigation()
    st.rerun()


def page_of(name: str) -> str:
    """Return a page by its file's name."""
    return str(FOLDER / f"{name}.py")
