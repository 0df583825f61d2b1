"""Every offer through its door, and what came of it: crashes, writes elsewhere, words, seconds, megabytes."""

import json
import os
import selectors
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lab.hostcc import cache_dir
from lab.progress import OnProgress, ignore
from lab.study.hostile.guest import ACCEPTED, CRASHED, REFUSED
from lab.study.hostile.offer import Offer
from lab.study.hostile.zips import OWNED

ROOT = Path(__file__).resolve().parents[3]
LIMIT_S, LIMIT_MB = 30.0, 1_024.0
SENTENCE_CHARS = (10, 700)


@dataclass(slots=True)
class Report:
    """What came of a trial.

    Attributes:
        count: offers made.
        verdicts: "refused", "accepted" or "crashed" → how many.
        crashes, outside, unclear: what was wrong, each with the offer's name: an error that is no LabError, a dead or
            overlong process; a file written, or left, where none should be; words that are no one clear sentence.
        slowest_s, most_mb: of one offer.
    """

    count: int = 0
    verdicts: dict[str, int] = field(default_factory=dict)
    crashes: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    unclear: list[str] = field(default_factory=list)
    slowest_s: float = 0.0
    slowest: str = ""
    most_mb: float = 0.0
    largest: str = ""

    def add(self, offer: Offer, told: dict[str, Any]) -> None:
        """Count what came of one offer."""
        self.count += 1
        self.verdicts[told["verdict"]] = self.verdicts.get(told["verdict"], 0) + 1
        if told["verdict"] == CRASHED:
            self.crashes.append(f"{offer.name}: {told['said'][0]}")
        else:
            self.unclear += [f"{offer.name}: {words!a}" for words in told["said"] if not clear(words)]
        self.outside += [f"{offer.name}: {place}" for place in told["writes"]]
        if told["seconds"] > self.slowest_s:
            self.slowest_s, self.slowest = told["seconds"], offer.name
        if told["mb"] > self.most_mb:
            self.most_mb, self.largest = told["mb"], offer.name


def clear(words: str) -> bool:
    """Whether an error is one sentence or two that a person can read: no control characters, no traceback."""
    shortest, longest = SENTENCE_CHARS
    return (
        shortest <= len(words) <= longest and words.isprintable() and words.rstrip()[-1] in ".!)"
        and not any(mark in words for mark in ("Traceback", " object at 0x", "Errno", "Exception"))
    )  # fmt: skip


def trial(offers: Sequence[Offer], on_progress: OnProgress = ignore) -> Report:
    """Make every offer, in one process after another where they die."""
    report = Report()
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-hostile-") as folder:
        sandbox = Path(folder)
        with Guest(sandbox) as guest:
            for number, offer in enumerate(offers):
                if number % 20 == 0:
                    on_progress(number, len(offers), offer.name)
                report.add(offer, guest.given(offer, number))
        report.outside += [f"it exists: {path}" for path in _owned(sandbox)]
    return report


def _owned(sandbox: Path) -> list[Path]:
    """Return files that no offer should have made, by name."""
    places = (sandbox, sandbox.parent)
    return [path for place in places for path in (place.rglob if place == sandbox else place.glob)(f"{OWNED}*")]


class Guest:
    """The process that takes offers, begun anew when it dies."""

    def __init__(self, sandbox: Path) -> None:
        self.sandbox = sandbox
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> "Guest":
        for name in ("home", "tmp", "work", "user"):
            (self.sandbox / name).mkdir()
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def given(self, offer: Offer, number: int) -> dict[str, Any]:
        """Lay an offer's files in a folder, send it, and return the answer."""
        folder = self.sandbox / "offers" / str(number)
        folder.mkdir(parents=True)
        for name, data in offer.files.items():
            (folder / name).write_bytes(data)
        path = folder / next(iter(offer.files))
        process = self._running()
        assert process.stdin is not None
        with suppress(BrokenPipeError):
            process.stdin.write(json.dumps({"door": offer.door, "path": str(path), "text": offer.text}) + "\n")
            process.stdin.flush()
        answer = self._answer(process)
        for each in folder.iterdir():
            each.unlink()
        return answer

    def _answer(self, process: "subprocess.Popen[str]") -> dict[str, Any]:
        assert process.stdout is not None
        with selectors.DefaultSelector() as ready:
            ready.register(process.stdout, selectors.EVENT_READ)
            line = process.stdout.readline() if ready.select(LIMIT_S) else ""
        if line:
            told: dict[str, Any] = json.loads(line)
            return told
        status = process.poll()
        self._end()
        said = f"took more than {LIMIT_S:g} s" if status is None else f"ended the process with {status}"
        return {"verdict": CRASHED, "said": [said], "seconds": LIMIT_S, "mb": 0.0, "writes": []}

    def _running(self) -> "subprocess.Popen[str]":
        if self._process is None or self._process.poll() is not None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "lab.study.hostile.guest"], cwd=self.sandbox / "work", text=True,
                env=self._environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
        return self._process

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("LAB_", "DATABASE"))}
        return {
            **kept, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(self.sandbox / "user"),
            "LAB_HOME": str(self.sandbox / "home"), "TMPDIR": str(self.sandbox / "tmp"),
            "XDG_CACHE_HOME": str(cache_dir().parent),
        }  # fmt: skip

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
            self._process = None


__all__ = ["ACCEPTED", "CRASHED", "REFUSED", "Report", "clear", "trial"]
