"""TinyML Lab in the browser: `streamlit run streamlit_app.py`."""

from pages import ui

page = ui.navigation()
ui.frame()
page.run()
