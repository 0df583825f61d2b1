"""`bench app`: 10,000 clips stay usable, 2,000 come in while one waits, a day leaves no memory behind, no upload harms,
and nobody reaches another's things.

Clips are five seconds of noise at 44.1 kHz, as ESC-50's are, so that each is resampled. The rest of the 10,000 are rows
whose sounds nobody opens. Everything lies in a folder of its own and is gone afterwards.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
import wave
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from lab.errors import LabError
from lab.progress import OnProgress, ignore
from lab.study.hostile.offers import offers
from lab.study.hostile.trial import LIMIT_MB, LIMIT_S, Report, trial
from lab.study.projects import add_to
from lab.workspace.settings import Settings
from lab.workspace.store import Artifact, Clip, Store

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "scripts" / "rerun_cost.py"
IMPORTED, SHOWN, SECONDS, RATE_HZ = 2_000, 10_000, 5.0, 44_100
LABELS = tuple(f"kind {number:02}" for number in range(10))
GOAL_IMPORT_S, GOAL_RERUN_S = 60.0, 0.5
GOAL_IDLE_MB, GOAL_GROWTH = 400.0, 0.10
RERUNS, PAGE_RUNS = 7, 1_000
"""A thousand page runs are a day of one person who looks at a page forty times an hour."""


def app(options: Mapping[str, Any], on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Measure; `clips` of the options imports fewer, and the goal shrinks with it.

    Returns:
        `rows`, each `key`, `what`, `goal`, `unit`, `measured` and `met`.
    """
    count = int(options.get("clips") or IMPORTED)
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-bench-") as folder:
        home, sounds = Path(folder) / "home", Path(folder) / "sounds"
        store = Store(Settings(home, f"sqlite:///{home / 'lab.sqlite'}", (home / "artifacts").as_uri(), "", 1))
        project = store.project("Bench").id
        write_sounds(sounds, count, on_progress)
        started = time.monotonic()
        added = add_to(store, project, [sounds], on_progress=on_progress)["added"]
        import_s = time.monotonic() - started
        fill(store, project, max(SHOWN, added))
        on_progress(count, count, f"reruns of a page of {SHOWN:,} sounds")
        costs = rerun_costs(home)
        runs = int(options.get("page_runs") or PAGE_RUNS)
        on_progress(count, count, f"a day of {runs:,} page runs")
        day = day_of_use(home, runs)
        store.engine.dispose()
    goal = GOAL_IMPORT_S * count / IMPORTED
    on_progress(count, count, "as another, and as nobody, at every door of a person's things")
    isolated = isolation()
    harm = trial(offers(), on_progress)
    return {
        "rows": [
            _row("import_s", f"import of {added:,} clips of 5 s at 44.1 kHz", goal, "s", import_s),
            _row("rerun_cpu_s", f"rerun of Sounds with {SHOWN:,} clips, middle of {RERUNS}", GOAL_RERUN_S, "s CPU",
                 costs[len(costs) // 2]),
            _row("rerun_cpu_greatest_s", "the same, the one that cost most", GOAL_RERUN_S, "s CPU", costs[-1]),
            _row("idle_mb", "the app's memory at rest, every page opened once", GOAL_IDLE_MB, "MB", day["idle_mb"]),
            _row("day_growth", f"its growth over a day of {day['page_runs']:,} page runs, late quarter to early",
                 GOAL_GROWTH, "share", day["growth"]),
            _row("isolation_leaks", f"isolation: of {isolated['doors']:,} doors to another's pages, jobs, files and "
                 "downloads, those that let somebody in", 0, "", len(isolated["leaks"])),
            *_harm_rows(harm),
        ],
        "isolation": isolated,
        "hostile": asdict(harm),
        "clips_a_second": round(added / import_s, 1),
    }  # fmt: skip


def _harm_rows(harm: Report) -> list[dict[str, Any]]:
    what = f"of {harm.count} hostile uploads:"
    return [
        _row("hostile_crashes", f"{what} errors that are no sentence, dead processes", 0, "", len(harm.crashes)),
        _row("hostile_outside", f"{what} files where none should be", 0, "", len(harm.outside)),
        _row("hostile_unclear", f"{what} answers that are no one clear sentence", 0, "", len(harm.unclear)),
        _row("hostile_s", f"the slowest of them: {harm.slowest}", LIMIT_S, "s", harm.slowest_s),
        _row("hostile_mb", f"the one that took most memory: {harm.largest}", LIMIT_MB, "MB", harm.most_mb),
    ]


def _row(key: str, what: str, goal: float, unit: str, measured: float) -> dict[str, Any]:
    return {"key": key, "what": what, "goal": goal, "unit": unit, "measured": round(measured, 3),
            "met": measured <= goal}  # fmt: skip


def write_sounds(folder: Path, count: int, on_progress: OnProgress) -> None:
    """Write clips that no two are alike, in a folder a label."""
    noise = np.random.default_rng(1).integers(-8_000, 8_000, round(RATE_HZ * SECONDS)).astype("<i2")
    for number in range(count):
        if number % 100 == 0:
            on_progress(number, count, "writing sounds")
        path = folder / LABELS[number % len(LABELS)] / f"{number:05}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE_HZ)
            file.writeframes(np.roll(noise, 97 * number).tobytes())


def fill(store: Store, project_id: int, count: int) -> None:
    """Bring a project to `count` clips by rows alone."""
    there = len(store.clips(project_id))
    with store.session() as session:
        for number in range(there, count):
            sha256 = hashlib.sha256(str(number).encode()).hexdigest()
            session.add(Artifact(sha256=sha256, kind="wav", name="x.wav", size_bytes=160_044))
        session.flush()
        for number in range(there, count):
            session.add(
                Clip(
                    project_id=project_id, sha256=hashlib.sha256(str(number).encode()).hexdigest(),
                    name=f"{number:05}.wav", label=LABELS[number % len(LABELS)], recording_id=f"take {number // 3}",
                    seconds=SECONDS, peak=number % 97 / 97, source="bench", licence="CC0", notes=[], segments=[],
                    clipped=int(number % 50 == 0),
                )
            )  # fmt: skip


def rerun_costs(home: Path) -> list[float]:
    """Return processor seconds of reruns of the Sounds page, least first.

    Raises:
        LabError: the page could not be run.
    """
    found: list[float] = _told([str(SCRIPT), "sounds", str(RERUNS)], home)["cpu_s"]
    return found


def day_of_use(home: Path, page_runs: int) -> dict[str, Any]:
    """Return the app's memory at rest and over a day of visits: idle_mb, early_mb, late_mb, growth, page_runs.

    Raises:
        LabError: the app could not be run.
    """
    return _told(["-m", "scripts.day", str(page_runs)], home)


def isolation() -> dict[str, Any]:
    """Return what a crawl of a served lab with two people tried and found: doors, kinds, leaks, seconds.

    Raises:
        LabError: the lab could not be served or crawled.
    """
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-isolation-") as folder:
        return _told(["-m", "scripts.isolation", folder], Path(folder) / "home")


def _told(command: list[str], home: Path) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, *command], env=os.environ | {"LAB_HOME": str(home)}, cwd=ROOT, capture_output=True, text=True,
        timeout=3_600,
    )  # fmt: skip
    if done.returncode:
        raise LabError(f"The page could not be run: {done.stderr.strip().splitlines()[-1:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
