"""A published data set into a project: fetched when somebody asks for it, checked, and added clip by clip.

The archive stays in LAB_HOME/downloads until it is deleted, so that other words of it need no second download.
"""

import fcntl
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab import fetch
from lab.errors import LabError
from lab.progress import OnProgress, ignore
from lab.sound import archives
from lab.sound.published import Choice, Published, published
from lab.study.projects import Outcome, read_ahead
from lab.workspace.settings import Settings
from lab.workspace.store import Store, open_store

MB = 2**20
KIB = 1_024
SPARE_BYTES = 200 * MB
"""Left free on the disk, whatever is asked for."""
TOLD_S = 0.25
CLIP_STEPS = 60
"""Adding a clip takes about as long as fetching so many KiB."""


def archive_of(config: Settings, data: Published) -> Path:
    """Return where a data set's archive lies, or will."""
    return config.home / "downloads" / data.file


def bytes_here(config: Settings, data: Published) -> int:
    """Return how much of an archive is on disk."""
    return fetch.bytes_here(archive_of(config, data))


def is_whole(config: Settings, data: Published) -> bool:
    """Whether an archive is here, checked."""
    return archive_of(config, data).exists()


def discard(config: Settings, data: Published) -> None:
    """Delete an archive, or the part of it that came. What was added to projects stays."""
    with _alone(config, data):
        fetch.discard(archive_of(config, data))


def needed_bytes(config: Settings, data: Published, choice: Choice) -> int:
    """Return about how much disk space the rest of the archive and the chosen clips will take."""
    rest = 0 if is_whole(config, data) else max(0, data.size_bytes - bytes_here(config, data))
    return rest + choice.clips(data) * data.clip_bytes


def free_bytes(config: Settings) -> int:
    """Return how much the disk of LAB_HOME has free."""
    config.home.mkdir(parents=True, exist_ok=True)
    return shutil.disk_usage(config.home).free


def add(project: str, key: str, choice: Choice, on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Download a data set into a project, made if absent; the CLI's `data download`."""
    store, data = open_store(), published(key)
    choice.check(data)
    return download(store, store.project(project).id, data, choice, on_progress)


def download(
    store: Store, project_id: int, data: Published, choice: Choice, on_progress: OnProgress = ignore
) -> dict[str, Any]:
    """Fetch a data set's archive if it is not here yet, and add chosen clips to a project.

    Args:
        store, project_id: where they go.
        data: which data set.
        choice: what of it.
        on_progress: counts KiB, and a clip as CLIP_STEPS; may raise Cancelled. What came so far stays.

    Returns:
        What `projects.add_to` gives, and `data`, `source` and `archive_bytes`.

    Raises:
        BadInput: labels that it has not got, or a file that is not the published one, which is then deleted.
        LabError: no room, no connection, or somebody downloads it just now.
    """
    choice.check(data)
    config = store.config
    with _alone(config, data):
        _check_room(config, data, choice)
        path = archive_of(config, data)
        steps = _Steps(on_progress, data, bytes_here(config, data), choice.clips(data) * CLIP_STEPS)
        fetch.fetch(data.url, path, data.most_bytes, data.sha256, lambda part: archives.check(part, data), steps.came)
        chosen = archives.choose(archives.members(path, data, steps.looks), choice)
        source, outcome = archives.origin(path, data), Outcome()
        clips = archives.read(path, data, chosen)
        named = ((member.name, member.item(sound, source)) for member, sound in clips)
        for place, (name, item, ready) in enumerate(read_ahead(named)):
            steps.adds(place, len(chosen), name)
            outcome.add(store, project_id, item, name, ready)
        told = outcome.told(store, project_id)
    return {**told, "data": data.key, "source": source, "archive_bytes": path.stat().st_size}


@dataclass(slots=True)
class _Steps:
    """Progress over both halves of the work, the fetching counted from where it begins this time."""

    on_progress: OnProgress
    data: Published
    begun: int
    adding: int
    fetched: int = 0
    told: float = 0.0

    def came(self, here: int, total: int | None) -> None:
        """Tell bytes that are here, a few times a second."""
        self.begun = min(self.begun, here)  # a server may begin anew
        self.fetched = (here - self.begun) // KIB
        if time.monotonic() - self.told < TOLD_S and here != total:
            return
        self.told = time.monotonic()
        about = "" if total else "about "
        whole = max(here, total or self.data.size_bytes)
        says = f"{here / MB:,.0f} of {about}{whole / MB:,.0f} MB" if here != total else "all of it is here; checking"
        self.on_progress(self.fetched, self.fetched + (whole - here) // KIB + self.adding, f"{self.data.name}: {says}")

    def looks(self, done: int, total: int, message: str) -> None:
        """Tell what is done between fetching and adding."""
        self.on_progress(self.fetched, self.fetched + self.adding, message)

    def adds(self, place: int, count: int, name: str) -> None:
        """Tell which clip is being added."""
        each = self.adding // max(1, count)
        self.on_progress(self.fetched + place * each, self.fetched + count * each, f"adding {name}")


def _check_room(config: Settings, data: Published, choice: Choice) -> None:
    needed, free = needed_bytes(config, data, choice) + SPARE_BYTES, free_bytes(config)
    if needed > free:
        raise LabError(
            f"{data.name} needs {needed / MB:,.0f} MB here and the disk has {free / MB:,.0f} MB free: free some space, "
            "or choose fewer sounds."
        )


@contextmanager
def _alone(config: Settings, data: Published) -> Iterator[None]:
    """Hold a data set's archive against other downloads and deletions of it."""
    path = archive_of(config, data)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.with_name(f"{path.name}.lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise LabError(f"{data.name} is being downloaded just now; wait for that to end.") from error
        yield
