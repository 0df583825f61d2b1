"""`python -m lab.study.hostile.guest`: takes offers, one after another, and tells what came of each.

A process of its own: what kills it is seen by `trial`, and its peak of memory and all it writes are its own. Reads
lines of {"door", "path", "text"}; answers lines of {"verdict", "said", "seconds", "mb", "writes"}.
"""

import json
import os
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import Any, TextIO

from lab.errors import LabError
from lab.hostcc import cache_dir
from lab.study.hostile.doors import DOORS
from lab.study.hostile.offer import Offer

REFUSED, ACCEPTED, CRASHED = "refused", "accepted", "crashed"
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
MAKES = {"os.mkdir": (0, 2), "os.rename": (1, 3), "os.symlink": (1, 2), "os.link": (1, 3), "os.remove": (0, 1),
         "os.rmdir": (0, 1), "os.truncate": (0, 9)}  # fmt: skip
"""Python's audit event → which of its arguments are the place that is written to, and the folder it is in."""
RUNS = ("os.system", "os.exec")


class Watch:
    """Notes each write of Python outside the folders that are the lab's own, and each shell that is asked for."""

    def __init__(self, *allowed: Path) -> None:
        self.allowed = tuple(f"{os.path.realpath(folder)}/" for folder in allowed)
        self.found: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(args[2], int) and args[2] & WRITING:
            self._note(args[0])
        elif event in MAKES:
            place, folder = MAKES[event]
            self._note(args[place], args[folder] if len(args) > folder else -1)
        elif event in RUNS:
            self.found.append(f"{event}: {args!r:.200}")

    def _note(self, place: Any, folder: int = -1) -> None:
        if not isinstance(place, str | bytes | os.PathLike):
            return  # a number of a file that is open already
        inside = os.readlink(f"/proc/self/fd/{folder}") if folder >= 0 else ""
        path = os.path.abspath(os.path.join(inside, os.fsdecode(place)))
        if not f"{path}/".startswith(self.allowed) and not path.startswith(("/dev/", "/proc/self/")):
            self.found.append(path)


def attempt(offer: dict[str, str]) -> tuple[str, list[str]]:
    """Let one offer in; return the verdict and what was said."""
    try:
        door = DOORS[offer["door"]]
        result = door(Path(offer["path"]), Offer("", offer["door"], {}, offer["text"]))
    except LabError as error:
        return REFUSED, [str(error)]
    except SystemExit:
        return CRASHED, ["the command line did not take the words it was given"]
    except BaseException:
        return CRASHED, [traceback.format_exc()[-1_500:]]
    rows = result.get("refused", []) if isinstance(result, dict) else []
    return (REFUSED if rows and not result.get("added") else ACCEPTED), [row["reason"] for row in rows]


def peak_mb() -> float:
    """Return the most memory that this process held since `forget_peak`."""
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024


def forget_peak() -> None:
    """Let the peak begin anew."""
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def serve(orders: TextIO, answers: TextIO) -> None:
    """Answer orders until there are no more."""
    home, temporary = Path(os.environ["LAB_HOME"]), Path(tempfile.gettempdir())
    watch = Watch(home, temporary, cache_dir())
    for line in orders:
        offer = json.loads(line)
        watch.allowed = (*watch.allowed[:3], f"{os.path.realpath(Path(offer['path']).parent)}/")
        watch.found.clear()
        forget_peak()
        before, started = peak_mb(), time.monotonic()
        verdict, said = attempt(offer)
        left = [f"left behind: {path}" for path in temporary.iterdir()]
        told = {"verdict": verdict, "said": said, "seconds": round(time.monotonic() - started, 3),
                "mb": round(peak_mb() - before, 1), "writes": [*watch.found, *left]}  # fmt: skip
        print(json.dumps(told), file=answers, flush=True)


def main() -> None:
    """Keep standard output for answers: libraries print there."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(sys.stdin, answers)


if __name__ == "__main__":
    main()
