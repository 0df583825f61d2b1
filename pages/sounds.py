"""Sounds: listen to them, look at them, label them, add more."""

import streamlit as st

from pages import ui
from pages.ui import incoming, shelf, sight

ui.require_login()
project = ui.header("Sounds", "Everything a detector learns from. Select a sound to hear and see it.")

with st.expander("Add sounds", icon=":material/add:", expanded=not ui.store().clips(project.id)):
    files = st.file_uploader(
        "Sound files, or a zip: one folder a label, or ESC-50’s layout",
        type=incoming.SUFFIXES, accept_multiple_files=True, key=f"files-{st.session_state.get('_uploads', 0)}",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = st.selectbox(
            "Label them", shelf.labels_of(ui.store().clips(project.id)), index=None, accept_new_options=True,
            placeholder="Choose or type; a zip’s folders say it", width=300,
        )  # fmt: skip
        st.button(
            "Add", type="primary", disabled=not files, on_click=incoming.add_uploads,
            args=(project.id, files, label or ""),
        )  # fmt: skip
    incoming.folder_form(project.id, label or "")

incoming.tell_what_was_added()
ui.job_panel(project.id, incoming.ADD_TASK)
shelf.undo_bar()

clips = ui.store().clips(project.id)
if not clips:
    ui.empty(
        "No sounds yet",
        "Add your own above, or begin with synthetic ones: alarms, and what is mistaken for them.",
    )
    st.button(
        "Add 12 example sounds",
        type="primary",
        icon=":material/auto_awesome:",
        on_click=incoming.add_examples,
        args=(project.id,),
    )
    st.stop()

shown = shelf.filtered(clips)
chosen = shelf.table(shown)
if chosen:
    shelf.actions(chosen, shelf.labels_of(clips))
    with ui.shows_errors():
        st.subheader(chosen[0].name, anchor=False)
        sight.clip_view(chosen[0].sha256, chosen[0].seconds)
else:
    st.caption("Select a row to listen. Select several to label or delete them together.")
