"""Doors of the store as pages and jobs have it for one person: each number and hash of another's things."""

from collections.abc import Callable
from typing import Any

from lab.errors import LabError
from lab.workspace import access, jobs
from lab.workspace.people import Person
from lab.workspace.store import Store, edits, store_of
from lab.workspace.store.erasing import erase_project
from scripts.isolation.report import Report
from scripts.isolation.things import Things


def at_the_store(whole: Store, things: Things, other: str, report: Report) -> None:
    """Ask for everything, and try to change it; what changed shows in the owner's state afterwards."""
    mine, me = store_of(whole, other), Person(other, "")
    own = whole.project("Own room", other).id

    def tried(kind: str, what: object, act: Callable[[], Any]) -> None:
        try:
            leaked = act()
        except LabError:
            leaked = None
        report.tried(f"store: {kind}", str(what), leaked)

    for number in things.jobs:
        tried("job", number, lambda number=number: jobs.job(mine, number))
        for kind in (jobs.LOG, jobs.METRIC):
            tried("log", number, lambda number=number, kind=kind: jobs.events(mine, number, kind))
        tried("cancel", number, lambda number=number: jobs.cancel(mine, number))
    for sha256 in things.files:
        tried("file", sha256, lambda sha256=sha256: mine.read_artifact(sha256))
        tried("file's name", sha256, lambda sha256=sha256: mine.artifact(sha256))
        tried("file into a run", sha256, lambda sha256=sha256: mine.save_run(own, "demo", "x", {}, {"x": sha256}))
    for clip in things.clips:
        tried("label", clip, lambda clip=clip: mine.set_label([clip], "taken"))
        tried("delete", clip, lambda clip=clip: mine.delete_clips([clip]))
        tried("restore", clip, lambda clip=clip: mine.restore_clips([clip]))
        tried("move", clip, lambda clip=clip: edits.move(mine, things.project, [clip], own))
        tried("relabel", clip, lambda clip=clip: edits.relabel(mine, own, [clip], "taken"))
    for edit in things.edits:
        tried("undo", edit, lambda edit=edit: edits.undo(mine, edit))
    for run in things.runs:
        tried("run", run, lambda run=run: mine.run(run))
    for project in (things.project, things.cellar):
        tried("sounds", project, lambda project=project: list(mine.clips(project)))
        tried("labels", project, lambda project=project: mine.labels(project))
        tried("runs", project, lambda project=project: list(mine.runs(project)))
        tried("jobs", project, lambda project=project: list(jobs.jobs(mine, project)))
        tried("beyond", project, lambda project=project: mine.beyond(project))
        tried("newest edit", project, lambda project=project: edits.newest(mine, project))
    for project in (things.project, things.cellar, things.shared):
        tried("new job", project, lambda project=project: jobs.submit(mine, "x:y", {}, project, other))
        tried("job as them", project, lambda project=project: jobs.submit(mine, "x:y", {}, project, things.owner))
        tried("share", project, lambda project=project: access.share(whole, me, project, other, access.OWNER))
        tried("erase", project, lambda project=project: erase_project(mine, project))
        tried("new run", project, lambda project=project: mine.save_run(project, "demo", "x", {}, {}))
