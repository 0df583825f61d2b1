"""TinyML Lab in the browser: `streamlit run streamlit_app.py`."""

import streamlit as st

from pages import ui

st.set_page_config("TinyML Lab", ":material/graphic_eq:", layout="wide", initial_sidebar_state="auto")
page = ui.navigation()
ui.frame()
page.run()
