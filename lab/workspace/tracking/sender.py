"""The worker's side of tracking: a process of low priority sends what is finished, and fails without harm."""

import contextlib
import logging
import os
import subprocess
import sys
import time
from pathlib import Path

from lab.workspace.store import Store
from lab.workspace.tracking.sent import unsent

log = logging.getLogger(__name__)

LOOK_S = 5.0
FIRST_RETRY_S, LAST_RETRY_S = 30.0, 900.0
LIMIT_S = 600.0
OFF = "off"
LOW = 19


class Sender:
    """Sends finished runs to MLflow from a process of its own, one at a time; a job never waits for it.

    Args:
        store: whose runs.
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        self.problem = ""
        self._log = store.config.log_dir / "mlflow.log"
        self._process: subprocess.Popen[bytes] | None = None
        self._began = 0.0
        self._next = 0.0
        self._retry_s = FIRST_RETRY_S

    def step(self) -> None:
        """Do what is due: look at the process, or start one where a run waits."""
        if os.environ.get("LAB_MLFLOW", "").strip().lower() == OFF:
            return
        if self._process is not None:
            self._look()
        elif time.monotonic() >= self._next:
            self._next = time.monotonic() + LOOK_S
            if self._waits():
                self._start()

    def close(self) -> None:
        """End the process; what it had not sent is sent another time."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def _waits(self) -> bool:
        with self.store.session() as session:
            return session.scalar(unsent().limit(1)) is not None

    def _start(self) -> None:
        self._began = time.monotonic()
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("wb") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "lab", "track"], cwd=Path(__file__).resolve().parents[3],
                env=os.environ | self.store.config.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=said,
            )  # fmt: skip
        with contextlib.suppress(OSError):  # it may have ended
            os.setpriority(os.PRIO_PROCESS, self._process.pid, LOW)

    def _look(self) -> None:
        assert self._process is not None
        if self._process.poll() is None and time.monotonic() - self._began < LIMIT_S:
            return
        self._process.kill()
        self._process.wait()
        said = self._log.read_text(errors="replace").strip().splitlines()[-1:]
        failed = self._process.returncode != 0
        self._process = None
        self.problem = said[0] if failed and said else "MLflow took too long." if failed else ""
        self._next = time.monotonic() + (self._retry_s if failed else LOOK_S)
        self._retry_s = min(LAST_RETRY_S, 2 * self._retry_s) if failed else FIRST_RETRY_S
        if failed:
            log.warning("tracking=failed again_in_s=%.0f said=%s", self._next - time.monotonic(), self.problem)
