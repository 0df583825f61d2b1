"""Optimize: walk the deployment tree and compare what every path costs and keeps."""

import streamlit as st

from lab.study import guide
from pages import ui
from pages.ui import finding, guiding, leaf, optimizing, work

ui.require_login()
project = ui.header(
    "Optimize", "Prune, cluster and quantize: what each path costs and keeps, read from the file that ships."
)

TASKS = (optimizing.TASK, finding.TASK)
job = ui.latest_job(project.id, *TASKS)
if job is not None and work.is_open(job):
    ui.job_panel(project.id, *TASKS)
    if job.task == finding.TASK:
        finding.live(job.id)
    else:
        optimizing.live(job.id, job.args["paths"])
    st.stop()

result, found = (work.latest_result(project.id, task) for task in TASKS)
optimizing.folded(project.id, result)
ui.job_panel(project.id, *TASKS)
if found:
    with ui.shows_errors():
        finding.outcome(found, project.id)
with ui.shows_errors():
    if result:
        optimizing.heading(result)
        leaf.measured(result, project.id)
    elif not found:
        optimizing.prepared(project.id)
    guiding.did(guide.COMPARED)
ui.safety()
