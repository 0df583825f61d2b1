"""One detached worker per LAB_HOME: its lock, starting it, asking it to end."""

import contextlib
import fcntl
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from lab.atomic import unwritable
from lab.workspace.settings import Settings, settings

LOCK_FILE = "worker.lock"
LOCK_PATIENCE_S = 1.0
_started: dict[Path, "subprocess.Popen[bytes]"] = {}


@contextlib.contextmanager
def lock(home: Path) -> Iterator[IO[str] | None]:
    """Hold a LAB_HOME's worker lock; the file tells the holder's process id.

    Yields:
        The open file, or None where another process holds the lock.
    """
    home.mkdir(parents=True, exist_ok=True)
    with (home / LOCK_FILE).open("a+") as file:
        deadline = time.monotonic() + LOCK_PATIENCE_S
        while not _taken(file):
            if time.monotonic() > deadline:
                yield None
                return
            time.sleep(0.02)  # it may only be `running_pid`, looking
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield file


def _taken(file: IO[str]) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def running_pid(home: Path) -> int | None:
    """Return the process id of the worker that serves a LAB_HOME, or None."""
    path = home / LOCK_FILE
    if not path.exists():
        return None
    with path.open("a+") as file:
        if _taken(file):
            return None
        file.seek(0)
        return int(file.read() or 0) or None


def ensure_worker(config: Settings | None = None) -> None:
    """Start a detached worker if none serves this LAB_HOME. Returns at once; it outlives this process.

    With LAB_WORKERS=0 it starts none: one runs elsewhere, such as in a container of its own.

    Raises:
        LabError: LAB_HOME cannot be written.
    """
    config = config or settings()
    if not config.workers or running_pid(config.home) or _is_starting(config.home):
        return
    try:
        config.log_dir.mkdir(parents=True, exist_ok=True)
        with (config.log_dir / "worker.log").open("ab") as out:
            _started[config.home] = subprocess.Popen(
                [sys.executable, "-m", "lab", "worker"], cwd=Path(__file__).resolve().parents[2],
                env=os.environ | config.environment(), stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                start_new_session=True,
            )  # fmt: skip
    except OSError as error:
        raise unwritable(config.log_dir, error) from error


def _is_starting(home: Path) -> bool:
    started = _started.get(home)
    if started is None or started.poll() is not None:
        return False
    held = home / LOCK_FILE
    return not held.exists() or held.read_text() != str(started.pid)  # else it served, and is on its way out


def stop_worker(config: Settings | None = None, wait_s: float = 20.0) -> bool:
    """Ask this LAB_HOME's worker to end; return whether one ran.

    Its running jobs go back to the queue.
    """
    home = (config or settings()).home
    pid = running_pid(home)
    if pid is None:
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + wait_s
    while running_pid(home) == pid and time.monotonic() < deadline:
        time.sleep(0.05)
    return True
