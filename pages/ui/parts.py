"""Parts of a page that Streamlit draws anew on their own: what a person can act on is one sentence there, too."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any

import streamlit as st

from lab.errors import LabError
from pages.ui import acting

Draw = Callable[..., None]


@contextmanager
def shows_errors() -> Iterator[None]:
    """Show what a person can act on as one sentence; anything else is a defect and passes."""
    try:
        yield
    except LabError as error:
        st.error(str(error), icon=":material/error:")


def fragment(draw: Draw | None = None, *, run_every: float | None = None) -> Any:
    """Make a function a part that is drawn anew on its own.

    Streamlit shows what a fragment raises as a traceback before anything around it could say it better.

    Args:
        draw: draws it.
        run_every: draw it anew after so many seconds.
    """
    if draw is None:
        return partial(fragment, run_every=run_every)
    return st.fragment(_telling(draw), run_every=run_every)


def dialog(title: str) -> Callable[[Draw], Draw]:
    """Make a function a dialog, which Streamlit draws as it does a fragment."""
    return lambda draw: st.dialog(title)(_telling(draw))


def _telling(draw: Draw) -> Draw:
    @wraps(draw)
    def drawn(*args: Any, **named: Any) -> None:
        acting.tell_problem(for_a_while=True)  # of a press in it; else the page's head has told it
        with shows_errors():
            draw(*args, **named)

    return drawn
