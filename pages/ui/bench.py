"""The board on the table: its picture, its parts, its wires and how to flash it."""

from html import escape
from pathlib import Path

import streamlit as st

from lab.deploy.boards import Board

LIT = ("#lit { opacity: 0 }", "#lit { opacity: 1 }")
PICTURES = Path(__file__).with_name("boards")
WIRES = ("#d2483c", "#4a4f55", "#8b8f94", "#e09a2b", "#1f9d8f")
"""Colours of 3V, GND, SEL, DAT and CLK, as in the Pico's picture."""

LAST_STEP = "Copy the .uf2 onto that drive; the board restarts and listens."


def draw(board: Board, lit: bool = False) -> None:
    """Draw a board with its microphone, where there is a picture of it; `lit` lights its LED."""
    path = PICTURES / f"{board.name}.svg"
    if path.exists():
        picture = path.read_text()
        st.image(picture.replace(*LIT) if lit else picture, width="stretch", alt=f"{board.title} with its microphone")


def guide(board: Board) -> None:
    """List a board's parts, wires and boot steps."""
    left, right = st.columns(2, gap="large")
    with left:
        st.markdown("**Parts**")
        st.html(f'<ul class="lab-steps">{_items(board.parts)}</ul>')
        st.markdown("**Boot it to flash**")
        st.html(f'<ol class="lab-steps">{_items((*board.boot_steps, LAST_STEP))}</ol>')
    with right:
        st.markdown("**Wiring**")
        st.html(f'<table class="lab-wires"><tr><th>from</th><th>to</th></tr>{_rows(board)}</table>')
        pins = (
            f"LED: GPIO {board.led_pin}. Microphone data: GPIO {board.pdm_data_pin}, clock: GPIO {board.pdm_clock_pin}."
        )
        st.html(f'<p class="lab-fine">{pins}</p>')


def _items(texts: tuple[str, ...]) -> str:
    return "".join(f"<li>{escape(text)}</li>" for text in texts)


def _rows(board: Board) -> str:
    marks = [f'<i style="background:{colour}"></i>' for colour in WIRES] if len(board.wiring) == len(WIRES) else []
    marks += [""] * (len(board.wiring) - len(marks))
    return "".join(
        f"<tr><td>{mark}{escape(start)}</td><td>{escape(end)}</td></tr>"
        for mark, (start, end) in zip(marks, board.wiring, strict=True)
    )
