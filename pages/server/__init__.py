"""What answers requests beside the pages: routes of our own, and a gate before Streamlit's.

`streamlit run streamlit_app.py` finds `app = st.App(…)` there and serves it; the same file is the script of each visit.
To add a route, append to ROUTES in `routes.py`.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from starlette.concurrency import run_in_threadpool
from streamlit import net_util

from lab.workspace import workshop
from pages.server import warming
from pages.server.gate import Gate
from pages.server.media import bound_media
from pages.server.routes import ROUTES

net_util._external_ip = ""  # else a request of a strange origin makes Streamlit ask the internet for its own address

__all__ = ["ROUTES", "Gate", "running"]


@asynccontextmanager
async def running(app: Any) -> AsyncIterator[None]:
    """Surround the server's life: media are bound to people, and a workshop's pages are warm before it listens."""
    async with bound_media(app):
        if workshop.is_on():
            await run_in_threadpool(warming.warm)
        yield
