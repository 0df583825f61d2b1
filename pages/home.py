"""Home: what this is, the whole way at one press, and where you are."""

import streamlit as st

from pages import ui
from pages.ui import detectors, flow, results, setup, way, work

ui.require_login()
project = ui.header(
    "One sound, from the air to the board",
    "Train a detector, see what it costs, and leave with firmware for a one-dollar microcontroller.",
)

result = work.latest_result(project.id, way.DEMO)
running = work.is_open(ui.latest_job(project.id, way.DEMO))
with st.container(horizontal=True, vertical_alignment="center"):
    st.button(
        "Run the demo again" if result else "Run the demo", type="primary",
        icon=":material/play_arrow:", disabled=running,
        on_click=ui.submit, args=(way.DEMO, {}, project.id),
    )  # fmt: skip
    st.caption("Makes sounds, trains, compiles and listens on a virtual board: a few minutes on two cores.")
setup.panel()

job = ui.job_panel(project.id, way.DEMO, curves=True)
if result and not running:
    with ui.shows_errors():
        results.demo(result)

st.subheader("The way", anchor=False)
way.draw(project.id)
with st.container(horizontal=True):
    st.page_link(flow.LISTEN, label="Listen now", icon=":material/hearing:")
    st.page_link(flow.SOUNDS, label="Go to Sounds", icon=":material/graphic_eq:")
    st.page_link(flow.TRAIN, label="Train a detector", icon=":material/model_training:")
    st.page_link(flow.FIRMWARE, label="Make firmware", icon=":material/memory:")

st.subheader("Ready at once", anchor=False)
prepared = detectors.prepared()
if prepared:
    detectors.card(prepared, "The prepared detector")
else:
    ui.empty("No prepared detector in this copy", "Run the demo: it makes one from synthetic sounds.")
ui.safety()
