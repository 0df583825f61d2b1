"""The gate before Streamlit's routes, and who an identity provider's claims stand for."""

import asyncio
import time
from dataclasses import dataclass
from urllib.parse import unquote

import pytest
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from lab.workspace.people import LOCAL, Person
from pages.server import gate, identity, media

ANN = Person("ann@example.org", "Ann")
NOW_S = 1_800_000_000


@dataclass
class Client:
    """Asks an ASGI app as a server would."""

    app: gate.Gate

    def ask(self, path, method="GET", **headers):
        """Return (status, headers) of a request."""
        sent = []
        given = [
            (name.replace("_", "-").encode(), value.encode()) for name, value in {"host": "lab", **headers}.items()
        ]
        scope = {
            "type": "http", "method": method, "path": unquote(path), "raw_path": path.encode(), "query_string": b"",
            "headers": given, "scheme": "http", "server": ("127.0.0.1", 80), "root_path": "",
        }  # fmt: skip

        async def receive():
            return {"type": "http.request", "body": b""}

        async def send(message):
            sent.append(message)

        asyncio.run(self.app(scope, receive, send))
        return sent[0]["status"], {name.decode(): value.decode() for name, value in sent[0]["headers"]}


@pytest.fixture
def client():
    def answer(request):
        made = PlainTextResponse("here")
        made.set_cookie("_streamlit_user", "x", httponly=True)
        return made

    return Client(gate.Gate(Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "PUT", "DELETE"])])))


ASKED = ["/media/aa.wav", "/_stcore/upload_file/one/two", "/_stcore/metrics", "/_stcore/agent/openapi.json"]


@pytest.mark.parametrize("path", ASKED)
def test_where_nobody_signs_in_everything_passes(client, path):
    assert client.ask(path)[0] == 200


@pytest.mark.parametrize("path", ASKED)
def test_where_people_sign_in_nobody_gets_past(client, sign_in, path):
    assert [client.ask(path, method)[0] for method in ("GET", "PUT", "DELETE")] == [403, 403, 403]


@pytest.mark.parametrize("path", ["/", "/sounds", "/_stcore/health", "/static/a.js", "/oauth2callback", "/auth/login"])
def test_the_page_itself_stays_open_so_that_it_can_ask(client, sign_in, path):
    assert client.ask(path)[0] == 200


def test_a_file_and_a_session_are_their_persons_own(client, sign_in, monkeypatch):
    monkeypatch.setattr(media, "may_fetch", lambda name, person: (name, person) == ("aa.wav", ANN.id))
    monkeypatch.setattr(identity, "whose_session", {"one": ANN.id}.get)
    for here, status in ((ANN, 200), (Person("ben@example.org", "Ben"), 403), (None, 403)):
        sign_in.here = here
        assert client.ask("/media/aa.wav")[0] == status
        assert client.ask("/_stcore/upload_file/one/two", "PUT")[0] == status
        assert client.ask("/media/bb.wav")[0] == 403
        assert client.ask("/_stcore/upload_file/other/two", "PUT")[0] == 403


@pytest.mark.parametrize("path", ["/media%2Faa.wav", "/%6dedia/aa.wav", "/media/aa.wav%3Fx"])
def test_another_spelling_of_an_address_is_not_a_way_round(client, sign_in, path):
    assert client.ask(path)[0] == 403


@pytest.mark.parametrize("host", ["evil/x?", "evil/x#", "a/b", ""])
def test_no_host_header_leads_round_the_gate(client, sign_in, host):
    assert client.ask("/media/aa.wav", host=host)[0] == 403


def test_cookies_over_https_are_secure_and_over_http_as_they_were(client):
    assert "Secure" not in client.ask("/")[1]["set-cookie"]
    assert client.ask("/", x_forwarded_proto="https")[1]["set-cookie"].endswith("; Secure")


@pytest.mark.parametrize(("claims", "known"), [
    ({"email": "Ann@Example.org", "sub": "1"}, "ann@example.org"),
    ({"email": "ann@example.org", "email_verified": False, "sub": "1", "iss": "https://id.test/x"}, "1#id.test"),
    ({"sub": "local"}, "local#provider"), ({"sub": "*"}, "*#provider"), ({"email": "local", "sub": "7"}, "7#provider"),
    ({"email": "*"}, ""), ({}, ""),
])  # fmt: skip
def test_claims_stand_for_an_address_that_somebody_checked_else_for_a_number(claims, known):
    assert identity.claims_id(claims) == known
    assert known not in (LOCAL.id, "*")


@pytest.mark.parametrize(("claims", "hours", "is_old"), [
    ({"iat": NOW_S - 3600}, "", False), ({"iat": NOW_S - 8 * 24 * 3600}, "", True), ({}, "", True),
    ({"iat": "soon"}, "", True), ({"iat": NOW_S - 3600}, "0.5", True), ({"iat": NOW_S - 3600}, "2", False),
])  # fmt: skip
def test_a_sign_in_ends(claims, hours, is_old, monkeypatch):
    monkeypatch.setenv("LAB_SIGN_IN_HOURS", hours)
    assert identity.expired(claims, NOW_S) is is_old


def test_who_signed_in_long_ago_or_not_at_all_is_nobody():
    fresh = {"is_logged_in": True, "email": ANN.id, "name": "Ann", "iat": time.time()}
    assert identity.Oidc().identify(identity.Visit({}, fresh)) == ANN
    for claims in ({**fresh, "iat": 0}, {**fresh, "is_logged_in": False}, {}):
        assert identity.Oidc().identify(identity.Visit({}, claims)) is None


def test_admins_are_named_by_a_setting(monkeypatch):
    monkeypatch.setenv("LAB_ADMINS", " Ann@example.org , x@example.org")
    fresh = {"is_logged_in": True, "email": ANN.id, "iat": time.time()}
    assert identity.Oidc().identify(identity.Visit({}, fresh)).is_admin
    assert not identity.Oidc().identify(identity.Visit({}, {**fresh, "email": "ben@example.org"})).is_admin


def test_a_forged_cookie_is_nobodys(monkeypatch, sign_in):
    assert identity._signed_user({"_streamlit_user": "eyJlbWFpbCI6ImFubiJ9.forged.signature"}) == {}
