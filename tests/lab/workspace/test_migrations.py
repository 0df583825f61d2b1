"""A database of each earlier version, with rows in it, is brought forward as it is opened; of either kind."""

from datetime import datetime

import pytest
import sqlalchemy as sa

from lab.workspace.settings import settings
from lab.workspace.store import open_store, schema
from lab.workspace.store.tables import Base

EARLIER = schema.known_versions()[:-1]
VALUES = {
    sa.Integer: lambda number: number, sa.Float: lambda number: number / 4, sa.Boolean: lambda number: number % 2 == 0,
    sa.DateTime: lambda number: datetime(2026, 1, number, 12), sa.JSON: lambda number: {"n": number},
    sa.String: lambda number: f"text {number}",
}  # fmt: skip
ROWS = 3


def engine_at(version):
    """Return an engine on the settings' database, its tables those of a version."""
    config = settings()
    config.home.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(config.database_url)
    schema.prepare_sqlite(engine)
    with engine.begin() as connection:
        schema.bring_to(connection, version)
    return engine


def reflected(engine):
    tables = sa.MetaData()
    tables.reflect(engine)
    return [table for table in tables.sorted_tables if table.name != "alembic_version"]


def rows_of(engine, tables):
    with engine.connect() as connection:
        return {
            table.name: list(map(tuple, connection.execute(sa.select(table).order_by(*table.primary_key))))
            for table in tables
        }


def value(column, number):
    """Return what row `number` holds in a column; rows point at each other by number or text, the second has gaps."""
    if column.nullable and number == 2:
        return None
    return next(make(number) for kind, make in VALUES.items() if isinstance(column.type, kind))


def fill(engine, tables):
    with engine.begin() as connection:
        for table in tables:
            for number in range(1, ROWS + 1):
                connection.execute(table.insert().values({each.name: value(each, number) for each in table.columns}))


def test_there_are_earlier_versions_and_the_last_is_the_head():
    assert EARLIER[:3] == ["0001", "0002", "0003"]
    assert schema.known_versions()[-1] == schema.HEAD


@pytest.mark.parametrize("version", EARLIER)
def test_every_row_of_an_earlier_version_is_there_after_opening(version, database):
    old = engine_at(version)
    tables = reflected(old)
    fill(old, tables)
    before = rows_of(old, tables)
    assert len(tables) >= 6
    assert all(len(rows) == ROWS for rows in before.values())
    old.dispose()

    store = open_store(settings())
    assert rows_of(store.engine, tables) == before
    assert [project.name for project in store.projects("text 1")] == ["text 1"]
    assert [(clip.label, clip.seconds) for clip in store.clips(2)] == [("text 2", 0.5)]
    store.engine.dispose()


@pytest.mark.parametrize("version", EARLIER)
def test_an_earlier_version_brought_forward_has_the_tables_of_a_new_one(version, database):
    old = engine_at(version)
    old.dispose()
    store = open_store(settings())
    assert columns_of(store.engine) == columns_of_models()
    store.engine.dispose()


def columns_of(engine):
    found = sa.inspect(engine)
    return {table: {column["name"]: column["nullable"] for column in found.get_columns(table)}
            for table in found.get_table_names() if table != "alembic_version"}  # fmt: skip


def columns_of_models():
    return {
        name: {column.name: column.nullable for column in table.columns} for name, table in Base.metadata.tables.items()
    }
