"""Admin: people, jobs, disk, workers and the audit log, for who runs the instance."""

import streamlit as st

from pages import ui
from pages.ui import acting, running, session

ui.require_login()
st.title("Admin", anchor=False)
acting.tell_problem()
if not session.person().is_admin:
    ui.empty("For who runs this instance", "Whoever set it up names admins in <code>LAB_ADMINS</code>.")
    st.stop()

PARTS = {
    "Health": running.health, "People": running.people, "Jobs": running.all_jobs, "Disk": running.disk,
    "Workers": running.workers, "Audit log": running.audit_log,
}  # fmt: skip
part = st.segmented_control(
    "Part", list(PARTS), default="Health", required=True, key="admin-part", label_visibility="collapsed"
)
with ui.shows_errors():
    PARTS[part]()
