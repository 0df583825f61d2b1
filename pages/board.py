"""Board: watch a board that runs a detector, or try the same firmware without one."""

import streamlit as st

from pages import ui
from pages.ui import trying, watching

ui.require_login()
project = ui.header("Board", "The firmware at work: on your board, or on a virtual one in this page.")

WATCH, TRY = "Watch a board", "Try it without a board"
part = st.segmented_control("Part", [WATCH, TRY], default=WATCH, key="board-part", label_visibility="collapsed")
with ui.shows_errors():
    if part == TRY:
        trying.draw(project.id)
    else:
        watching.draw(project.id)
ui.safety()
