"""How an instance is: what the admin page, `/healthz`, the metrics and the image's health check read.

Facts hold no secrets: no address of a database or a store, only whether it answers.
"""

import shutil
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, text

from lab.errors import LabError
from lab.workspace import jobs
from lab.workspace.daemon import running_pid
from lab.workspace.settings import Settings, settings
from lab.workspace.store import Job, Serving, Store, now, open_store

DATABASE, ARTIFACTS, WORKER, DISK = "database", "artifacts", "worker", "disk"
SEEN_S = 30.0
"""A worker that has not said a word for so long is not there."""
WAITING_S = 30.0
LOW_BYTES = 500 * 2**20
REMEMBERED_S = 2.0
PATIENCE_S = 3.0


@dataclass(frozen=True, slots=True)
class Part:
    """How one part is.

    Attributes:
        name: "database", "artifacts", "worker" or "disk".
        well: whether it does its work.
        said: one sentence for people.
    """

    name: str
    well: bool
    said: str


@dataclass(frozen=True, slots=True)
class Health:
    """How an instance is, part by part."""

    parts: tuple[Part, ...]

    @property
    def well(self) -> bool:
        """Whether every part does its work."""
        return all(part.well for part in self.parts)

    def to_json(self) -> dict[str, Any]:
        """Return what `/healthz` tells."""
        return {"well": self.well, "parts": {part.name: asdict(part) for part in self.parts}}


@dataclass(frozen=True, slots=True)
class WorkerFact:
    """A worker that said it serves the job table.

    Attributes:
        name: as jobs name it.
        age_s: since it last said so.
        data: what it told: host, pid, version, python, slots, jobs, cluster, resources.
    """

    name: str
    age_s: float
    data: dict[str, Any]

    @property
    def alive(self) -> bool:
        """Whether it has said so lately."""
        return self.age_s <= SEEN_S


_found: dict[Settings, tuple[float, Health]] = {}
_looks: dict[tuple[Settings, str], Future[str]] = {}
_looking = threading.Lock()


def health(config: Settings | None = None) -> Health:
    """Look at every part, at most every two seconds; never raises."""
    config = config or settings()
    with _looking:
        at, found = _found.get(config, (0.0, None))
        if found is None or time.monotonic() - at > REMEMBERED_S:
            found = _look(config)
            _found[config] = (time.monotonic(), found)
    return found


def _look(config: Settings) -> Health:
    def store() -> Store:
        return open_store(config)

    parts: list[tuple[str, Callable[[], str]]] = [
        (DATABASE, lambda: _database(store())),
        (ARTIFACTS, lambda: store().files.check()),
        (WORKER, lambda: _worker(store())),
        (DISK, lambda: _disk(config)),
    ]
    deadline = time.monotonic() + PATIENCE_S
    asked = [(name, _asked(config, name, look)) for name, look in parts]
    return Health(tuple(_part(name, answer, deadline) for name, answer in asked))


def _asked(config: Settings, name: str, look: Callable[[], str]) -> Future[str]:
    """Look at a part in a thread of its own, unless an earlier look has not ended: one that hangs holds up no other."""
    answer = _looks.get((config, name))
    if answer is None or answer.done():
        answer = _looks[config, name] = Future()
        threading.Thread(target=_answer, args=(answer, look), name=f"lab-health-{name}", daemon=True).start()
    return answer


def _answer(answer: Future[str], look: Callable[[], str]) -> None:
    try:
        answer.set_result(look())
    except Exception as error:
        answer.set_exception(error)


def _part(name: str, answer: Future[str], deadline: float) -> Part:
    try:
        return Part(name, True, answer.result(max(0.0, deadline - time.monotonic())))
    except TimeoutError:
        return Part(name, False, f"It has not answered for {PATIENCE_S:.0f} s.")
    except LabError as error:
        return Part(name, False, str(error))
    except Exception as error:  # whatever is broken is what this looks for; its text may hold an address
        return Part(name, False, f"It cannot be looked at: {type(error).__name__}. See the log.")


def _database(store: Store) -> str:
    with store.session() as session:
        session.execute(text("SELECT 1"))
    return "It answers."


def _worker(store: Store) -> str:
    """Tell of the worker; one that sleeps is well as long as nothing waits, since the next job starts it."""
    alive = [worker for worker in workers(store) if worker.alive]
    if alive:
        return f"{len(alive)} at work." if len(alive) > 1 else "It serves the jobs."
    if running_pid(store.config.home):
        return "It is starting."
    waiting_s = waiting_longest_s(store)
    if waiting_s > WAITING_S:
        raise LabError(f"No worker is there, and a job has waited for {waiting_s:.0f} s. Start `python -m lab worker`.")
    return "It sleeps; the next job starts it."


def _disk(config: Settings) -> str:
    free = shutil.disk_usage(config.home if config.home.exists() else config.home.parent).free
    if free < LOW_BYTES:
        raise LabError(f"The disk is nearly full: {free // 2**20} MB are free, {LOW_BYTES // 2**20} needed.")
    return f"{free / 2**30:.1f} GB are free."


def workers(store: Store) -> list[WorkerFact]:
    """Return who said that it serves the job table, newest word first."""
    with store.session() as session:
        rows = session.scalars(select(Serving).order_by(Serving.seen.desc())).all()
    return [WorkerFact(row.name, seconds_since(row.seen), row.data) for row in rows]


def waiting_longest_s(store: Store, states: Sequence[str] = jobs.OPEN_STATES) -> float:
    """Return how long an open job has heard from no worker, at the longest; 0 where none is open."""
    with store.session() as session:
        since = func.min(func.coalesce(Job.heartbeat, Job.created))
        oldest = session.scalar(select(since).where(Job.state.in_(states)))
    return seconds_since(oldest) if oldest else 0.0


def seconds_since(at: datetime) -> float:
    """Return how long ago a table's time was; never negative."""
    return max(timedelta(), now() - at).total_seconds()
