"""What holds for the embedded database holds for a team's."""

import pytest
from sqlalchemy import create_engine

from lab.workspace.store import schema
from tests import servers


@pytest.fixture(scope="session")
def postgresql():
    """Return a running PostgreSQL, or skip."""
    if servers.POSTGRES is None:
        pytest.skip("no PostgreSQL (apt-get install postgresql)")
    with servers.postgresql() as server:
        yield server


@pytest.fixture(params=["SQLite", "PostgreSQL"])
def database(request, lab_home, monkeypatch):
    """Point the settings at an empty database of either kind."""
    if request.param == "SQLite":
        yield request.param
        return
    engines = []

    def create(*args, **options):
        engines.append(create_engine(*args, **options))
        return engines[-1]

    monkeypatch.setattr(schema, "create_engine", create)
    monkeypatch.setenv("DATABASE_URL", request.getfixturevalue("postgresql").database())
    yield request.param
    for engine in engines:
        engine.dispose()
