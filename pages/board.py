"""Board: watch a board that runs a detector, or try the same firmware without one."""

import streamlit as st

from pages import ui
from pages.ui import trying, watching

ui.require_login()
project = ui.header("Board", "The firmware at work: on your board, or on a virtual one in this page.")

WATCH = "Watch a board"
st.session_state.setdefault(trying.PART, WATCH)
part = st.segmented_control("Part", [WATCH, trying.TRY], key=trying.PART, label_visibility="collapsed")
with ui.shows_errors():
    if part == trying.TRY:
        trying.draw(project.id)
    else:
        watching.draw(project.id)
ui.safety()
