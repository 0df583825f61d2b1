"""Sounds: listen to them, look at them, label them, add more."""

import streamlit as st

from lab.workspace.store import shelf as stored
from pages import ui
from pages.ui import clip_map, cutting, downloads, incoming, shelf, sight, whole

ui.require_login()
project = ui.header("Sounds", "Everything a detector learns from. Select a sound to hear and see it.")
counts = ui.store().labels(project.id)

incoming.form(project.id, shelf.labels_of(counts), expanded=not counts)
downloads.panel(project.id)
incoming.tell_what_was_added()
incoming.tell_work(project.id, incoming.ADD_TASK, downloads.TASK)
shelf.undo_bar(project.id)

whole.panel(project.id, project.name, bool(counts))
if not counts:
    ui.empty(
        "No sounds yet", "Add your own above, or begin with synthetic ones: alarms, and what is mistaken for them."
    )
    incoming.example_button(project.id)
    st.stop()

clip_map.panel(project.id)
wide, left, right = shelf.sides()
with left:
    facts = stored.facts(ui.store(), project.id)
    shelf.summary(facts)
    asked = shelf.search(counts, facts)
    chosen, total = shelf.table(project.id, asked, wide)
with right, ui.shows_errors():
    if chosen:
        shelf.describe(chosen[0])
        shelf.actions(project.id, chosen, shelf.labels_of(counts), asked, total)
        sight.clip_view(chosen[0].sha256, chosen[0].seconds, chosen[0].segments)
        cutting.panel(chosen[0])
    elif total:
        ui.empty("Nothing selected", "Select a row to listen; several, to label, move or delete them together.")
