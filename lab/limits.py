"""Programs that chew on what strangers sent, run within limits: time, processor, memory, disk, and no network.

Limits are set by the shell that becomes the program, so they hold for all that it starts. Where the kernel lets an
ordinary process have a network of its own, the program gets one with nothing in it.
"""

import functools
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

KIB = 1024
_SHELL = 'ulimit -c 0; ulimit -t "$1"; ulimit -v "$2"; ulimit -f "$3"; shift 3; exec "$@"'
_KEPT = ("HOME", "LANG", "PATH")
ALONE = ("--map-current-user", "--net")


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program, with all that it starts, may take.

    Attributes:
        seconds: on the clock.
        cpu_seconds: of the processor, each process.
        memory_bytes: of addresses, each process.
        file_bytes: the longest file it writes.
    """

    seconds: float
    cpu_seconds: int = 240
    memory_bytes: int = 4 * 2**30
    file_bytes: int = 2**30


class TooLong(Exception):
    """The clock ran out; the program and all that it started were ended."""


def run(
    command: Sequence[str], folder: Path, limits: Limits, environment: Mapping[str, str] | None = None,
    held: Sequence[int] = (),
) -> tuple[int, str]:  # fmt: skip
    """Run a program; return its exit status and all that it said.

    Args:
        command: program and arguments; none of them meets a shell's eye.
        folder: where it runs.
        limits: what it may take.
        environment: all it sees of it, besides a temporary folder of its own; by default next to nothing.
        held: open files that it and all it starts keep open, such as a lock that must not fall before the last ends.

    Raises:
        TooLong: it took longer than it may.
        OSError: it cannot be started.
    """
    seen = environment if environment is not None else {k: os.environ[k] for k in _KEPT if k in os.environ}
    words = [str(limits.cpu_seconds), str(limits.memory_bytes // KIB), str(limits.file_bytes // 512)]
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-run-") as temporary, subprocess.Popen(
        [*_alone(), "/bin/sh", "-c", _SHELL, "sh", *words, *command], cwd=folder,
        env={**seen, "TMPDIR": temporary}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        text=True, errors="replace", start_new_session=True, pass_fds=held,
    ) as process:  # fmt: skip
        try:
            output, _ = process.communicate(timeout=limits.seconds)
        except BaseException as error:
            os.killpg(process.pid, signal.SIGKILL)  # not waited for yet, so the number is still its own
            if isinstance(error, subprocess.TimeoutExpired):
                raise TooLong from error
            raise
    return process.returncode, output


@functools.cache
def _alone() -> tuple[str, ...]:
    """Return what to put before a command so that it has no network, or nothing where the kernel does not let us."""
    tool = shutil.which("unshare")
    if tool is None:
        return ()
    try:
        done = subprocess.run([tool, *ALONE, "true"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return (tool, *ALONE) if done.returncode == 0 else ()
