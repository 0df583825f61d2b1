"""`bench chaos`: a whole team's set-up whose parts are killed at random while people record, train and compile.

Real processes: PostgreSQL, a Dask scheduler with two workers, the lab's worker, the app with a visit, a recorder whose
sound goes by WebRTC through coturn. What kills and what looks afterwards is `scripts/chaos`, beside the tests' servers.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.errors import LabError, Missing
from lab.progress import OnProgress, ignore

ROOT = Path(__file__).resolve().parents[2]
KILLS, LONGEST_S = 100, 60.0


def chaos(options: Mapping[str, Any], on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Kill and look; `kills` and `seed` of the options say how often and in which order.

    Returns:
        `rows`, each `key`, `what`, `goal`, `unit`, `measured` and `met`; and what else was counted.

    Raises:
        Missing: this is no checkout with its tests, whose servers take part.
        LabError: the set-up did not start.
    """
    kills, seed = int(options.get("kills") or KILLS), int(options.get("seed") or 0)
    if not (ROOT / "tests" / "servers.py").exists():
        raise Missing("The bench takes its servers from the tests, which are not here. Run it in a checkout.")
    on_progress(0, 1, f"{kills} kills while people work")
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-chaos-") as folder:
        done = subprocess.run(
            [sys.executable, "-m", "scripts.chaos", str(kills), str(seed), folder], cwd=ROOT, capture_output=True,
            text=True, timeout=1_200 + 60 * kills,
        )  # fmt: skip
    if done.returncode:
        raise LabError(f"The set-up could not be run: {' '.join(done.stderr.strip().splitlines()[-1:])}")
    return table(json.loads(done.stdout))


def table(found: dict[str, Any]) -> dict[str, Any]:
    """Return the figures beside their goals."""
    count = sum(found["kills"].values())
    return {
        "rows": [
            _row("lost_clips", f"confirmed clips lost, of {found['confirmed_clips']}, {count} kills", 0, "clips",
                 len(found["lost_clips"])),
            _row("lost_runs", f"finished runs lost, of {found['finished_runs']}", 0, "runs", len(found["lost_runs"])),
            _row("stuck_s", "the longest that a job heard from no worker", LONGEST_S, "s", found["longest_unserved_s"]),
            _row("untrue_jobs", f"jobs without a true end, of {sum(found['jobs'].values())}", 0, "jobs",
                 len(found["untrue_jobs"])),
        ],
        **found,
    }  # fmt: skip


def _row(key: str, what: str, goal: float, unit: str, measured: float) -> dict[str, Any]:
    return {"key": key, "what": what, "goal": goal, "unit": unit, "measured": measured, "met": measured <= goal}
