"""Long work on a page: submit it, watch it, stop it.

The job table is the truth, so a panel shows the same after a refresh and in a second tab.
"""

import time
from typing import Any

import streamlit as st

from lab.errors import LabError
from lab.workspace import jobs
from lab.workspace.daemon import ensure_worker
from lab.workspace.store import Job
from pages.ui import acting, parts
from pages.ui.session import may_edit, owner, store
from pages.ui.words import duration

POLL_S = 1.0
CURVES_S = 4.0
"""A chart costs server and browser more than the rest of the panel, on the cores that train."""
WORKER_CHECK_S = 20.0
LOG_LINES = 200
GUESS_FROM = 0.05
"""Share of the steps after which the time left is worth telling."""

_checked = {"at": 0.0}


def submit(task: str, args: dict[str, Any], project_id: int | None) -> None:
    """Queue a task for a project, and see that a worker serves the queue.

    A second press while the very same work waits or runs asks for nothing more.
    """
    try:
        if not any(is_open(row) and (row.task, row.args) == (task, args) for row in jobs.jobs(store(), project_id)):
            jobs.submit(store(), task, args, project_id, owner())
        ensure_worker(store().config)
        _checked["at"] = time.monotonic()
    except LabError as error:
        st.error(str(error))


def latest_job(project_id: int | None, *tasks: str) -> Job | None:
    """Return a project's newest job among these tasks, or among all; None for any project that the person sees."""
    rows = jobs.jobs(store(), project_id)
    return next((row for row in rows if not tasks or row.task in tasks), None)


def latest_result(project_id: int | None, *tasks: str) -> dict[str, Any] | None:
    """Return what the newest finished job among these tasks gave."""
    rows = jobs.jobs(store(), project_id)
    return next((row.result for row in rows if row.task in tasks and row.state == jobs.DONE), None)


def is_open(row: Job | None) -> bool:
    """Whether a job waits or runs."""
    return row is not None and row.state in jobs.OPEN_STATES


def metrics(job_id: int) -> list[dict[str, float]]:
    """Return what a job's training said, an epoch an entry."""
    return [event.data for event in jobs.events(store(), job_id, jobs.METRIC)]


def job_panel(project_id: int | None, *tasks: str, curves: bool = False) -> Job | None:
    """Draw the newest job among these tasks, live while it runs.

    Args:
        project_id: whose.
        tasks: which; none means any.
        curves: draw its training curves too.

    Returns:
        The job as it was when the page was drawn, or None.
    """
    row = latest_job(project_id, *tasks)
    if row is None:
        return None
    if row.state in jobs.OPEN_STATES:
        _keep_worker()
        _live(row.id)
        if curves:
            _live_curves(row.id)
    else:
        _over(row)
    return row


@parts.fragment(run_every=POLL_S)
def _live(job_id: int) -> None:
    row = jobs.job(store(), job_id)
    if row.state not in jobs.OPEN_STATES:
        st.rerun(scope="app")
    _keep_worker()
    with st.container(border=True, key=f"lab-job-{job_id}"):
        bar = st.container(horizontal=True, vertical_alignment="center")
        bar.progress(min(1.0, row.done / row.total) if row.total else 0.0, text=_headline(row))
        bar.button(
            "Stopping …" if row.stop_asked else "Cancel", key=f"cancel-{job_id}",
            disabled=row.stop_asked or not may_edit(), on_click=acting.told(jobs.cancel), args=(store(), job_id),
        )  # fmt: skip
        _log(job_id)


@parts.fragment(run_every=CURVES_S)
def _live_curves(job_id: int) -> None:
    from pages.ui.charts import training_curves

    training_curves(metrics(job_id), key="live-curves")


def _headline(row: Job) -> str:
    if row.state == jobs.QUEUED:
        return row.message or "Waiting for the worker to take it …"
    left = jobs.seconds_left(row) if row.done >= GUESS_FROM * row.total else None
    spent = f"{duration(jobs.seconds_running(row))} so far"
    guess = f" · about {duration(left)} left" if left and left >= 1 else ""
    return f"{row.message or 'Starting'} · {spent}{guess}"


def _over(row: Job) -> None:
    if row.state == jobs.FAILED:
        st.error(row.error or "It failed.", icon=":material/error:")
        _log(row.id)
    elif row.state == jobs.CANCELLED:
        st.info(row.error or "Stopped on request.", icon=":material/stop_circle:")
    else:
        st.caption(f":material/check_circle: Done in {duration(jobs.seconds_running(row))}.")


def _log(job_id: int) -> None:
    lines = [str(event.data) for event in jobs.events(store(), job_id, jobs.LOG, limit=LOG_LINES)]
    if lines:
        with st.expander("Log", icon=":material/notes:"):
            st.code("\n".join(lines), language=None, height=220)


def _keep_worker() -> None:
    """Start the worker again if it died, looking at most every few seconds."""
    if time.monotonic() - _checked["at"] > WORKER_CHECK_S:
        _checked["at"] = time.monotonic()
        ensure_worker(store().config)
