"""Firmware: choose a detector and a board, compile, take the files, try them on the virtual board."""

import streamlit as st

from lab.deploy.boards import BOARDS
from pages import ui
from pages.ui import acting, bench, detectors, drives, flashing, flow, setup, trying, usb, work

ui.require_login()
project = ui.header("Firmware", "A detector becomes plain C, and the C a file that a board runs.")

choices = detectors.find(project.id)
if not choices:
    ui.empty("No detector yet", "Run the demo on Home, or train one. It appears here.")
    ui.safety()
    st.stop()

left, right = st.columns([1, 1], gap="large")
with left:
    choice = st.selectbox("Detector", choices, format_func=lambda each: each.title)
    board = BOARDS[st.selectbox("Board", list(BOARDS), format_func=lambda name: BOARDS[name].title, key="board")]
with ui.shows_errors():
    detector = detectors.load(choice)
    job = ui.latest_job(project.id, flashing.COMPILE)
    running = work.is_open(job)
    with left:
        acting.button(
            "Compile", type="primary", icon=":material/memory:", disabled=running,
            on_click=flashing.compile_now, args=(choice, board, project.id),
        )  # fmt: skip
        setup.panel()
        ui.job_panel(project.id, flashing.COMPILE)
    with right:
        bench.draw(board)
    done = flashing.finished(project.id, detectors.artifact(choice), board)
    if done:
        st.subheader("Out came", anchor=False)
        flashing.outcome(done.result)
    uf2 = flashing.uf2_of(done.result) if done else None
    others = flashing.apps(project.id, board)
    st.subheader("Flash it", anchor=False)
    with ui.shows_errors():
        images = ({f"{detector.name} on {board.title}": uf2} if uf2 else {}) | others
        usb.draw(images)
        drives.draw(images)
    flashing.offer_apps(project.id, board, others, work.is_open(ui.latest_job(project.id, flashing.APP)))
    ui.job_panel(project.id, flashing.APP)
    st.page_link(flow.BOARD, label="Once a board runs it, watch it at work", icon=":material/monitoring:")
    if uf2:
        st.subheader("Try it here", anchor=False)
        trying.offer(choice, board)
        flashing.trial(uf2, project.id, work.is_open(ui.latest_job(project.id, flashing.TRY)))
        ui.job_panel(project.id, flashing.TRY)
        seen = flashing.heard(project.id, uf2)
        if seen:
            flashing.show_trial(seen, detector.threshold)
    st.subheader("On the table", anchor=False)
    bench.guide(board)
    st.subheader("The detector", anchor=False)
    ui.detector_card(detector)
