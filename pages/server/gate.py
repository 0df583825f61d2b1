"""The gate before Streamlit's own routes: who may fetch, upload and resume.

Where nobody has to sign in it lets everything through. Elsewhere

- /media/… (sounds, pictures, downloads) goes only to the person for whom it was made;
- an upload only into a session of the person who sends it;
- a WebSocket that names an earlier session resumes it only for the person whose it is, and is closed when their time
  is over (`connections`);
- what Streamlit tells programs (/_stcore/metrics, /_stcore/agent) to nobody.

The page itself, its scripts and its WebSocket stay open: they carry nothing until `require_login` has let somebody in.
Over https every cookie gets the Secure flag, which Streamlit leaves out.
"""

from collections.abc import Iterable

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from streamlit import config

from pages.server import connections, identity, media

MEDIA, UPLOAD, STREAM = "/media/", "/_stcore/upload_file/", "/_stcore/stream"
CLOSED = ("/_stcore/metrics", "/_stcore/agent")
RESUMED = 2
"""Place of an earlier session's id among the WebSocket's subprotocols."""
REFUSED = PlainTextResponse("Sign in, and open this from the page that it belongs to.", 403)


class Gate:
    """ASGI middleware; see the module.

    Args:
        app: what it stands before.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        asking = HTTPConnection(scope)
        if _is_https(asking):
            send = _securing(send)
        if identity.way() is not identity.LOCAL_WAY:
            if scope["type"] == "http" and not _may(asking):
                await REFUSED(scope, receive, send)
                return
            if scope["type"] == "websocket":
                scope = _without_others_session(scope, asking)
                receive = connections.opened(asking.cookies, receive)
        await self.app(scope, receive, send)


def _may(asking: HTTPConnection) -> bool:
    path = str(asking.scope["path"]).removeprefix(_base())  # as the router sees it; a URL would mix in the Host header
    if path.startswith(CLOSED):
        return False
    if not path.startswith((MEDIA, UPLOAD)):
        return True
    person = identity.person_asking(asking.cookies)
    if person is None:
        return False
    if path.startswith(MEDIA):
        return media.may_fetch(path.removeprefix(MEDIA), person.id)
    return identity.whose_session(path.removeprefix(UPLOAD).partition("/")[0]) == person.id


def _base() -> str:
    base = str(config.get_option("server.baseUrlPath") or "").strip("/")
    return f"/{base}" if base else ""


def _without_others_session(scope: Scope, asking: HTTPConnection) -> Scope:
    """Return a WebSocket's scope without the earlier session that it names, unless that is the person's own."""
    named = [each.strip() for each in asking.headers.get("sec-websocket-protocol", "").split(",")]
    if len(named) <= RESUMED or not named[RESUMED]:
        return scope
    person = identity.person_asking(asking.cookies)
    if person is not None and identity.whose_session(named[RESUMED]) == person.id:
        return scope
    kept = ", ".join(named[:RESUMED]).encode("latin-1")
    headers = [(name, kept if name == b"sec-websocket-protocol" else value) for name, value in scope["headers"]]
    return {**scope, "headers": headers, "subprotocols": named[:RESUMED]}


def _is_https(asking: HTTPConnection) -> bool:
    told = asking.headers.get("x-forwarded-proto", "").partition(",")[0].strip()
    return (told or asking.url.scheme) in ("https", "wss")


def _securing(send: Send) -> Send:
    async def sent(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.accept"):
            message = {**message, "headers": list(_secured(message.get("headers", ())))}
        await send(message)

    return sent


def _secured(headers: Iterable[tuple[bytes, bytes]]) -> Iterable[tuple[bytes, bytes]]:
    for name, value in headers:
        is_bare = name.lower() == b"set-cookie" and b"; secure" not in value.lower()
        yield name, value + b"; Secure" if is_bare else value
