"""Who is here: an ordered list of ways to know, of which the first that is configured decides.

Pages and the server's gate (`pages/server/gate.py`) ask the same way, of a page's session or of a single request: both
come as a `Visit`. To add a way, write a class with the four parts of `Way` and put it into WAYS before LOCAL_WAY;
everything else (sign-in on every page, whose store a page gets, who may fetch a download) follows.
"""

import json
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import urlparse

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lab.workspace.people import LOCAL, Person, admins, person_id
from pages.server.places import Places

HOUR_S = 3600
USUAL_HOURS = 24 * 7
MAX_ID = 200
MANY_SESSIONS = 10_000


@dataclass(frozen=True, slots=True)
class Visit:
    """What a request, or a page's session, says of who sent it. Nothing in it is to be believed unchecked but `user`.

    Attributes:
        cookies: as the browser sent them.
        user: claims of the identity provider, from a cookie whose signature was checked; empty where nobody signed in.
    """

    cookies: Mapping[str, str]
    user: Mapping[str, Any] = field(default_factory=dict)


class Way(Protocol):
    """A way to know who is here."""

    name: str
    """What `people.kind` in the database says of whom it let in."""

    def configured(self) -> bool:
        """Whether this instance uses it. Cheap: asked at every rerun and request."""

    def identify(self, visit: Visit) -> Person | None:
        """Return who visits, or None for nobody yet. Called from threads of pages and of the server."""

    def ask(self) -> None:
        """Draw, on an otherwise empty page, how to come in."""


class Oidc:
    """Sign-in at an identity provider, when the secrets have an [auth] section (`st.login`)."""

    name = "oidc"

    def configured(self) -> bool:
        """Whether the secrets name an identity provider."""
        return st.secrets.load_if_toml_exists() and "auth" in st.secrets

    def identify(self, visit: Visit) -> Person | None:
        """Return who signed in, unless that was too long ago."""
        claims = visit.user
        if not claims.get("is_logged_in") or expired(claims, time.time()):
            return None
        known = claims_id(claims)
        if not known:
            return None
        return Person(known, str(claims.get("name") or known)[:MAX_ID], known in admins())

    def ask(self) -> None:
        """Draw the button that leads to the identity provider."""
        st.write("Please sign in to reach your projects.")
        st.button("Sign in", type="primary", on_click=st.login)


def claims_id(claims: Mapping[str, Any]) -> str:
    """Return the id of who an identity provider vouches for: their address, where it does vouch for it.

    An address that the provider says nobody checked could be anybody's, so the provider's own number counts then.
    """
    email = str(claims.get("email") or "")
    if "@" in email and claims.get("email_verified") is not False and len(email) <= MAX_ID:
        return person_id(email)
    host = urlparse(str(claims.get("iss") or "")).hostname or "provider"
    return f"{claims['sub']}#{host}"[:MAX_ID] if claims.get("sub") else ""


def expired(claims: Mapping[str, Any], now_s: float) -> bool:
    """Whether a sign-in is older than LAB_SIGN_IN_HOURS, by the time that the identity provider wrote into it.

    One without a time counts as old.
    """
    hours = os.environ.get("LAB_SIGN_IN_HOURS", "").strip()
    longest_s = HOUR_S * (float(hours) if hours.replace(".", "", 1).isdecimal() else USUAL_HOURS)
    try:
        return now_s - float(claims.get("iat", 0)) > longest_s
    except (TypeError, ValueError):
        return True


class Local:
    """Nobody signs in: whoever sits at this computer is its one person."""

    name = "local"

    def configured(self) -> bool:
        """Return True: where nothing else is configured."""
        return True

    def identify(self, visit: Visit) -> Person | None:
        """Return the one person."""
        return LOCAL

    def ask(self) -> None:
        """Draw nothing: everybody is in already."""


LOCAL_WAY = Local()
WAYS: list[Way] = [Places(), Oidc(), LOCAL_WAY]


def way() -> Way:
    """Return how this instance knows people."""
    return next(each for each in WAYS if each.configured())


def person_here() -> Person | None:
    """Return who looks at the page that is being drawn, or None for nobody yet."""
    chosen = way()
    if chosen is LOCAL_WAY:
        return LOCAL
    return chosen.identify(Visit(st.context.cookies.to_dict(), st.user.to_dict()))


def person_asking(cookies: Mapping[str, str]) -> Person | None:
    """Return who sent a request with these cookies, or None for nobody."""
    chosen = way()
    return LOCAL if chosen is LOCAL_WAY else chosen.identify(Visit(cookies, _signed_user(cookies)))


_sessions: OrderedDict[str, str] = OrderedDict()
_sessions_lock = threading.Lock()


def remember(person: Person) -> None:
    """Note whose the session is whose page is being drawn."""
    context = get_script_run_ctx()
    if context is None:
        return
    with _sessions_lock:
        _sessions[context.session_id] = person.id
        _sessions.move_to_end(context.session_id)
        while len(_sessions) > MANY_SESSIONS:
            _sessions.popitem(last=False)


def whose_session(session_id: str) -> str | None:
    """Return the id of whose page a session of this server drew last, or None."""
    with _sessions_lock:
        return _sessions.get(session_id)


def _signed_user(cookies: Mapping[str, str]) -> Mapping[str, Any]:
    """Return the claims in Streamlit's own sign-in cookie, its signature and age checked; empty for none."""
    from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME
    from streamlit.web.server.starlette.starlette_websocket import _get_signed_cookie_with_chunks

    if USER_COOKIE_NAME not in cookies or not Oidc().configured():
        return {}
    try:
        claims = json.loads(_get_signed_cookie_with_chunks(dict(cookies), USER_COOKIE_NAME) or b"{}")
    except (ValueError, UnicodeError):
        return {}
    return claims if isinstance(claims, dict) else {}
