"""The guided track on pages: where a person is, what comes next, and what leaves no other trace noted."""

import contextlib
from collections.abc import Callable
from html import escape
from typing import Any

import streamlit as st

from lab.errors import LabError
from lab.study import guide
from lab.workspace.store import open_store
from pages.server import places
from pages.ui import flow, parts, session

NOTED = "_guide_noted"
EVERY_S = 4.0


def did(step: str, data: dict[str, Any] | None = None) -> None:
    """Note that the person here did a step; once a visit is enough, but each failed flash counts."""
    noted: set[str] = st.session_state.setdefault(NOTED, set())
    if step in noted and step != guide.FLASH_FAILED:
        return
    with contextlib.suppress(LabError):  # a full disk: the step can be done again, and the page matters more
        guide.mark(open_store(), session.owner(), step, data=data)
        noted.add(step)


def taken() -> Callable[[], None]:
    """Return what notes, when a download's button is pressed, that the person here took their detector along."""
    person = session.owner()

    def note() -> None:
        with contextlib.suppress(LabError):
            guide.mark(open_store(), person, guide.TAKEN)

    return note


def progress() -> guide.Done:
    """Return when the person here did each step."""
    person = session.owner()
    return guide.progress(open_store(), [person])[person]


def brief() -> None:
    """Draw one line: how far the person is and what comes next, with the way there."""
    done = progress()
    step = guide.here(done)
    count = sum(each.key in done for each in guide.STEPS)
    with st.container(horizontal=True, vertical_alignment="center", key="lab-guide-brief"):
        if step is None:
            st.markdown(f"**Your first detector:** all {count} steps are done.")
        else:
            st.markdown(f"**Your first detector in 15 minutes:** step "
                        f"{guide.STEPS.index(step) + 1} of {len(guide.STEPS)}: {step.title}.")  # fmt: skip
        st.page_link(flow.GUIDE, label="Open the guide", icon=":material/signpost:")


@parts.fragment(run_every=EVERY_S)
def steps() -> None:
    """Draw all steps, live: done ones with their tick, the one to do now with what to press."""
    done = progress()
    now = guide.here(done)
    for number, step in enumerate(guide.STEPS, 1):
        _step(number, step, step.key in done, step is now)
    st.caption("Each step ticks itself: the lab looks into your project, nobody has to say so. Order does not matter.")


def place() -> None:
    """Draw who the person is in the workshop and how they come back; nothing outside of one."""
    key = places.return_key()
    if not key:
        return
    with st.container(border=True, key="lab-place"):
        st.markdown(f"You are **{escape(session.person().name)}**. This browser finds your space again by itself.")
        st.caption("In another browser, open the workshop’s address, choose “I was here before” and type")
        st.code(key, language=None)


def _step(number: int, step: guide.Step, is_done: bool, is_now: bool) -> None:
    state = "done" if is_done else "here" if is_now else ""
    with st.container(key=f"lab-guide-{number}-{state or 'later'}", border=is_now):
        mark = "✓" if is_done else str(number)
        st.html(f'<div class="lab-guide {state}"><i>{mark}</i><b>{escape(step.title)}</b>'
                f"<span>{escape(step.checked) if is_done else ''}</span></div>")  # fmt: skip
        if is_now:
            st.markdown(step.how)
            st.page_link(
                flow.page_of(step.page), label=f"Go to {step.page.capitalize()}", icon=":material/arrow_forward:"
            )
