"""The parts of the Admin page: all ask for the whole store, which only admins are given (`session.instance`)."""

from typing import Any

import streamlit as st

from lab.workspace import health as how
from lab.workspace import jobs, overview
from lab.workspace.store import Job
from pages.ui import acting, parts, session
from pages.ui.frame import empty
from pages.ui.words import count_of, duration

EVERY_S = 5.0
SHOWN = 50
DAYS = {"a day": 1, "a week": 7, "a month": 30, "ever": 0}


@parts.fragment(run_every=EVERY_S)
def health() -> None:
    """Draw how each part is, live, and the versions."""
    found = how.health(session.instance().config)
    if found.well:
        st.success("Every part does its work.", icon=":material/check_circle:")
    for part in found.parts:
        (st.markdown if part.well else st.error)(
            f"{':material/check:' if part.well else ''} **{part.name.capitalize()}** – {part.said}"
        )
    st.subheader("Versions", anchor=False)
    st.dataframe(
        [{"part": name, "version": value} for name, value in overview.versions().items()], hide_index=True,
        width="content", height="content", key="admin-versions",
    )  # fmt: skip


def people() -> None:
    """List everybody, who was here last first."""
    rows = overview.people(session.instance())
    if not rows:
        empty("Nobody yet", "People appear here once they signed in or made a project.")
        return
    most = session.instance().config.quota_mb
    who = "1 person" if len(rows) == 1 else f"{len(rows)} people"
    st.caption(f"{who}." + (f" Each may keep {most:,} MB." if most else ""))
    st.dataframe(
        rows, hide_index=True, key="admin-people", column_config={
            "person": "Person", "name": "Name", "seen": st.column_config.DatetimeColumn("Last seen (UTC)"),
            "projects": "Projects", "mb": st.column_config.NumberColumn("MB", format="%.1f"), "jobs": "Open jobs",
        },
    )  # fmt: skip


@parts.fragment(run_every=EVERY_S)
def all_jobs() -> None:
    """List everybody's jobs, the newest first; open ones can be cancelled."""
    rows = jobs.jobs(session.instance(), limit=SHOWN)
    if not rows:
        empty("No jobs yet", "Trainings, imports and builds of everybody appear here.")
        return
    for row in (each for each in rows if each.state in jobs.OPEN_STATES):
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"lab-admin-job-{row.id}"):
            st.markdown(
                f"**{row.id}** {_named(row)} · {row.owner} · {row.state}, {duration(jobs.seconds_running(row))}"
            )
            st.button(
                "Stopping …" if row.stop_asked else "Cancel", key=f"admin-cancel-{row.id}", disabled=row.stop_asked,
                on_click=acting.told(_cancel), args=(row.id,),
            )  # fmt: skip
    st.dataframe([_told(row) for row in rows], hide_index=True, key="admin-jobs")


def _named(row: Job) -> str:
    return row.task.rpartition(":")[2].replace("_", " ")


def _told(row: Job) -> dict[str, Any]:
    return {
        "number": row.id, "what": _named(row), "person": row.owner, "state": row.state,
        "asked for (UTC)": row.created, "took": duration(jobs.seconds_running(row)) if row.started else "",
        "attempts": row.attempts, "worker": row.worker or "", "said": row.error or row.message,
    }  # fmt: skip


def _cancel(job_id: int) -> None:
    jobs.cancel(session.instance(), job_id)


def disk() -> None:
    """List what takes the disk."""
    rows = overview.disk(session.instance())
    st.dataframe(
        rows, hide_index=True, width="content", key="admin-disk",
        column_config={"what": st.column_config.TextColumn("What", width="medium"), "files": "Files",
                       "mb": st.column_config.NumberColumn("MB", format="%.1f")},
    )  # fmt: skip


@parts.fragment(run_every=EVERY_S)
def workers() -> None:
    """List who serves the job table."""
    rows = how.workers(session.instance())
    if not rows:
        empty("No worker has served this instance yet", "The first job starts one.")
        return
    st.dataframe([_worker(row) for row in rows], hide_index=True, key="admin-workers")


def _worker(row: how.WorkerFact) -> dict[str, Any]:
    busy = row.data.get("jobs", "")
    return {
        "worker": row.name, "alive": row.alive, "heard of": f"{duration(row.age_s)} ago", "jobs": str(busy),
        "slots": str(row.data.get("slots", "")), "host": str(row.data.get("host", "")),
        "version": str(row.data.get("version", "")), "cluster": str(row.data.get("cluster", "")),
    }  # fmt: skip


def audit_log() -> None:
    """List the audit log, filtered, and offer it as CSV."""
    store = session.instance()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        person = st.text_input("Who", key="audit-person", placeholder="part of an address", width=220)
        action = st.selectbox("What", ["", *overview.actions(store)], key="audit-action", width=220)
        since = st.selectbox("Since", list(DAYS), index=3, key="audit-since", width=140)
    lines = overview.audit_lines(store, person, action, DAYS[since])
    if not lines:
        empty("Nothing to show", "Sign-ins, sharing, consent and deletions are written down here.")
        return
    st.dataframe(lines, hide_index=True, key="admin-audit", column_config={
        "at": st.column_config.DatetimeColumn("When (UTC)"), "person": "Who", "action": "What", "project": "Project",
        "more": "More",
    })  # fmt: skip
    st.download_button(
        f"Download {count_of(len(lines), 'line')} as CSV", lambda: overview.as_csv(lines), "audit.csv", "text/csv",
        on_click="ignore", icon=":material/download:", key="audit-csv",
    )  # fmt: skip
