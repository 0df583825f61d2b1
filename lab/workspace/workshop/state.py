"""The workshop that a LAB_HOME holds: its code, its leader's key, whether it takes people in.

One small file, written whole; every process of the instance reads it anew, so a pause counts at once.
"""

import json
import os
import secrets
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from lab.atomic import write_bytes

LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
"""None that people confuse on a projector: no I, L, O, 0 or 1."""
CODE_LEN = 6
FOLDER, FILE = "workshop", "workshop.json"
SETTING = "LAB_WORKSHOP"
LONGEST_S = 14 * 24 * 3600.0
"""A workshop that nobody ended is over after so long."""


@dataclass(frozen=True, slots=True)
class Workshop:
    """A workshop as it is now.

    Attributes:
        id: names it among all that this LAB_HOME held.
        code: what people type to join, without the dash in its middle.
        leader_key: opens the leader's page; never shown there.
        began: seconds since 1970.
        ended: when the leader ended it, or 0.
        paused: nobody new may join; who is in goes on.
        addresses: where people open it, the best first.
    """

    id: str
    code: str
    leader_key: str
    began: float
    ended: float = 0.0
    paused: bool = False
    addresses: tuple[str, ...] = ()

    @property
    def is_over(self) -> bool:
        """Whether nobody may join or go on."""
        return bool(self.ended) or time.time() - self.began > LONGEST_S

    @property
    def shown_code(self) -> str:
        """Return the code as people read it."""
        return f"{self.code[: CODE_LEN // 2]}-{self.code[CODE_LEN // 2 :]}"


def is_on() -> bool:
    """Whether this process serves a workshop: LAB_WORKSHOP is 1."""
    return os.environ.get(SETTING, "") == "1"


def folder(home: Path) -> Path:
    """Return a LAB_HOME's folder of workshop things, which only its owner may open; made if absent."""
    path = home / FOLDER
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def current(home: Path) -> Workshop | None:
    """Return the workshop of a LAB_HOME, perhaps one that is over; None where there was none."""
    try:
        told: dict[str, Any] = json.loads((home / FOLDER / FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return Workshop(**{**told, "addresses": tuple(told.get("addresses", ()))})


def begin(home: Path, addresses: tuple[str, ...] = ()) -> Workshop:
    """Return the running workshop, with these addresses, or a new one with a code and a key of its own.

    Raises:
        LabError: LAB_HOME cannot be written.
    """
    found = current(home)
    if found is None or found.is_over:
        found = Workshop(secrets.token_hex(4), random_text(CODE_LEN), secrets.token_urlsafe(18), time.time())
    return _kept(home, replace(found, addresses=addresses))


def change(home: Path, **fields: Any) -> Workshop | None:
    """Change fields of the workshop; return it as it is then, or None where there is none."""
    found = current(home)
    return _kept(home, replace(found, **fields)) if found else None


def end(home: Path) -> Workshop | None:
    """End the workshop: its code and its places open nothing any more; what people made stays until it is reset."""
    return change(home, ended=time.time())


def random_text(length: int) -> str:
    """Return letters that nobody can guess."""
    return "".join(secrets.choice(LETTERS) for _ in range(length))


def plain_text(typed: str) -> str:
    """Return a typed code or key as it was made: capitals, no dashes, no blanks."""
    return "".join(letter for letter in typed.upper() if letter.isalnum())


def _kept(home: Path, workshop: Workshop) -> Workshop:
    path = folder(home) / FILE
    write_bytes(path, json.dumps(asdict(workshop), ensure_ascii=False).encode())
    path.chmod(0o600)
    return workshop
