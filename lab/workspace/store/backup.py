"""A whole instance as one zip, and back: every table's rows and every file, whatever database and file store hold them.

The zip holds `backup.json`, `tables/NAME.jsonl` (a row a line) and `files/…` under the store's own names. Rows are read
in one transaction, before the files: content-addressed files never change, so those that the rows name are there. A
backup of an older version comes back into tables of that version, and the migrations bring it forward.
"""

import hashlib
import io
import json
import re
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from sqlalchemy import Connection, DateTime, Integer, MetaData, Table, create_engine, func, insert, select, text
from sqlalchemy.exc import OperationalError, SQLAlchemyError

from lab.atomic import written
from lab.errors import BadInput, LabError
from lab.progress import OnProgress, ignore
from lab.workspace.settings import Settings
from lab.workspace.store.artifacts import ArtifactFiles
from lab.workspace.store.schema import HEAD, bring_to, known_versions, prepare_sqlite
from lab.workspace.store.store import Store
from lab.workspace.store.tables import Base, now

CARD, TABLES, FILES = "backup.json", "tables/", "files/"
FORMAT = 1
BATCH = 500
_UNREADABLE = (
    OSError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, EOFError, RuntimeError, SQLAlchemyError,
)  # fmt: skip
_CONTENT = re.compile(r"[0-9a-f]{2}/[0-9a-f]{64}")
_NAMED = re.compile(r"[a-z]+/[0-9A-Za-z_-]+\.json")


def backup(store: Store, out: Path, on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Write everything of an instance into one zip. People may go on working meanwhile.

    Returns:
        The object that `python -m lab backup --json` prints.

    Raises:
        LabError: the disk is full, or a file of the store is damaged; no half backup stays.
    """
    with written(out) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        rows = _write_tables(store, archive)
        paths = store.files.paths()
        for place, path in enumerate(paths):
            on_progress(place, len(paths), path)
            archive.writestr(f"{FILES}{path}", store.files.read(path))
        archive.writestr(CARD, json.dumps({
            "format": FORMAT, "schema": HEAD, "made": now().isoformat(), "rows": rows, "files": len(paths),
        }))  # fmt: skip
    return {"out": str(out), "bytes": out.stat().st_size, "rows": rows, "files": len(paths)}


def _write_tables(store: Store, archive: zipfile.ZipFile) -> dict[str, int]:
    rows = {}
    with store.engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        else:
            connection.exec_driver_sql("BEGIN")  # all tables as they were at one moment
        for table in Base.metadata.sorted_tables:
            rows[table.name] = 0
            with archive.open(f"{TABLES}{table.name}.jsonl", "w") as out:
                order = select(table).order_by(*table.primary_key.columns)
                for row in connection.execution_options(yield_per=BATCH).execute(order):
                    out.write(json.dumps(row._asdict(), default=_plain).encode() + b"\n")
                    rows[table.name] += 1
    return rows


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat()
    raise TypeError(f"a column of {type(value).__name__} cannot be backed up")


def restore(config: Settings, path: Path, on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Bring a backup into an instance that holds nothing yet.

    Files come first, each checked against its name; then all rows in one transaction. Cut off, it is simply run again.

    Returns:
        The object that `python -m lab restore --json` prints.

    Raises:
        BadInput: no backup, one of a newer version, a damaged one, or an instance that holds projects already.
        LabError: the disk is full, or no database answers.
    """
    try:
        with closing(zipfile.ZipFile(path)) as archive:
            card = _card(archive)
            files = ArtifactFiles(config.artifacts_url)
            names = [name for name in archive.namelist() if name.startswith(FILES)]
            if len(names) != card["files"]:
                raise BadInput(f"{path.name} is damaged: it has {len(names)} of {card['files']} files.")
            _empty(config)
            for place, name in enumerate(names):
                on_progress(place, len(names), name.removeprefix(FILES))
                _put(files, name.removeprefix(FILES), archive.read(name), path)
            rows = _read_tables(config, archive, card)
    except LabError:
        raise
    except OperationalError as error:
        raise LabError(f"The database does not answer: {_first_line(error.orig)}. Nothing was restored.") from error
    except _UNREADABLE as error:
        raise BadInput(f"{path.name} is not a backup that can be read: {_first_line(error)}.") from error
    return {"file": str(path), "rows": rows, "files": len(names)}


def _first_line(error: BaseException | None) -> str:
    return str(error).partition("\n")[0]


def _card(archive: zipfile.ZipFile) -> dict[str, Any]:
    card: dict[str, Any] = json.loads(archive.read(CARD))
    if card["format"] != FORMAT or card["schema"] not in known_versions():
        raise BadInput(f"The backup is of a newer version of the lab ({card['schema']}, here {HEAD}). Update the lab.")
    return card


def _put(files: ArtifactFiles, name: str, data: bytes, path: Path) -> None:
    if _NAMED.fullmatch(name):
        files.name(name, data)
    elif _CONTENT.fullmatch(name) and name[3:] == hashlib.sha256(data).hexdigest():
        files.put(data)
    else:
        raise BadInput(f"{path.name} is damaged: {name[:80]!r} does not hold what its name says.")


def _empty(config: Settings) -> None:
    projects = Store(config)
    with projects.session() as session:
        if session.scalar(select(func.count()).select_from(Base.metadata.tables["projects"])):
            raise BadInput("This instance holds projects already. Restore into a new LAB_HOME or an empty database.")
    projects.engine.dispose()


def _read_tables(config: Settings, archive: zipfile.ZipFile, card: dict[str, Any]) -> dict[str, int]:
    engine = create_engine(config.database_url)
    prepare_sqlite(engine)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "sqlite":
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            bring_to(connection, card["schema"])
            rows = _insert_all(connection, archive, card["rows"])
            bring_to(connection, HEAD)
        return rows
    finally:
        engine.dispose()


def _insert_all(connection: Connection, archive: zipfile.ZipFile, counts: dict[str, int]) -> dict[str, int]:
    there = MetaData()
    there.reflect(connection)
    rows = {}
    for table in there.sorted_tables:
        if table.name in counts:
            with archive.open(f"{TABLES}{table.name}.jsonl") as lines:
                rows[table.name] = sum(_insert(connection, table, part) for part in _batches(table, lines))
            _count_on(connection, table)
    if rows != counts:
        raise ValueError(f"it tells of {counts} rows and holds {rows}")
    return rows


def _insert(connection: Connection, table: Table, rows: list[dict[str, Any]]) -> int:
    connection.execute(insert(table), rows)
    return len(rows)


def _batches(table: Table, lines: IO[bytes]) -> Iterator[list[dict[str, Any]]]:
    times = [column.name for column in table.columns if isinstance(column.type, DateTime)]
    part: list[dict[str, Any]] = []
    for line in io.TextIOWrapper(lines, encoding="utf-8"):
        row = json.loads(line)
        part.append(row | {name: datetime.fromisoformat(row[name]) for name in times if row[name]})
        if len(part) == BATCH:
            yield part
            part = []
    if part:
        yield part


def _count_on(connection: Connection, table: Table) -> None:
    """Let PostgreSQL number new rows after those that came with a number."""
    counted = "id" in table.columns and isinstance(table.columns["id"].type, Integer)
    if connection.dialect.name == "postgresql" and counted:
        connection.execute(
            text(f"SELECT setval(pg_get_serial_sequence('{table.name}', 'id'), (SELECT max(id) FROM {table.name}))")
        )
