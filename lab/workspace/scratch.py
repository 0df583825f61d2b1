"""A job's own folder for temporary files: watched while it runs, gone when it ends, however it ends."""

import contextlib
import hashlib
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from lab.workspace.store.artifacts import ArtifactFiles

LOOK_S = 0.5
PREFIX = "tinyml-lab-job-"


def name_of(home: Path, token: str = "") -> str:
    """Return the name of a job's folder; all those of one LAB_HOME begin as the name without a token does."""
    return f"{PREFIX}{hashlib.sha256(str(home).encode()).hexdigest()[:8]}-{token}"


@contextlib.contextmanager
def scratch(home: Path, token: str, tell: Callable[[int], None] | None = None) -> Iterator[Path]:
    """Let everything that this process and its children write to temporary files lie in one folder.

    Args:
        home: LAB_HOME, whose job it is.
        token: of this run of the job.
        tell: called every half second with the bytes in the folder and those kept as artifacts since; None not to look.
    """
    usual = tempfile.gettempdir()
    folder = Path(usual) / name_of(home, token)
    folder.mkdir(mode=0o700)
    environment = os.environ.get("TMPDIR")
    tempfile.tempdir = os.environ["TMPDIR"] = str(folder)
    try:
        with _watched(folder, tell):
            yield folder
    finally:
        tempfile.tempdir = usual
        if environment is None:
            del os.environ["TMPDIR"]
        else:
            os.environ["TMPDIR"] = environment
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _watched(folder: Path, tell: Callable[[int], None] | None) -> Iterator[None]:
    if tell is None:
        yield
        return
    over, before = threading.Event(), ArtifactFiles.written_bytes

    def look() -> None:
        while not over.wait(LOOK_S):
            tell(size_bytes(folder) + ArtifactFiles.written_bytes - before)

    watch = threading.Thread(target=look, name="lab-scratch", daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()


def size_bytes(folder: Path) -> int:
    """Return how much lies below a folder; what goes meanwhile counts nothing."""
    total = 0
    for top, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                total += os.lstat(os.path.join(top, name)).st_size
    return total


def clear(home: Path, token: str = "") -> None:
    """Take away the folder of one run of a job, or of all that a LAB_HOME's earlier worker left on this machine."""
    name = name_of(home, token)
    for folder in Path(tempfile.gettempdir()).glob(name if token else f"{name}*"):
        shutil.rmtree(folder, ignore_errors=True)
