"""Optimize: walk the deployment tree and compare what every path costs and keeps."""

import streamlit as st

from pages import ui
from pages.ui import finding, optimizing, work

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
fresh = not (result or found)
is_prepared = fresh and (result := optimizing.prepared()) is not None
own = st.expander("Walk your own", icon=":material/account_tree:", expanded=fresh and not is_prepared)
with own, ui.shows_errors():
    optimizing.form(project.id)
ui.job_panel(project.id, *TASKS)
if found:
    with ui.shows_errors():
        finding.outcome(found, project.id)
if fresh and not is_prepared:
    ui.empty("No tree walked yet", "The table appears here. All eight leaves of the alarm detector take a few minutes.")
    with st.expander("The published figures"):
        optimizing.published()
if not result:
    ui.safety()
    st.stop()

with ui.shows_errors():
    st.subheader(result["model"], anchor=False)
    if is_prepared:
        st.caption(optimizing.PREPARED)
    told = optimizing.headline(result)
    if told:
        st.success(told, icon=":material/compress:")
    optimizing.compare_table(result)
    plot, weights, kept, two, article = st.tabs(["Trade-off", "Weights", "Promises", "Two paths", "Published"])
    with plot:
        optimizing.pareto(result["summary"])
    with weights:
        optimizing.density(result)
    with kept:
        optimizing.promises(result)
    with two:
        optimizing.side_by_side(result["summary"])
    with article:
        optimizing.published()
    st.subheader("Take one along", anchor=False)
    if is_prepared:
        optimizing.prepared_files(result, project.id)
    else:
        optimizing.files(result, project.id)
ui.safety()
