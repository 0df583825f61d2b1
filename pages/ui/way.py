"""The way from a sound to a board, with where the person is."""

import streamlit as st

from lab.workspace import jobs
from pages.ui import detectors
from pages.ui.session import store

STEPS = (
    ("Sounds", "Bring or make them, listen, label"),
    ("Features", "What the model sees, bit for bit as on the board"),
    ("Train", "A small network learns the difference"),
    ("Detector", "Model, threshold and event rule in one file"),
    ("Firmware", "Plain C, compiled to a .uf2"),
    ("Board", "An LED that answers, real or virtual"),
)
TRY, COMPILE, DEMO = (f"lab.study.tasks:{name}" for name in ("try_board", "compile_firmware", "demo"))


def draw(project_id: int) -> None:
    """Draw the six steps; done ones are ticked and the next one is marked."""
    done = _done(project_id)
    here = done.index(False) if False in done else len(done)
    items = "".join(
        f'<li class="{"done" if done[place] else "here" if place == here else ""}">'
        f"<b>{place + 1}. {name}</b><span>{text}</span></li>"
        for place, (name, text) in enumerate(STEPS)
    )
    st.html(f'<ol class="lab-way" aria-label="The way from sound to board">{items}</ol>')


def _done(project_id: int) -> list[bool]:
    finished = {row.task for row in jobs.jobs(store(), project_id) if row.state == jobs.DONE}
    demo = DEMO in finished
    sounds = bool(store().labels(project_id)) or demo
    made = demo or any(choice.sha256 for choice in detectors.find(project_id))
    built = demo or COMPILE in finished
    return [sounds, sounds, made, made, built, demo or TRY in finished]
