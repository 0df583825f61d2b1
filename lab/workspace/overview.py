"""What who runs an instance sees of it: people, disk, versions, the audit log. How it is, `health` tells."""

import csv
import io
import shutil
import sys
from collections.abc import Sequence
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from sqlalchemy import func, select

from lab import __version__
from lab.workspace import jobs
from lab.workspace.scratch import size_bytes
from lab.workspace.store import Job, Project, Store, now, quota
from lab.workspace.store.schema import HEAD
from lab.workspace.store.tables import Artifact, Audit, Known

PARTS = ("streamlit", "sqlalchemy", "distributed", "tensorflow", "tf-keras", "numpy", "soundfile", "mlflow-skinny")
MOST_LINES = 1_000
COLUMNS = ("at", "person", "action", "project", "more")


def people(store: Store) -> list[dict[str, Any]]:
    """Return everybody of whom something is kept, who was here last first.

    Each: `person`, `name`, `seen` (a time or None), `projects`, `mb` and `jobs` (open ones).
    """
    with store.session() as session:
        known = {row.id: row for row in session.scalars(select(Known))}
        owned = _counts(session, select(Project.owner, func.count()).group_by(Project.owner))
        waiting = select(Job.owner, func.count()).where(Job.state.in_(jobs.OPEN_STATES)).group_by(Job.owner)
        busy = _counts(session, waiting)
        rows = [
            {
                "person": each, "name": known[each].name if each in known else each,
                "seen": known[each].seen if each in known else None, "projects": owned.get(each, 0),
                "mb": round(quota.used_bytes(session, each) / quota.MB, 1), "jobs": busy.get(each, 0),
            }
            for each in {*known, *owned, *busy}
        ]  # fmt: skip
    return sorted(
        rows, key=lambda row: (row["seen"] is None, -(row["seen"].timestamp() if row["seen"] else 0), row["person"])
    )


def _counts(session: Any, query: Any) -> dict[str, int]:
    return {name: int(count) for name, count in session.execute(query)}


def disk(store: Store) -> list[dict[str, Any]]:
    """Return what takes the disk, the largest first: rows of `what`, `files` and `mb`; the last tells what is free."""
    home = store.config.home
    by_kind = select(Artifact.kind, func.count(), func.sum(Artifact.size_bytes)).group_by(Artifact.kind)
    with store.session() as session:
        rows = [_used(kind, count, size) for kind, count, size in session.execute(by_kind)]
    for what, folder in (("logs", store.config.log_dir), ("uploads that wait", home / "incoming")):
        rows.append(_used(what, sum(path.is_file() for path in folder.rglob("*")), size_bytes(folder)))
    database = sorted(home.glob("lab.sqlite*"))
    rows.append(_used("database", len(database), sum(path.stat().st_size for path in database)))
    free = shutil.disk_usage(home if home.exists() else home.parent).free
    return [*sorted(rows, key=lambda row: -row["mb"]), _used("free", 0, free)]


def _used(what: str, files: int, size_bytes: int) -> dict[str, Any]:
    return {"what": what, "files": files, "mb": round((size_bytes or 0) / quota.MB, 1)}


def versions() -> dict[str, str]:
    """Return the versions of the parts; a part that is not installed here is left out."""
    found = {"TinyML Lab": __version__, "database schema": HEAD, "Python": sys.version.split()[0]}
    for name in PARTS:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def audit_lines(store: Store, person: str = "", action: str = "", days: int = 0) -> list[dict[str, Any]]:
    """Return lines of the audit log, newest first, at most 1,000.

    Args:
        store: the whole store.
        person: part of who did it; "" for anybody.
        action: what; "" for anything.
        days: no older than so many; 0 for all.
    """
    query = select(Audit).order_by(Audit.id.desc()).limit(MOST_LINES)
    if person.strip():
        query = query.where(Audit.person.icontains(person.strip(), autoescape=True))
    if action:
        query = query.where(Audit.action == action)
    if days:
        query = query.where(Audit.at >= now() - timedelta(days=days))
    with store.session() as session:
        return [
            {"at": row.at, "person": row.person, "action": row.action, "project": row.project_id,
             "more": ", ".join(f"{name}: {value}" for name, value in row.data.items())}
            for row in session.scalars(query)
        ]  # fmt: skip


def actions(store: Store) -> list[str]:
    """Return what the audit log tells of, by name."""
    with store.session() as session:
        return list(session.scalars(select(Audit.action).distinct().order_by(Audit.action)))


def as_csv(lines: Sequence[dict[str, Any]]) -> bytes:
    """Return lines of the audit log as CSV, in which no cell is a spreadsheet's formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for line in lines:
        writer.writerow([_plain(line[name]) for name in COLUMNS])
    return out.getvalue().encode("utf-8-sig")


def _plain(value: Any) -> str:
    text = "" if value is None else str(value)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
