"""Everything that is one person's: as one zip, or gone.

The zip holds `person.json` (what is kept of them, their jobs, memberships and lines of the audit log),
`projects/N NAME.zip` (each imports again) and `made/…` (detectors, firmware and other files that work gave).
"""

import json
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import select

from lab.atomic import written
from lab.errors import BadInput, LabError
from lab.progress import OnProgress, ignore
from lab.study.portable import export
from lab.workspace.context import JobContext
from lab.workspace.store import LOCAL_OWNER, Job, Project, Run, Store, open_store, quota
from lab.workspace.store.forgetting import erase_hidden, erase_person, forget_exports, kept
from lab.workspace.store.tables import Audit, Base, Known, Member

CARD = "person.json"
TASKS = ("export_everything", "delete_everything", "empty_deleted")
EXPORT, ERASE, EMPTY = (f"lab.study.person:{name}" for name in TASKS)
SAFE = " -_.()"


def write(store: Store, person: str, out: Path, on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Write everything of a person as a zip.

    Args:
        store: the whole store.
        person: their id.
        out: the zip.
        on_progress: called for each project.

    Returns:
        The object that `python -m lab person export --json` prints.

    Raises:
        LabError: the disk is full, or a file is damaged; no half zip stays.
    """
    projects = store.projects(person)
    with written(out) as file, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for place, project in enumerate(projects):
            on_progress(place, len(projects), project.name)
            _write_project(store, project, archive)
        archive.writestr(CARD, json.dumps(_card(store, person), indent=1, ensure_ascii=False, default=str))
    on_progress(len(projects), len(projects), "done")
    return {"person": person, "out": str(out), "projects": len(projects), "bytes": out.stat().st_size}


def _write_project(store: Store, project: Project, archive: zipfile.ZipFile) -> None:
    named = f"{project.id} {_safe(project.name)}"
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-person-") as folder:
        path = Path(folder) / "project.zip"
        export(store, project.id, path)
        archive.write(path, f"projects/{named}.zip", zipfile.ZIP_STORED)
    for run in store.runs(project.id):
        for name, sha256 in run.artifacts.items():
            archive.writestr(f"made/{named}/{run.id} {_safe(run.kind)}/{_safe(name)}", store.read_artifact(sha256))


def _safe(name: str) -> str:
    """Return a name as a file's on any system."""
    made = "".join(each if each.isalnum() or each in SAFE else "_" for each in name)[:80].strip(" .")
    return made or "unnamed"


def _card(store: Store, person: str) -> dict[str, Any]:
    with store.session() as session:
        rows: dict[str, Any] = {
            "known": session.scalars(select(Known).where(Known.id == person)),
            "shared_with_me": session.scalars(select(Member).where(Member.person == person)),
            "jobs": session.scalars(select(Job).where(Job.owner == person)),
            "runs": session.scalars(select(Run).join(Project).where(Project.owner == person)),
            "audit": session.scalars(select(Audit).where(Audit.person == person)),
        }
        told = {name: [_plain(row) for row in found] for name, found in rows.items()}
    return {"kept": kept(store, person).to_json(), **told}


def _plain(row: Base) -> dict[str, Any]:
    return {column.name: getattr(row, column.name) for column in row.__table__.columns}


def people(store: Store) -> Iterator[str]:
    """Yield the ids of everybody of whom something is kept."""
    with store.session() as session:
        found = set(session.scalars(select(Project.owner))) | set(session.scalars(select(Known.id)))
        yield from sorted(found | set(session.scalars(select(Job.owner))))


def known(store: Store, person: str) -> str:
    """Return the id of a person of whom something is kept.

    Raises:
        BadInput: nothing is.
    """
    if person not in set(people(store)):
        raise BadInput(f"Nothing is kept of {person!r}; `person show` lists who there is.")
    return person


def export_everything(args: dict[str, Any], context: JobContext) -> dict[str, Any]:
    """Keep everything of who asks as one zip, for them to download."""
    whole, person = open_store(context.config), context.owner or LOCAL_OWNER
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-person-") as folder:
        out = Path(folder) / "my data.zip"
        made = write(whole, person, out, context.progress)
        forget_exports(whole, person)
        sha256 = context.store.put_artifact(quota.EXPORT, out.name, out.read_bytes()).sha256
    return {"projects": made["projects"], "bytes": made["bytes"], "artifacts": {"my data.zip": sha256}}


def delete_everything(args: dict[str, Any], context: JobContext) -> dict[str, Any]:
    """Delete everything of who asks."""
    person = context.owner or LOCAL_OWNER
    if args.get("confirm") != person:
        raise LabError("Nothing was deleted: type who you are to confirm it.")
    return erase_person(open_store(context.config), person, context.job_id, context.progress)


def empty_deleted(args: dict[str, Any], context: JobContext) -> dict[str, Any]:
    """Delete for good what who asks deleted from their projects."""
    owner = context.owner or LOCAL_OWNER
    files, size = erase_hidden(open_store(context.config), Project.owner == owner)
    return {"files": files, "bytes": size}
