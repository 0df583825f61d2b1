"""Takes that are being recorded: a note on disk, so that a reload or a crash is told and not hidden.

The note is written when a take begins, follows its saved clips, and goes
when the take ends well. One that is still there, and whose take nobody
records any more, was interrupted.
"""

import json
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from lab.atomic import write_bytes
from lab.workspace.settings import Settings

ALIVE_S = 5.0
"""A note not touched for so long belongs to nobody."""


@dataclass(frozen=True, slots=True)
class Take:
    """What is known of a take.

    Attributes:
        name: also the recording that its clips belong to.
        project_id: whose.
        label: of its clips.
        started: seconds since 1970.
        saved: clips that are in the project.
        saved_s: their length together.
        heard_s: how much was heard, cut or not.
        reason: why it ended early, where that is known.
    """

    name: str
    project_id: int
    label: str
    started: float
    saved: int = 0
    saved_s: float = 0.0
    heard_s: float = 0.0
    reason: str = ""

    @property
    def lost_s(self) -> float:
        """Return how much had been heard and not cut, as far as the note knows."""
        return max(0.0, self.heard_s - self.saved_s)


def note(config: Settings, take: Take) -> Take:
    """Write how far a take is.

    Raises:
        LabError: the disk is full; the last note stays.
    """
    write_bytes(_path(config, take), json.dumps(asdict(take)).encode())
    return take


def forget(config: Settings, take: Take) -> None:
    """Take a note away: its take ended well, or somebody has read what became of it."""
    _path(config, take).unlink(missing_ok=True)


def interrupt(config: Settings, take: Take, reason: str) -> None:
    """Write that a take ended early, and why."""
    note(config, replace(take, reason=reason))


def interrupted(config: Settings, project_id: int) -> list[Take]:
    """Return a project's takes that ended early, oldest first."""
    found = []
    for path in sorted(_folder(config).glob(f"{project_id}-*.json")):
        try:
            take = Take(**json.loads(path.read_bytes()))
            still = not take.reason and time.time() - path.stat().st_mtime < ALIVE_S
        except (OSError, ValueError, TypeError):  # ended well meanwhile, or written by another version
            continue
        if not still:
            found.append(take)
    return found


def forget_all(config: Settings, project_id: int) -> None:
    """Take away every note of a project that is gone."""
    for path in _folder(config).glob(f"{project_id}-*.json"):
        path.unlink(missing_ok=True)


def noted(config: Settings, project_id: int) -> bool:
    """Whether a project has takes that are being recorded or ended early."""
    return any(_folder(config).glob(f"{project_id}-*.json"))


def _folder(config: Settings) -> Path:
    return config.home / "takes"


def _path(config: Settings, take: Take) -> Path:
    return _folder(config) / f"{take.project_id}-{take.name}.json"
