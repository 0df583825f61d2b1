"""Home: what this is, one button to begin, the whole way at one press, and where you are."""

import streamlit as st

from pages import ui
from pages.ui import acting, detectors, ending, flow, guiding, results, setup, way, work

ui.require_login()
project = ui.header(
    "One sound, from the air to the board",
    "Train a detector, see what it costs, and leave with firmware for a one-dollar microcontroller.",
)

prepared = detectors.prepared()
with st.container(horizontal=True, vertical_alignment="center"):
    if st.button("Listen", type="primary", icon=":material/hearing:"):
        st.switch_page(flow.LISTEN)
    if prepared:
        st.caption("A detector is ready. It hears this microphone, on the same code the board runs.")
setup.panel()
guiding.brief()
ending.panel()

st.subheader("The way", anchor=False)
way.draw(project.id)
with st.container(horizontal=True):
    st.page_link(flow.SOUNDS, label="Go to Sounds", icon=":material/graphic_eq:")
    st.page_link(flow.TRAIN, label="Train a detector", icon=":material/model_training:")
    st.page_link(flow.FIRMWARE, label="Make firmware", icon=":material/memory:")

result = work.latest_result(project.id, way.DEMO)
running = work.is_open(ui.latest_job(project.id, way.DEMO))
with st.container(horizontal=True, vertical_alignment="center"):
    acting.button(
        "Run the demo again" if result else "Run the demo", icon=":material/play_arrow:", disabled=running,
        on_click=ui.submit, args=(way.DEMO, {}, project.id),
    )  # fmt: skip
    st.caption("The whole way at one press: makes sounds, trains, compiles, listens. A few minutes on two cores.")
job = ui.job_panel(project.id, way.DEMO, curves=True)
if result and not running:
    with ui.shows_errors():
        results.demo(result)

st.subheader("Ready at once", anchor=False)
if prepared:
    detectors.card(prepared, "The prepared detector")
else:
    ui.empty("No prepared detector in this copy", "Run the demo: it makes one from synthetic sounds.")
ui.safety()
