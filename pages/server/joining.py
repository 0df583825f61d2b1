"""The door of a workshop: a plain page that asks for the code, gives a place, and remembers it in a cookie.

No script and nothing of Streamlit's, so that forty people who scan at once are in within seconds.
"""

import secrets
from functools import cache
from html import escape
from pathlib import Path
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from lab.errors import LabError
from lab.workspace import workshop
from lab.workspace.store import open_store
from lab.workspace.workshop.state import Workshop
from lab.workspace.workshop.tries import Tries
from pages.server.places import LEADER_COOKIE, PLACE_COOKIE

COOKIE_S = 14 * 24 * 3600
FIRST_PAGE, LEADERS_PAGE = "/guide", "/room"
TEMPLATE = Path(__file__).with_name("join.html")
NO_WORKSHOP = PlainTextResponse("No workshop is running here.", 404)
NOT_LEADER = "That is not the leader's address. It was printed where the workshop was started."
_tries = Tries()


async def door(request: Request) -> Response:
    """Ask for the code; a scanned one stands there already."""
    if not workshop.is_on():
        return NO_WORKSHOP
    here = await run_in_threadpool(_place, request)
    return _page(code=request.query_params.get("code", ""), name_here=here)


async def join(request: Request) -> Response:
    """Give whoever has the code a place."""
    form = await _form(request)
    if form is None:
        return NO_WORKSHOP
    code, name = form.get("code", ""), form.get("name", "")
    try:
        key = await run_in_threadpool(
            workshop.join, open_store(), _current(), code, name, _address(request), _tries
        )  # fmt: skip
    except LabError as error:
        return _page(code=code, name=name, problem=str(error))
    return _with_cookie(request, PLACE_COOKIE, key, FIRST_PAGE)


async def come_back(request: Request) -> Response:
    """Open a place again in another browser, by its return key."""
    form = await _form(request)
    if form is None:
        return NO_WORKSHOP
    typed = form.get("key", "")
    try:
        key = await run_in_threadpool(
            workshop.return_to, open_store(), _current(), typed, _address(request), _tries
        )  # fmt: skip
    except LabError as error:
        return _page(key=typed, problem=str(error))
    return _with_cookie(request, PLACE_COOKIE, key, FIRST_PAGE)


async def lead(request: Request) -> Response:
    """Let the leader in, by the key that was printed where the workshop was started."""
    now = _current()
    if not workshop.is_on() or now is None:
        return NO_WORKSHOP
    key = request.query_params.get("key", "")
    try:
        _tries.check(_address(request))
    except LabError as error:
        return PlainTextResponse(str(error), 429)
    if not secrets.compare_digest(key.encode(), now.leader_key.encode()):
        _tries.wrong(_address(request))
        return PlainTextResponse(
            "That is not the leader's address. It was printed where the workshop was started.", 403
        )
    return _with_cookie(request, LEADER_COOKIE, key, LEADERS_PAGE)


async def leave(request: Request) -> Response:
    """Forget this browser's place; its return key still opens it."""
    answer = RedirectResponse("/join", 303)
    answer.delete_cookie(PLACE_COOKIE, httponly=True, samesite="lax")
    return answer


ROUTES = [
    Route("/join", door, methods=["GET"]),
    Route("/join", join, methods=["POST"]),
    Route("/join/back", come_back, methods=["POST"]),
    Route("/lead", lead, methods=["GET"]),
    Route("/leave", leave, methods=["POST"]),
]


async def _form(request: Request) -> dict[str, str] | None:
    """Return a form's fields; None where no workshop runs or another site sent it."""
    origin = request.headers.get("origin")
    if not workshop.is_on() or (origin and urlsplit(origin).netloc != request.headers.get("host")):
        return None
    form = await request.form(max_files=0, max_fields=8)
    return {name: value[:200] for name, value in form.items() if isinstance(value, str)}


def _current() -> Workshop | None:
    return workshop.current(open_store().config.home)


def _place(request: Request) -> str:
    """Return the name of whose place this browser holds, or nothing."""
    from lab.workspace.workshop.places import who

    person = who(open_store(), _current(), request.cookies.get(PLACE_COOKIE, ""))
    return person.name if person else ""


def _address(request: Request) -> str:
    return request.client.host if request.client else ""


def _with_cookie(request: Request, name: str, value: str, then: str) -> Response:
    answer = RedirectResponse(then, 303)
    is_https = request.headers.get("x-forwarded-proto", request.url.scheme) == "https"
    answer.set_cookie(name, value, max_age=COOKIE_S, httponly=True, samesite="lax", secure=is_https)
    return answer


@cache
def _template() -> str:
    return TEMPLATE.read_text("utf-8")


def _page(code: str = "", name: str = "", key: str = "", problem: str = "", name_here: str = "") -> Response:
    here = (
        f'<p class="here">This browser has the place <b>{escape(name_here)}</b>. '
        f'<a href="{FIRST_PAGE}">Go on there</a>.</p>'
        if name_here
        else ""
    )
    told = f'<p class="problem" role="alert">{escape(problem)}</p>' if problem else ""
    text = _template()
    for mark, value in {
        "{here}": here, "{problem}": told, "{code}": escape(code), "{name}": escape(name), "{key}": escape(key),
        "{open}": " open" if key else "",
    }.items():  # fmt: skip
        text = text.replace(mark, value)
    return HTMLResponse(text, 422 if problem else 200, headers={"Cache-Control": "no-store"})
