"""Your data: what is kept of you, all of it as one file, and deleting it."""

import streamlit as st

from pages import ui
from pages.ui import acting, yours

ui.require_login()
st.title("Your data", anchor=False)
acting.tell_problem()
st.markdown("What this instance keeps of you. It is yours: take it with you, or delete it.")
with ui.shows_errors():
    yours.kept()
    yours.take()
    yours.delete()
