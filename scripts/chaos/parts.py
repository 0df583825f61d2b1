"""The parts of a team's set-up as real processes that are started again when they end, as a supervisor would."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
RESTART_S = 1.0


class Part:
    """One supervised process, in a group of its own.

    Args:
        name: what kills are counted under.
        command: what runs.
        environment: of it.
        log: where its words go.
        find: returns the process to kill where that is not the one started here.
    """

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], log: Path,
        find: Callable[[], int | None] | None = None,
    ) -> None:  # fmt: skip
        self.name, self.command, self.environment, self.log, self.find = name, command, environment, log, find
        self._process: subprocess.Popen[bytes] | None = None
        self._ended = -RESTART_S
        self._lock = threading.Lock()

    def keep(self) -> None:
        """Start it, or start it again a moment after it ended."""
        with self._lock:
            self._keep()

    def _keep(self) -> None:
        if self._process is not None and self._process.poll() is not None:
            self._process, self._ended = None, time.monotonic()
        if self._process is None and time.monotonic() - self._ended >= RESTART_S:
            with self.log.open("ab") as out:
                self._process = subprocess.Popen(
                    self.command, cwd=ROOT, env=dict(self.environment), stdin=subprocess.DEVNULL,
                    stdout=out, stderr=out, start_new_session=True,
                )  # fmt: skip

    def kill(self, whole: bool = True) -> None:
        """End it without a word: its whole group, or only a child of it, which its own nanny starts again."""
        other = self.find() if self.find else None
        if other:
            with contextlib.suppress(ProcessLookupError):
                os.kill(other, signal.SIGKILL)
        with self._lock:
            self._kill(whole)

    def _kill(self, whole: bool) -> None:
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError, psutil.Error):
            children = psutil.Process(self._process.pid).children(recursive=True)
            direct = psutil.Process(self._process.pid).children()
            if not whole and direct:
                max(direct, key=lambda child: child.memory_info().rss).kill()
            else:
                os.killpg(self._process.pid, signal.SIGKILL)
                for child in children:  # those in groups of their own
                    with contextlib.suppress(psutil.Error):
                        child.kill()
                self._process.wait(15)


def python(*arguments: str) -> list[str]:
    """Return the command of a Python module."""
    return [sys.executable, "-m", *arguments]
