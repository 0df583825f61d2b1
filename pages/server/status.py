"""How the instance is, for programs: `/healthz` for whoever watches it, `/metrics` for Prometheus.

Neither tells a name, an address or a secret. The proxy keeps `/metrics` to the inner network.
"""

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from streamlit import runtime

from lab.workspace.health import health
from lab.workspace.metrics import CONTENT_TYPE, metrics_text


def healthz(_request: Request) -> Response:
    """Answer 200 where every part is well, else 503; part by part."""
    found = health()
    return JSONResponse(found.to_json(), 200 if found.well else 503, {"Cache-Control": "no-store"})


def metrics(_request: Request) -> Response:
    """Answer with the instance in numbers, and with how many pages this replica has open."""
    return PlainTextResponse(metrics_text(sessions=_open_pages()), headers={"Content-Type": CONTENT_TYPE})


def _open_pages() -> int | None:
    if not runtime.exists():
        return None
    return int(runtime.get_instance()._session_mgr.num_active_sessions())  # Streamlit tells it no other way
