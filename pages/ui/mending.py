"""The way from a false alarm to a board that no longer makes it, in one place: keep, teach, compile, flash."""

import streamlit as st

from lab.deploy.boards import BOARDS, Board
from pages.ui import acting, detectors, flashing, flow, usb, work
from pages.ui.session import store
from pages.ui.words import count_of

MICNODE = "usb_microphone"


def draw(project_id: int) -> None:
    """Draw the three steps, and the flasher for the last."""
    st.subheader("It was no alarm?", anchor=False)
    steps = (
        ("1. Keep the sound", "Turn the twin on; **That was wrong** beside an event keeps what this page heard of it. "
         "Or flash MicNode below and record with the board’s own microphone: “Choose the microphone” there.",
         {"Record": (flow.RECORD, ":material/mic:")}),
        ("2. Teach the detector", "Ten seconds for its last layers, or a training of all of it.",
         {"Listen: Teach it": (flow.LISTEN, ":material/school:"), "Train": (flow.TRAIN, ":material/model_training:")}),
        ("3. Bring it to the board", "Compile the new one and flash it, below or there; the board answers above again.",
         {"Firmware": (flow.FIRMWARE, ":material/memory:")}),
    )  # fmt: skip
    for column, (title, text, links) in zip(st.columns(3), steps, strict=True):
        with column:
            st.markdown(f"**{title}**  \n{text}")
            for label, (page, icon) in links.items():
                st.page_link(page, label=label, icon=icon)
    count = sum(number for label, number in store().labels(project_id).items() if label)
    st.caption(f"This project has {count_of(count, 'labelled sound')}.")
    folded = st.expander(
        "Flash from here: MicNode, or a detector", icon=":material/bolt:", key="mend-flash", on_change="rerun"
    )
    if folded.open:
        with folded:
            _flash(project_id)


def _flash(project_id: int) -> None:
    board = BOARDS[
        st.selectbox("Board", list(BOARDS), format_func=lambda name: BOARDS[name].title, key="mend-board", width=420)
    ]
    running = work.is_open(work.latest_job(project_id, flashing.COMPILE, flashing.APP))
    apps = flashing.apps(project_id, board)
    images = compiled(project_id, board) | apps
    usb.draw(images)
    newest = next(iter(detectors.find(project_id)), None)
    with st.container(horizontal=True):
        if newest and not flashing.finished(project_id, detectors.artifact(newest), board):
            acting.button(
                f"Compile {detectors.load(newest).name}", icon=":material/memory:", disabled=running,
                on_click=flashing.compile_now, args=(newest, board, project_id), key="mend-compile",
            )  # fmt: skip
        if flashing.app_title(MICNODE, board) not in apps:
            acting.button(
                "Build MicNode", icon=":material/mic:", disabled=running, key="mend-micnode",
                on_click=work.submit, args=(flashing.APP, {"app": MICNODE, "board": board.name}, project_id),
            )  # fmt: skip
    work.job_panel(project_id, flashing.COMPILE, flashing.APP)


def compiled(project_id: int, board: Board) -> dict[str, str]:
    """Return what a project's detectors became for a board: what the list shows → hash of its .uf2, newest first."""
    found = {}
    for choice in detectors.find(project_id):
        done = flashing.finished(project_id, detectors.artifact(choice), board)
        uf2 = flashing.uf2_of(done.result or {}) if done else None
        if uf2:
            found[choice.title] = uf2
    return found
