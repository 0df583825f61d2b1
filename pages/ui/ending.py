"""Projects that will be deleted soon, for nobody has touched them for long (LAB_RETENTION_DAYS)."""

import streamlit as st

from lab.workspace.store import retention
from lab.workspace.store.retention import Ending
from pages.ui import acting
from pages.ui.session import owner, store

SHOWN = 5


def panel() -> None:
    """Tell which projects of the person here go, and when; one press keeps them as long again."""
    found = retention.ending(store(), owner())
    for each in found[:SHOWN]:
        key = f"lab-ending-{each.project_id}"
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=key):
            st.markdown(f":material/hourglass_bottom: **{each.name}** {_when(each)}; nobody has touched it for long.")
            st.button(
                "Keep it", key=f"keep-{each.project_id}", on_click=acting.told(retention.keep),
                args=(store(), each.project_id),
            )  # fmt: skip
    if len(found) > SHOWN:
        st.caption(f"And {len(found) - SHOWN} more. Open a project and add or change something, and it stays.")


def _when(each: Ending) -> str:
    if each.days == 0:
        return "will be deleted today"
    return "will be deleted tomorrow" if each.days == 1 else f"will be deleted in {each.days} days"
