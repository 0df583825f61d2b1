"""The guided track, "your first detector in 15 minutes": each step checked by what is in the store, none by a tick.

Clips and finished jobs speak for themselves. What leaves no other trace (an alarm that was heard, a page that was
read, a board that was flashed, a file that was taken along) is a line in the audit log.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from lab.workspace import jobs
from lab.workspace.store import Clip, Job, Project, Store
from lab.workspace.store.tables import Audit

HEARD, KEPT, TAUGHT, COMPARED, COMPILED, RAN, TAKEN = (
    "heard", "kept", "taught", "compared", "compiled", "ran", "taken"
)  # fmt: skip
FLASH_FAILED = "flash failed"
MARK = "guide: "
OWN_SOUNDS = ("corrected here", "recorded here", "uploaded")
"""What clips say of where they came from, when the person brought them; longer words may follow."""
TASKS = {
    "lab.study.tasks:teach": TAUGHT, "lab.study.tasks:compile_firmware": COMPILED, "lab.study.tasks:try_board": RAN,
    "lab.study.tree.task:optimize": COMPARED, "lab.study.tasks:demo": COMPILED,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the track.

    Attributes:
        key: names it.
        title: what a person does.
        how: where to look and what to press.
        checked: how the lab knows that it is done.
        page: file name of the page on which it happens.
    """

    key: str
    title: str
    how: str
    checked: str
    page: str


STEPS = (
    Step(HEARD, "Hear the test alarm",
         "On Listen, turn the microphone on, wait for “Listening”, and press **Play a test alarm**.",
         "the detector said “Alarm heard” on your microphone", "listen"),
    Step(KEPT, "Catch it being wrong",
         "Whistle, clap, run a tap. When the light glows wrongly, or stays dark at an alarm, press **That was wrong**.",
         "a sound of yours is in your project", "listen"),
    Step(TAUGHT, "Teach it", "Press **Teach it** and compare before and after.", "a lesson is finished", "listen"),
    Step(COMPARED, "Weigh the paths",
         "On Optimize, look at what pruning, clustering and rounding cost and save. The leaves are measured already.",
         "the tree was opened", "optimize"),
    Step(COMPILED, "Compile it", "On Firmware, choose your taught detector and press **Compile**.",
         "firmware of yours was compiled", "firmware"),
    Step(RAN, "Let a board hear",
         "On Firmware, **Play it to the virtual board**; or **Flash** a real one, and press a smoke alarm’s button.",
         "a virtual board ran it, or yours was flashed and read back", "firmware"),
    Step(TAKEN, "Take it along", "Download the .uf2 on Firmware, or everything at once on the card below.",
         "a .uf2 or your card was downloaded", "firmware"),
)  # fmt: skip
Done = Mapping[str, datetime]


def mark(
    store: Store, person: str, step: str, project_id: int | None = None, data: dict[str, Any] | None = None
) -> None:
    """Note that a person did a step that leaves no other trace; only the first time counts.

    Args:
        store: the instance's whole store.
        person: id of who.
        step: key of the step; FLASH_FAILED is noted each time.
        project_id: in which project, or None.
        data: more of it, as JSON.
    """
    with store.session() as session:
        before = select(Audit.id).where(Audit.person == person, Audit.action == MARK + step).limit(1)
        if step == FLASH_FAILED or session.scalar(before) is None:
            session.add(Audit(person=person, action=MARK + step, project_id=project_id, data=data or {}))


def progress(store: Store, people: Iterable[str]) -> dict[str, Done]:
    """Return when each person first did each step: person → step → time.

    Four queries, however many people.
    """
    wanted = list(people)
    found: dict[str, dict[str, datetime]] = {person: {} for person in wanted}
    with store.session() as session:
        marks = select(Audit.person, Audit.action, func.min(Audit.at)).where(
            Audit.person.in_(wanted), Audit.action.startswith(MARK)
        )
        for person, action, at in session.execute(marks.group_by(Audit.person, Audit.action)):
            _note(found[person], action.removeprefix(MARK), at)
        own = [Clip.source.startswith(source) for source in OWN_SOUNDS]
        clips = (
            select(Project.owner, func.min(Clip.created))
            .join(Clip, Clip.project_id == Project.id)
            .where(Project.owner.in_(wanted), Clip.deleted.is_(None), own[0] | own[1] | own[2])
        )
        for person, at in session.execute(clips.group_by(Project.owner)):
            _note(found[person], KEPT, at)
        done = select(Job.owner, Job.task, func.min(Job.finished)).where(
            Job.owner.in_(wanted), Job.state == jobs.DONE, Job.task.in_(TASKS)
        )
        for person, task, ended in session.execute(done.group_by(Job.owner, Job.task)):
            if ended is not None:
                _note(found[person], TASKS[task], ended)
    return dict(found)


def _note(done: dict[str, datetime], step: str, at: datetime) -> None:
    done[step] = min(at, done.get(step, at))


def here(done: Done) -> Step | None:
    """Return the first step that is not done, or None."""
    return next((step for step in STEPS if step.key not in done), None)


def failures(store: Store, people: Sequence[str], limit: int = 20) -> list[dict[str, Any]]:
    """Return what failed lately among people's jobs and boards, newest first: person, at, what, why."""
    with store.session() as session:
        failed = select(Job).where(Job.owner.in_(people), Job.state == jobs.FAILED).order_by(Job.id.desc()).limit(limit)
        rows: list[dict[str, Any]] = [
            {"person": row.owner, "at": row.finished or row.created, "what": row.task.rpartition(":")[2],
             "why": row.error or "It failed."}
            for row in session.scalars(failed)
        ]  # fmt: skip
        boards = select(Audit).where(Audit.person.in_(people), Audit.action == MARK + FLASH_FAILED)
        rows += [
            {"person": row.person, "at": row.at, "what": "flash a board", "why": str(row.data.get("why", ""))}
            for row in session.scalars(boards.order_by(Audit.id.desc()).limit(limit))
        ]
    return sorted(rows, key=lambda row: row["at"], reverse=True)[:limit]
