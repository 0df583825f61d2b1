"""Controls that change a project: without effect for who may only look, and never more than a sentence when refused."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import streamlit as st

from lab.errors import LabError
from pages.ui.session import may_edit

ONLY_LOOK = "This project is shared with you to look and listen."
PROBLEM = "_acting_problem"


def button(label: str, *, on_click: Callable[..., Any] | None = None, **how: Any) -> bool:
    """Draw a button that changes the project; as `st.button`, but disabled, with the reason, for a viewer.

    What `on_click` cannot do (`LabError`) is told by the page's head at the next run.
    """
    if not may_edit():
        how |= {"disabled": True, "help": ONLY_LOOK}
    return st.button(label, on_click=told(on_click) if on_click else None, **how)


def told(act: Callable[..., Any]) -> Callable[..., None]:
    """Return a callback that keeps the sentence of a LabError for `tell_problem`."""

    @wraps(act)
    def acted(*args: Any, **named: Any) -> None:
        try:
            act(*args, **named)
        except LabError as error:
            st.session_state[PROBLEM] = str(error)

    return acted


def tell_problem(for_a_while: bool = False) -> None:
    """Say, once, what the last press could not do; `for_a_while` where the next run comes by itself and soon."""
    if problem := st.session_state.pop(PROBLEM, None):
        if for_a_while:
            st.toast(problem, icon=":material/error:", duration="long")
        else:
            st.error(problem, icon=":material/error:")
