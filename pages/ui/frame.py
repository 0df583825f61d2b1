"""What surrounds every page: its style, its head and its safety words."""

from pathlib import Path

import streamlit as st

from lab.workspace.store import Project
from pages.ui import acting, sharing
from pages.ui.session import pick_project, tell_problem

STYLE = Path(__file__).with_name("style.css")
SAFETY = "A learning tool, not a certified alarm. Never your only warning. No claim of conformity with any standard."


def frame() -> None:
    """Apply the lab's style. The entry script calls this on every run."""
    st.html(STYLE)


def header(title: str, text: str) -> Project:
    """Draw a page's head beside the project picker; return the project in use."""
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        st.title(title, anchor=False)
        st.markdown(text)
    with right:
        with st.container(horizontal=True, vertical_alignment="bottom"):
            project = pick_project()
            sharing.panel(project)
        sharing.told(project)
    tell_problem()
    acting.tell_problem()
    return project


def safety() -> None:
    """Say what this is not."""
    st.html(f'<div class="lab-safety" role="note">{SAFETY}</div>')


def empty(title: str, text: str) -> None:
    """Say what will be here, and how to bring it."""
    st.html(f'<div class="lab-empty"><strong>{title}</strong><p>{text}</p></div>')
