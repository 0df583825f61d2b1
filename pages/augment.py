"""Augment: what training makes of each recording, heard and seen."""

import streamlit as st

from pages import ui
from pages.ui import augmenting, beside, shelf

ui.require_login()
project = ui.header(
    "Augment", "A detector should know its alarm in another room, quieter and under other sounds. Copies teach it that."
)
clips = ui.store().clips(project.id)
chosen, seed, draw = beside.pick(project.id, clips)

recipe = None
with ui.shows_errors():
    recipe = augmenting.settings(project.id, shelf.labels_of(clip.label for clip in clips), seed)
if recipe is not None:
    with ui.shows_errors():
        beside.before_and_after(project.id, clips, chosen, recipe, draw)
with ui.shows_errors():
    augmenting.use_bar(project.id, recipe)
augmenting.presets(project.id, recipe)
st.caption(
    "Copies are made of training clips only and stay with their recording: what validates and tests is never copied, "
    "and never mixed in. A tenth of the copies is renewed each epoch."
)
