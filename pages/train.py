"""Train: a baseline on many sounds, then a detector fine-tuned on yours."""

import streamlit as st

from pages import ui
from pages.ui import charts, learning, work

ui.require_login()
project = ui.header("Train", "A small network learns the difference. First a baseline on many sounds, then yours.")

task = learning.pick_step(project.id)
baselines = ui.store().runs(project.id, "baseline")
running = work.is_open(ui.latest_job(project.id, task))

if not running and task == learning.BASELINE:
    learning.baseline_form(project.id)
elif not running and baselines:
    learning.finetune_form(project.id, baselines)
elif not running:
    ui.empty("No baseline yet", "Fine-tuning starts from a baseline. Train one in step 1; it takes a minute or two.")

job = ui.job_panel(project.id, task, curves=True)
result = work.latest_result(project.id, task)
if job is None and not result and task == learning.BASELINE:
    ui.empty(
        "Nothing trained yet",
        "Curves appear here while it learns; scores and the confusion matrix afterwards.",
    )
if not result or running:
    st.stop()

with ui.shows_errors():
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("On sounds held back", anchor=False)
        learning.scores(result["windows"])
    with right:
        if result.get("detector"):
            st.subheader("Where to draw the line", anchor=False)
            learning.threshold_editor(result, project.id)
        else:
            st.subheader("How it learned", anchor=False)
            charts.training_curves(work.metrics(job.id), key="curves")
            st.caption("Next: step 2 turns it into a detector of your sounds.")
ui.safety()
