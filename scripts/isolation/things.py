"""What one person has, of each kind, in words that nobody else would use; and whether it is still as it was."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select

from lab.deploy.prepared import prepared_detector
from lab.sound import synth
from lab.sound.clip import Clip
from lab.sound.files import wav_bytes
from lab.workspace import access, jobs, takes
from lab.workspace.incoming import stage
from lab.workspace.settings import Settings
from lab.workspace.store import Store, now, store_of
from lab.workspace.store.edits import relabel
from lab.workspace.store.tables import Audit, Edit, Holder, Job, JobEvent, Member, Project, Run
from lab.workspace.store.tables import Clip as Row

PROJECT, CELLAR, SHARED = "Kitchen of secrets", "Cellar of secrets", "Hall for both"
TASK = "lab.study.tasks:"
EXPORT_ALL = "lab.study.person:export_everything"
WORDS = (
    PROJECT, CELLAR, "secret alarm", "secretlabel", "secret recording", "secret failure", "secret line", "secret step",
    "secret take", "secret detector", "secret.uf2", "secret.zip", "secret content",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Things:
    """A person's.

    Attributes:
        owner: their id.
        project: number of the project that nobody else sees.
        cellar: of another such.
        shared: of one that the other person may look at.
        clips, runs, jobs, edits: numbers.
        files: hashes.
        staged: path of an upload that waits for a job.
    """

    owner: str
    project: int
    cellar: int
    shared: int
    clips: tuple[int, ...]
    runs: tuple[int, ...]
    jobs: tuple[int, ...]
    edits: tuple[int, ...]
    files: tuple[str, ...]
    staged: Path


def whole_store(home: Path) -> Store:
    """Return the whole store of an instance in a folder."""
    return Store(Settings(home, f"sqlite:///{home / 'lab.sqlite'}", (home / "artifacts").as_uri(), "", 0))


def seeded(whole: Store, owner: str, viewer: str) -> Things:
    """Give a person one of everything, and let another look at one project of theirs."""
    project, cellar, shared = (whole.project(each, owner).id for each in (PROJECT, CELLAR, SHARED))
    with whole.session() as session:
        session.add(Member(project_id=shared, person=viewer, role=access.VIEWER))
    clips = [_clip(whole, project, owner, place) for place in range(2)]
    clips += [_clip(whole, cellar, owner, 2), _clip(whole, shared, owner, 3)]
    mine = store_of(whole, owner, project)
    relabel(mine, project, clips[:1], "secretlabel")
    detector = mine.put_artifact("detector", "secret.detector", prepared_detector().to_bytes()).sha256
    files = {name: mine.put_artifact("file", name, f"secret content of {name}".encode()).sha256
             for name in ("secret.uf2", "secret.zip", "secret.h")}  # fmt: skip
    everything = store_of(whole, owner).put_artifact("export", "my data.zip", b"secret content of my data").sha256
    run = whole.save_run(project, "finetune", "secret detector", {}, {"secret.detector": detector}).id
    numbers = [
        _job(whole, owner, project, "demo", _demo(detector, files)),
        _job(whole, owner, project, "compile_firmware", {"artifacts": files, "report": {}},
             {"detector": detector, "board": "pico"}),
        _job(whole, owner, project, "export_project",
             {"clips": 2, "dataset": "0" * 64, "artifacts": {"project.zip": files["secret.zip"]}}),
        _job(whole, owner, project, "map_clips", {"points": [[each, 0.5, 0.5] for each in clips[:2]],
                                                  "explained": 0.5}),
        _job(whole, owner, project, "add_files", None, state=jobs.FAILED, error="secret failure"),
        _job(whole, owner, project, "finetune", None, state=jobs.QUEUED),
        _job(whole, owner, project, "train_baseline", None, state=jobs.RUNNING, message="secret step"),
        _job(whole, owner, None, EXPORT_ALL, {"bytes": 20, "artifacts": {"my data.zip": everything}}),
        _job(whole, owner, None, "get_ready", None, state=jobs.QUEUED),
    ]  # fmt: skip
    for number in numbers:
        jobs.say(whole, number, jobs.LOG, "secret line")
    takes.note(whole.config, takes.Take("secret take", project, "secretlabel", time.time(), 1, 1.0, 2.0, "Cut off."))
    staged = stage(whole.config, owner, "secret.zip", b"secret content on its way")
    with whole.session() as session:
        edits = tuple(session.scalars(select(Edit.id).where(Edit.project_id == project)))
    return Things(
        owner, project, cellar, shared, tuple(clips), (run,), tuple(numbers), edits,
        (*files.values(), everything, *_sounds(whole, clips[:3])), staged,
    )  # fmt: skip


def state_of(whole: Store, owner: str) -> str:
    """Return everything that is kept of a person, as text: what changes it changed something of theirs."""
    with whole.session() as session:
        projects = select(Project.id).where(Project.owner == owner)
        asked = [
            select(Project).where(Project.owner == owner), select(Member).where(Member.project_id.in_(projects)),
            select(Row).where(Row.project_id.in_(projects)), select(Edit).where(Edit.project_id.in_(projects)),
            select(Run).where(Run.project_id.in_(projects)), select(Job).where(Job.owner == owner),
            select(JobEvent).where(JobEvent.job_id.in_(select(Job.id).where(Job.owner == owner))),
            select(Holder).where(Holder.person == owner), select(Audit).where(Audit.person == owner),
        ]  # fmt: skip
        rows = [[_row(each) for each in session.scalars(query)] for query in asked]
    notes = sorted(str(path.relative_to(whole.config.home)) for top in ("takes", "incoming")
                   for path in (whole.config.home / top).rglob("*"))  # fmt: skip
    return json.dumps([rows, notes], default=str, indent=1)


def beside(whole: Store, owner: str, things: Things) -> None:
    """Give the one who tries a project with a sound, and a map that names the other's sounds."""
    project = whole.project("Own room", owner).id
    _clip(whole, project, owner, 7, "own")
    points = [[number, 0.5, 0.5] for number in things.clips]
    _job(whole, owner, project, "map_clips", {"points": points, "explained": 0.5})


