"""What a random split of windows would give away: how many windows, and how much better it makes a network look."""

from typing import Any

import streamlit as st

from lab.study import versions
from pages.ui import acting
from pages.ui.session import store
from pages.ui.words import percent
from pages.ui.work import is_open, job_panel, latest_job, latest_result, submit

TASK = "lab.study.tasks:measure_leaks"
SMALL = 0.02
"""Accuracies that lie no further apart tell nothing."""


def panel(project_id: int, version: str) -> None:
    """Draw both.

    Args:
        project_id: whose sounds.
        version: hash of the data as it is now.
    """
    found = versions.leaks_of(store(), project_id)
    if not found.tested:
        return
    st.caption(
        f"Split at random by windows, as the article does, {found.leaked:,} of {found.tested:,} tested windows "
        f"({percent(found.leaked / found.tested, 0)}) would have a sibling of their own recording in training. Here: 0."
    )
    result = latest_result(project_id, TASK)
    if result:
        _table(result)
        st.caption(_meaning(result) + _reservation(result, version))
    acting.button(
        "Measure again" if result else "Measure what that hides", icon=":material/science:", key="measure-leaks",
        disabled=is_open(latest_job(project_id, TASK)), on_click=submit,
        args=(TASK, {"project_id": project_id}, project_id),
        help="Trains the article’s small network twice on these sounds, a minute or so, and scores each on what it "
        "held back.",
    )  # fmt: skip
    job_panel(project_id, TASK)


def _table(result: dict[str, Any]) -> None:
    tested = result["tested"]
    st.table(
        {
            "Split": ["by windows, as the article’s", "by recordings, as here"],
            "Windows tested": [f"{tested:,}", f"{tested:,}"],
            "With a sibling in training": [f"{result['leaked']:,}", "0"],
            "Accuracy": [percent(result[name]["accuracy"]) for name in ("by_window", "by_recording")],
        }
    )


def _meaning(result: dict[str, Any]) -> str:
    """Say in a sentence what the two accuracies mean."""
    gap = result["gap"]
    if gap > SMALL:
        return (
            f"Split by windows, the same training looks {100 * gap:.0f} points better than it is: it is asked about "
            "recordings that it has heard. On new ones expect the lower figure."
        )
    if gap < -SMALL:
        return "The leak gains nothing here; with so few recordings chance decides which figure is higher."
    return "Both agree within two points: these sounds are told apart without remembering their recordings."


def _reservation(result: dict[str, Any], version: str) -> str:
    clips = result["clips"]
    some = f" Measured on {clips['used']:,} of {clips['all']:,} sounds." if clips["used"] < clips["all"] else ""
    return some + (" The sounds have changed since." if result["dataset"] != version else "")
