"""`/healthz` and `/metrics`: how the instance is, for a health check and for Prometheus.

Whole answers go to this machine and its private network, asked directly and not through a proxy, and to whoever brings
LAB_METRICS_TOKEN as a bearer token; with a token set, only this machine is let in without one. Everybody else learns
from `/healthz` whether all is well, and from `/metrics` nothing.
"""

import hmac
import ipaddress
import os

from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from lab.workspace.health import health
from lab.workspace.metrics import CONTENT_TYPE, metrics_text

PROXIED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")
NO_STORE = {"Cache-Control": "no-store"}


def healthz(request: Request) -> Response:
    """Answer 200 where every part does its work, else 503."""
    found = health()
    told = found.to_json() if may_ask(request) else {"well": found.well}
    return JSONResponse(told, 200 if found.well else 503, NO_STORE)


def metrics(request: Request) -> Response:
    """Answer with what Prometheus reads, or 403."""
    if not may_ask(request):
        return PlainTextResponse("Bring LAB_METRICS_TOKEN as a bearer token.", 403, NO_STORE)
    return Response(metrics_text(sessions=_sessions()), 200, NO_STORE, CONTENT_TYPE)


def may_ask(request: Request) -> bool:
    """Whether whoever sent a request may know how the instance is."""
    token = os.environ.get("LAB_METRICS_TOKEN", "").strip()
    kind, _, brought = request.headers.get("authorization", "").partition(" ")
    if token and kind.lower() == "bearer" and hmac.compare_digest(brought.strip().encode(), token.encode()):
        return True
    if request.client is None or any(name in request.headers for name in PROXIED):
        return False
    try:
        asking = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    return asking.is_loopback or (asking.is_private and not token)


def _sessions() -> int | None:
    from streamlit.runtime import Runtime

    return Runtime.instance()._session_mgr.num_active_sessions() if Runtime.exists() else None


ROUTES = [Route("/healthz", healthz), Route("/metrics", metrics)]
