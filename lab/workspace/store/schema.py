"""Opening the database, and bringing its tables up to date."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from lab.atomic import unwritable
from lab.errors import Away, LabError

if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = Path(__file__).parent / "migrations"
HEAD = "0004"
BUSY_TIMEOUT_MS = 20_000
MIGRATION_LOCK = 0x7463_6D4C
"""Any number, as long as nothing else in the database locks it."""


@lru_cache(maxsize=16)
def open_engine(url: str, home: Path) -> Engine:
    """Return an engine on a database whose tables are up to date.

    Args:
        url: any address SQLAlchemy knows.
        home: folder that holds the lock under which processes migrate in turn.

    Raises:
        LabError: the folder cannot be written.
        Away: no database answers.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(home, error) from error
    engine = create_engine(url, pool_pre_ping=True, connect_args=_patience(url))
    prepare_sqlite(engine)
    try:
        with _locked(home / "migrate.lock"):  # even the first look: it switches a new file to WAL
            _bring_up_to_date(engine)
    except OperationalError as error:
        told = str(error.orig).splitlines()[0].rstrip(".")
        raise Away(f"The database cannot be opened: {told}. Try again in a moment.") from error
    return engine


def _patience(url: str) -> dict[str, Any]:
    """Return what lets a server that is unreachable be told within seconds, and one that went silent be noticed."""
    if not url.startswith("postgresql"):
        return {}
    return {"connect_timeout": 5, "keepalives_idle": 20, "keepalives_interval": 5, "keepalives_count": 3}


def prepare_sqlite(engine: Engine) -> None:
    """Let an engine's connections, where they are SQLite's, wait for others, keep what they commit and mind keys."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)


def _prepare_sqlite(connection: Any, _: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")  # what the page confirms survives a power cut
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _version(engine: Engine) -> str | None:
    with engine.connect() as connection:
        if not engine.dialect.has_table(connection, "alembic_version"):
            return None
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _bring_up_to_date(engine: Engine) -> None:
    version = _version(engine)
    if version is not None and version > HEAD:
        raise LabError(f"The database is of a newer version of the lab ({version}, here {HEAD}). Update the lab.")
    if version != HEAD:
        _upgrade(engine)


def _upgrade(engine: Engine) -> None:
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":  # Python's sqlite3 would commit each statement: a kill would leave half
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        if engine.dialect.name == "postgresql":  # other machines of the instance open it too: in turn
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        bring_to(connection, HEAD)


def bring_to(connection: Connection, version: str) -> None:
    """Bring the tables to a version, forward or back, within the connection's transaction."""
    from alembic import command

    config = _alembic()
    config.attributes["connection"] = connection
    current = (
        connection.dialect.has_table(connection, "alembic_version")
        and connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    )
    if current and current > version:
        command.downgrade(config, version)
    else:
        command.upgrade(config, version)


def known_versions() -> list[str]:
    """Return the versions that tables ever had, oldest first."""
    from alembic.script import ScriptDirectory

    return sorted(script.revision for script in ScriptDirectory.from_config(_alembic()).walk_revisions())


def _alembic() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    return config


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