def _clip(whole: Store, project_id: int, owner: str, place: int, word: str = "secret") -> int:
    seconds = 2.0
    kind = ("t3", "t4", "sweep", "continuous")[place % 4]
    wav = wav_bytes(Clip(synth.test_alarm(kind, seconds, -20.0 - place), "", ""))
    mine = store_of(whole, owner, project_id)
    name = f"{word} alarm {place}.wav" if word == "own" or place < 3 else f"hall {place}.wav"
    label, recording = (f"{word}label", f"{word} recording") if "hall" not in name else ("alarm", "hall")
    made, _ = mine.add_clip(project_id, wav, name, label, recording, seconds, 0.25)
    return int(made.id)


def _sounds(whole: Store, clips: list[int]) -> list[str]:
    with whole.session() as session:
        return list(session.scalars(select(Row.sha256).where(Row.id.in_(clips))))


def _demo(detector: str, files: Mapping[str, str]) -> dict[str, Any]:
    return {
        "detector": detector, "uf2": files["secret.uf2"], "tflite": None, "window_accuracy": 0.9, "events": {},
        "emulated": {}, "skipped": None, "seconds": 1.0, "artifacts": dict(files), "trace": None, "run_id": 1,
    }  # fmt: skip


def _job(
    whole: Store, owner: str, project_id: int | None, task: str, result: dict[str, Any] | None,
    args: dict[str, Any] | None = None, state: str = jobs.DONE, **more: str,
) -> int:  # fmt: skip
    dotted = task if ":" in task else TASK + task
    row = jobs.submit(store_of(whole, owner, project_id), dotted, args or {}, project_id, owner)
    with whole.session() as session:
        kept = session.get(Job, row.id)
        assert kept is not None
        kept.state, kept.result = state, result
        kept.started = kept.heartbeat = now() if state != jobs.QUEUED else None
        kept.finished = now() if state in (jobs.DONE, jobs.FAILED) else None
        for name, value in more.items():
            setattr(kept, name, value)
    return int(row.id)


def _row(row: Any) -> dict[str, Any]:
    found = {column.name: getattr(row, column.name) for column in row.__table__.columns}
    return {name: value for name, value in found.items() if name not in ("seen", "heartbeat")}
