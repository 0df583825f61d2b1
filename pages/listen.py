"""Listen: the detector at work on this microphone, corrected and taught on the spot."""

import streamlit as st

from pages import ui
from pages.ui import listening, telling, webrtc, work

ui.require_login()
project = ui.header("Listen", "A detector hears this microphone, on the same code the board runs.")

if problem := webrtc.origin():
    st.error(problem, icon=":material/lock_open:")
    st.stop()

with ui.shows_errors():
    chosen = listening.choose(project.id)
    if chosen is None:
        ui.empty("No detector yet", "Run the demo on Home, or train one. It appears here.")
        st.stop()
    choice, detector = chosen
    heard = listening.ear(detector)
    hears = listening.microphone(heard, telling.who(choice, detector))
    if hears:
        listening.get_ready(choice)
    left, right = st.columns(2, gap="large")
    with left:
        listening.test_alarm()
    with right:
        listening.verdict(project.id, heard, hears)
        listening.teach(project.id, choice)
    job = ui.job_panel(project.id, listening.TEACH)
    if not work.is_open(job):
        listening.taught(project.id)
ui.safety()
