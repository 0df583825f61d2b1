"""Where the lab keeps things and whom it talks to: read from the environment.

Nothing here reaches the network unless a setting names a server.
"""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Settings:
    """The lab's settings.

    Attributes:
        home: LAB_HOME; everything of one instance lies below it.
        database_url: DATABASE_URL, by default SQLite below home.
        artifacts_url: LAB_ARTIFACTS_URL, any fsspec address, by default a folder below home.
        dask_scheduler: DASK_SCHEDULER_ADDRESS, or "" for processes of this machine.
        workers: LAB_WORKERS, processes that run jobs on this machine.
    """

    home: Path
    database_url: str
    artifacts_url: str
    dask_scheduler: str
    workers: int

    @property
    def log_dir(self) -> Path:
        """Return the folder of the worker's log."""
        return self.home / "logs"


def settings() -> Settings:
    """Read the settings as they are now."""
    home = Path(os.environ.get("LAB_HOME") or _default_home()).expanduser().resolve()
    return Settings(
        home=home,
        database_url=os.environ.get("DATABASE_URL") or f"sqlite:///{home / 'lab.sqlite'}",
        artifacts_url=os.environ.get("LAB_ARTIFACTS_URL") or (home / "artifacts").as_uri(),
        dask_scheduler=os.environ.get("DASK_SCHEDULER_ADDRESS", ""),
        workers=max(1, int(os.environ.get("LAB_WORKERS") or min(2, os.cpu_count() or 1))),
    )


def ice_servers() -> list[dict[str, str]]:
    """Return the servers that help a browser reach this machine by WebRTC; none by default.

    LAB_TURN_URL names them, with commas between several (`turn:host:3478`, `stun:host:3478`); LAB_TURN_USER and
    LAB_TURN_SECRET open those that relay. Not among Settings, which travel with jobs.
    """
    given = [each.strip() for each in os.environ.get("LAB_TURN_URL", "").split(",") if each.strip()]
    secret = {
        "username": os.environ.get("LAB_TURN_USER", ""),
        "credential": os.environ.get("LAB_TURN_SECRET", ""),
    }
    return [{"urls": url, **(secret if url.startswith("turn") else {})} for url in given]


def _default_home() -> Path:
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "tinyml-lab"
