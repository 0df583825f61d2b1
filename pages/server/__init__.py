"""What answers requests beside the pages: routes of our own, and a gate before Streamlit's.

`streamlit run streamlit_app.py` finds `app = st.App(…)` there and serves it; the same file is the script of each visit.
To add a route, append to ROUTES in `routes.py`.
"""

from pages.server.gate import Gate
from pages.server.media import bound_media
from pages.server.routes import ROUTES

__all__ = ["ROUTES", "Gate", "bound_media"]
