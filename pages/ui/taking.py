"""The card of a person's detector, and everything of theirs as one file."""

from collections.abc import Mapping
from html import escape
from typing import Any

import streamlit as st

from lab.study import take_home
from lab.workspace import jobs
from pages.ui import acting, detectors, flashing, guiding, listening, session, words, work
from pages.ui.frame import empty
from pages.ui.session import store

TASK = "lab.study.take_home:take_home"


def card(project_id: int) -> None:
    """Draw the card of the newest detector, or the button that makes it."""
    st.subheader("What it can and cannot hear", anchor=False)
    choice = detectors.find(project_id)[0:1]
    mine = [each for each in choice if each.sha256]
    if not mine:
        empty("Your card appears here", "Once you have taught the detector: what it hears, what it mistakes, and one "
              "file to take home.")  # fmt: skip
        return
    args = _args(project_id, mine[0])
    job = work.latest_job(project_id, TASK)
    made = job if job is not None and job.state == jobs.DONE and job.args == args else None
    if made is None:
        acting.button(
            "Make my card", type="primary", icon=":material/id_card:", disabled=work.is_open(job), key="make-card",
            on_click=work.submit, args=(TASK, args, project_id),
        )  # fmt: skip
        st.caption("It plays five alarms and one sound of each kind to your detector: some seconds.")
        work.job_panel(project_id, TASK)
        return
    _draw(made.result or {})


def _args(project_id: int, choice: detectors.Choice) -> dict[str, Any]:
    rows = jobs.jobs(store(), project_id)
    done = [row for row in rows if row.state == jobs.DONE and row.result]
    compiled = next(
        (row for row in done if row.task == flashing.COMPILE and row.args.get("detector") == choice.sha256), None
    )
    taught = next(
        (row for row in done if row.task == listening.TEACH and row.result["detector"] == choice.sha256), None
    )
    return {
        "project_id": project_id, "detector": choice.sha256, "name": session.person().name,
        "uf2": flashing.uf2_of(compiled.result) if compiled else None,
        "lesson": taught.result["held_out"] if taught else {},
        "clips": sum(store().labels(project_id).values()),
    }  # fmt: skip


def _draw(told: Mapping[str, Any]) -> None:
    rows = "".join(
        f"<tr><td>{escape(row['name'])}</td><td>{_after(row['loud_s'])}</td><td>{_after(row['quiet_s'])}</td></tr>"
        for row in told["alarms"]
    )
    st.html(
        f'<section class="lab-card"><header><h3>{escape(told["name"])}</h3></header>'
        f"<p><b>{escape(take_home.hears(told))}</b></p><p><b>{escape(take_home.mistakes(told))}</b></p>"
        f'<table class="lab-wires"><tr><th>alarm</th><th>at {take_home.LOUD_DB:.0f} dBFS</th>'
        f"<th>at {take_home.QUIET_DB:.0f} dBFS</th></tr>{rows}</table>"
        f'<p class="lab-fine">One sound of each kind, made by this program, through the twin of the board. '
        f"{take_home.SAFETY}</p></section>"
    )
    parts = ["the card", "the detector", words.count_of(told["clips"], "sound")] + (["the .uf2"] if told["uf2"] else [])
    note, kept = guiding.taken(), store()
    for name, sha256 in told["artifacts"].items():
        st.download_button(
            "Take everything home (.zip)", data=lambda sha256=sha256: (note(), kept.read_artifact(sha256))[1],
            file_name=name, type="primary", icon=":material/backpack:", on_click="ignore", key="take-home",
        )  # fmt: skip
    st.caption(f"Holds {', '.join(parts)}." + ("" if told["uf2"] else " Compile it on Firmware to have its .uf2 too."))


def _after(seconds: float | None) -> str:
    return "not heard" if seconds is None else f"after {seconds:.1f} s"
