"""Who may know how the instance is, and what they are told."""

import asyncio
import json
from dataclasses import dataclass, field

import pytest
from starlette.applications import Starlette
from streamlit.testing.v1 import AppTest

from lab.workspace import health, logs
from lab.workspace.store import open_store
from pages.server.telling import ROUTES
from tests.conftest import ROOT

HERE, NEAR, FAR = "127.0.0.1", "10.0.0.7", "8.8.8.8"
PROXY = {"X-Forwarded-For": "8.8.8.8"}


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(health, "REMEMBERED_S", -1.0)
    monkeypatch.setattr(health, "PATIENCE_S", 60.0)
    monkeypatch.delenv("LAB_METRICS_TOKEN", raising=False)


@dataclass
class Answer:
    status_code: int = 0
    headers: dict = field(default_factory=dict)
    text: str = ""

    def json(self):
        return json.loads(self.text)


def ask(path, host=HERE, headers=None):
    """Send one request to the routes, as a server that `host` asked would."""
    answer = Answer()
    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode(), "query_string": b"",
             "headers": raw, "client": (host, 50_000), "server": ("lab", 80), "scheme": "http"}  # fmt: skip

    async def receive():
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message):
        if message["type"] == "http.response.start":
            answer.status_code = message["status"]
            answer.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        answer.text += message.get("body", b"").decode()

    asyncio.run(Starlette(routes=ROUTES)(scope, receive, send))
    return answer


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


def test_a_well_instance_answers_200_with_its_parts():
    answer = ask("/healthz")
    assert (answer.status_code, answer.json()["well"]) == (200, True)
    assert list(answer.json()["parts"]) == ["database", "artifacts", "worker", "disk"]
    assert answer.headers["cache-control"] == "no-store"


def test_a_broken_one_answers_503_also_to_strangers_who_learn_no_more(monkeypatch):
    monkeypatch.setattr(health, "LOW_BYTES", 2**60)
    assert ask("/healthz").json()["parts"]["disk"]["well"] is False
    answer = ask("/healthz", FAR)
    assert (answer.status_code, answer.json()) == (503, {"well": False})


def test_metrics_are_for_this_machine_and_its_private_network():
    answer = ask("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert "lab_jobs{" in answer.text
    assert ask("/metrics", NEAR).status_code == 200
    assert ask("/metrics", FAR).status_code == 403
    assert ask("/metrics", HERE, PROXY).status_code == 403


def test_a_token_opens_from_everywhere_and_closes_the_network(monkeypatch):
    monkeypatch.setenv("LAB_METRICS_TOKEN", "s3cret")
    assert ask("/metrics", NEAR).status_code == 403
    assert ask("/metrics", HERE).status_code == 200
    assert ask("/metrics", FAR, bearer("s3cret")).status_code == 200
    assert ask("/metrics", HERE, {**PROXY, **bearer("s3cret")}).status_code == 200
    assert ask("/metrics", FAR, bearer("wrong")).status_code == 403
    assert ask("/metrics", FAR, {"Authorization": "Basic s3cret"}).status_code == 403
    assert "s3cret" not in ask("/healthz").text + ask("/metrics").text


def test_an_empty_token_opens_nothing(monkeypatch):
    monkeypatch.setenv("LAB_METRICS_TOKEN", "")
    assert ask("/metrics", FAR, bearer("")).status_code == 403


def test_what_a_page_logs_tells_of_person_and_project(monkeypatch):
    told = {}
    monkeypatch.setattr(logs, "tell_of", lambda **facts: told.update(facts))
    page = AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=120).run()
    assert not page.exception
    page.switch_page("pages/train.py").run()
    assert told == {"person": "local", "project": open_store().projects()[0].id}
