"""What watches an instance reads of it, without signing in and without a secret."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from lab.workspace import health
from pages.server.routes import ROUTES


@pytest.fixture
def client(monkeypatch):
    monkeypatch.setattr(health, "_found", {})
    with TestClient(Starlette(routes=ROUTES)) as opened:
        yield opened


def test_an_instance_that_is_well_says_so_part_by_part(client):
    answer = client.get("/healthz")
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json()["well"] is True
    assert answer.json()["parts"].keys() == {"database", "artifacts", "worker", "disk"}


def test_a_database_that_is_away_makes_it_503_and_its_address_stays_hidden(client, monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgres://lab:secret@127.0.0.1:1/lab")
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["database"]["well"] is False
    assert "secret" not in answer.text


def test_prometheus_reads_metrics(client):
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'lab_part_up{part="database"} 1.0' in answer.text
