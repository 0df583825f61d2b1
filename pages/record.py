"""Record: a microphone's sound as labelled clips, none of it lost unsaid."""

import streamlit as st

from pages import ui
from pages.ui import consenting, recording, webrtc

ui.require_login()
project = ui.header("Record", "Your own sounds, in the room where the board will hang.")
recording.interrupted(project.id)
if problem := webrtc.origin():
    recording.elsewhere(problem)
    st.stop()
consenting.ask()

with ui.shows_errors():
    heard = recording.ear()
    hears = recording.microphone(heard)
    label = recording.controls(project.id, heard, hears)
    recording.saved(heard)
    recording.fallback(project.id, label)
