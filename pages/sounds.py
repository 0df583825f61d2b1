"""Sounds: listen to them, look at them, label them, add more."""

import streamlit as st

from pages import ui
from pages.ui import incoming, shelf, sight

ui.require_login()
project = ui.header("Sounds", "Everything a detector learns from. Select a sound to hear and see it.")
clips = ui.store().clips(project.id)

incoming.form(project.id, shelf.labels_of(clips), expanded=not clips)
incoming.tell_what_was_added()
incoming.tell_outcome(ui.job_panel(project.id, incoming.ADD_TASK))
shelf.undo_bar()

if not clips:
    ui.empty(
        "No sounds yet", "Add your own above, or begin with synthetic ones: alarms, and what is mistaken for them."
    )
    incoming.example_button(project.id)
    st.stop()

left, right = st.columns([5, 6], gap="medium")
with left:
    shown = shelf.filtered(clips)
    chosen = shelf.table(shown)
with right, ui.shows_errors():
    if chosen:
        shelf.describe(chosen[0])
        sight.clip_view(chosen[0].sha256, chosen[0].seconds)
        shelf.actions(chosen, shelf.labels_of(clips))
    else:
        ui.empty("Nothing selected", "Select a row to listen; several, to label or delete them together.")
