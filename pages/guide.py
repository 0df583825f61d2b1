"""Guide: your first detector in 15 minutes, each step checked by the lab itself."""

import streamlit as st

from pages import ui
from pages.ui import guiding, taking

ui.require_login()
project = ui.header(
    "Your first detector in 15 minutes", "Seven steps from a sound in the air to a board that answers it."
)

left, right = st.columns([3, 2], gap="large")
with left:
    guiding.steps()
with right, ui.shows_errors():
    guiding.place()
    taking.card(project.id)
ui.safety()
