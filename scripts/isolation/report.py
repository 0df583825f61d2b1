"""What a crawl tried, and what came of it."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from scripts.isolation.things import PROJECT, WORDS, Things

TOLD_LEN = 300
SENT = f"{PROJECT} · x"
"""What the crawler types or chooses wherever something can be: as if it were a project of theirs in its list."""


@dataclass
class Report:
    """What was tried.

    Attributes:
        doors: how many of each kind.
        leaks: which led somewhere, in words.
        seconds: how long it took.
    """

    doors: Counter[str] = field(default_factory=Counter)
    leaks: list[str] = field(default_factory=list)
    seconds: float = 0.0

    def tried(self, kind: str, what: str, leaked: object, count: int = 1) -> None:
        """Note a door, or several that were tried at once.

        Args:
            kind: of door.
            what: which.
            leaked: what came out of it; nothing where it is shut.
            count: how many.
        """
        self.doors[kind] += count
        if leaked:
            self.leaks.append(f"{kind}: {what}: {leaked}"[:TOLD_LEN])

    def to_json(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "doors": sum(self.doors.values()), "kinds": dict(sorted(self.doors.items())), "leaks": self.leaks,
            "seconds": self.seconds,
        }  # fmt: skip


def told(said: bytes, things: Things, sent: str = "") -> list[str]:
    """Return which words, and names of files, of a person stand in what came, besides those that were sent."""
    said = said.replace(SENT.encode(), b"")
    return [each for each in (*WORDS, *things.files) if each not in sent and each.encode() in said]
