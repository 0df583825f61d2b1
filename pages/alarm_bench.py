"""Alarm bench: will it hear the alarm, will it stay quiet, and which rule suits it best."""

import streamlit as st

from pages import ui
from pages.ui import detectors, hearing

ui.require_login()
project = ui.header("Alarm bench", "Will it hear the alarm, and will it stay quiet? Measured on sounds it never met.")

choices = detectors.find(project.id)
if not choices:
    ui.empty("No detector yet", "Run the demo on Home, or train one. It appears here.")
    ui.safety()
    st.stop()

with ui.shows_errors():
    choice = st.selectbox("Detector", choices, format_func=lambda each: each.title)
    sha256 = detectors.artifact(choice)
    hears, quiet, rule = st.tabs(["Does it hear?", "Does it stay quiet?", "Choose the rule"])
    with hears:
        hearing.slices(project.id, sha256)
    with quiet:
        hearing.false_alarms(project.id, sha256)
    with rule:
        hearing.tuner(project.id, sha256)
    st.subheader("The detector", anchor=False)
    ui.detector_card(detectors.load(choice))  # which says what this is not
