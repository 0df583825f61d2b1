"""`bench workshop`: forty people at once, each over a real WebSocket session of their own, on this machine.

Server and worker run as in a workshop on the loopback, in a folder of their own that is gone afterwards. The visitors
(`scripts/room.py`) join by the code, open every page of the guided track, add sounds, teach, make their card and take
it home, and pause between as people do. A page action is what a person waits for: a page that is drawn after it was
opened, a press, an upload, a choice, a download. A lesson is told apart: its goal is ten seconds.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Any

from sqlalchemy import select

from lab.errors import LabError
from lab.progress import OnProgress, ignore
from lab.workspace import jobs, workshop
from lab.workspace.daemon import stop_worker
from lab.workspace.settings import Settings, settings
from lab.workspace.store import Clip, Job, Store
from lab.workspace.workshop.addresses import LOOPBACK, free_port

ROOT = Path(__file__).resolve().parents[2]
PEOPLE, THINK_S = 40, (5.0, 15.0)
GOAL_P95_S, GOAL_TEACH_S = 2.0, 10.0
START_S, LONGEST_S = 240.0, 3_600.0
FIRST_PORT = 8_900


def room(options: Mapping[str, Any], on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Measure; `people` of the options may be fewer.

    Returns:
        `rows`, each `key`, `what`, `goal`, `unit`, `measured` and `met`; `actions`, each kind's p50, p95 and count;
        `errors` as the visitors told them; `load`, the machine's load before and after.
    """
    people = int(options.get("people") or PEOPLE)
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-room-") as folder:
        home = Path(folder) / "home"
        config = replace(
            settings(), home=home, database_url=f"sqlite:///{home / 'lab.sqlite'}",
            artifacts_url=(home / "artifacts").as_uri(), dask_scheduler="",
        )  # fmt: skip
        before = os.getloadavg()[0]
        with served(config) as url:
            on_progress(0, 1, f"{people} people walk the guided track")
            told = walked(url, home, people, options)
        store = Store(config)
        lost, failed = _lost(store, told["clips"]), _failed(store)
        store.engine.dispose()
    return {**figures(told, people, lost, failed), "load": [round(before, 1), round(os.getloadavg()[0], 1)]}


@contextlib.contextmanager
def served(config: Settings) -> Iterator[str]:
    """Serve a workshop on the loopback while the block runs; yield its address.

    Raises:
        LabError: it did not come up.
    """
    port = free_port(FIRST_PORT, LOOPBACK)
    environment = {**os.environ, "LAB_HOME": str(config.home), "DATABASE_URL": "", "LAB_ARTIFACTS_URL": ""}
    server = subprocess.Popen(
        [sys.executable, "-m", "lab", "workshop", "serve", "--loopback", "--port", str(port)], cwd=ROOT,
        env={**environment, "DASK_SCHEDULER_ADDRESS": ""}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(f"http://{LOOPBACK}:{port}/_stcore/health", server)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait(30)
        stop_worker(config)


def _wait(address: str, server: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_S
    while True:
        with contextlib.suppress(OSError), urllib.request.urlopen(address, timeout=5):
            return
        if server.poll() is not None or time.monotonic() > deadline:
            raise LabError("The workshop's server did not come up.")
        time.sleep(0.1)


def walked(url: str, home: Path, people: int, options: Mapping[str, Any]) -> dict[str, Any]:
    """Let visitors walk; return what they tell.

    Raises:
        LabError: the visitors could not run.
    """
    found = workshop.current(home)
    assert found is not None
    least, most = options.get("think") or THINK_S
    command = [
        sys.executable, str(ROOT / "scripts" / "room.py"), url, found.code, "--people", str(people),
        "--think", str(least), str(most), "--arrive", str(options.get("arrive") or 20.0),
        "--clips", str(options.get("clips") or 2), *(["--compile"] if options.get("compile") else []),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST_S, check=False)
    if done.returncode:
        raise LabError(f"The visitors could not run: {done.stderr.strip().splitlines()[-1:]}")
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _lost(store: Store, confirmed: Sequence[str]) -> list[str]:
    """Return the sounds that were confirmed to somebody and are not in the store, or whose file is not whole."""
    with store.session() as session:
        kept = {clip.name: clip.sha256 for clip in session.scalars(select(Clip).where(Clip.deleted.is_(None)))}
    for name in confirmed:
        if name in kept:
            store.files.get(kept[name])  # raises where it is damaged
    return [name for name in confirmed if name not in kept]


def _failed(store: Store) -> list[str]:
    with store.session() as session:
        rows = session.scalars(select(Job).where(Job.state.notin_([jobs.DONE, jobs.CANCELLED])))
        return [f"{row.task}: {row.state}: {row.error}" for row in rows]


def figures(told: Mapping[str, Any], people: int, lost: Sequence[str], failed: Sequence[str]) -> dict[str, Any]:
    """Return the rows of the bench from what the visitors told."""
    actions = [each["s"] for each in told["done"] if each["action"]]
    lessons = [each["s"] for each in told["done"] if each["what"] == "teach"]
    errors = [*told["errors"], *failed]
    kinds = sorted({each["what"] for each in told["done"]})
    by_kind = {kind: [each["s"] for each in told["done"] if each["what"] == kind] for kind in kinds}
    rate = round(len(actions) / max(0.1, told["seconds"]), 2)
    return {
        "rows": [
            _row("action_p95_s", f"a page action, p95 of {len(actions):,} by {people} people", GOAL_P95_S, "s",
                 percentile(actions, 0.95)),
            _row("action_p50_s", "the same, p50", GOAL_P95_S, "s", percentile(actions, 0.5)),
            _row("teach_p95_s", f"a lesson from press to result, p95 of {len(lessons)}", GOAL_TEACH_S, "s",
                 percentile(lessons, 0.95)),
            _row("errors", "errors, failed jobs too", 0, "", len(errors)),
            _row("lost_clips", f"of {len(told['clips'])} confirmed sounds lost", 0, "", len(lost)),
        ],
        "actions": {kind: {"p50": percentile(s, 0.5), "p95": percentile(s, 0.95), "count": len(s)}
                    for kind, s in by_kind.items()},
        "errors": errors[:20], "seconds": told["seconds"], "reruns": told["reruns"], "actions_a_second": rate,
    }  # fmt: skip


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the least value that at least such a share of all do not exceed; None of none."""
    ordered = sorted(values)
    return ordered[max(0, ceil(len(ordered) * share) - 1)] if ordered else None


def _row(key: str, what: str, goal: float, unit: str, measured: float | None) -> dict[str, Any]:
    met = measured is not None and measured <= goal
    return {"key": key, "what": what, "goal": goal, "unit": unit, "measured": measured, "met": met}
