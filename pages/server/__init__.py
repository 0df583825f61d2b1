"""What answers requests beside the pages: routes of our own, and a gate before Streamlit's.

`streamlit run streamlit_app.py` finds `app = st.App(…)` there and serves it; the same file is the script of each visit.
To add a route, append to ROUTES in `routes.py`.
"""

from streamlit import net_util

from pages.server.gate import Gate
from pages.server.media import bound_media
from pages.server.routes import ROUTES

net_util._external_ip = ""  # else a request of a strange origin makes Streamlit ask the internet for its own address

__all__ = ["ROUTES", "Gate", "bound_media"]
