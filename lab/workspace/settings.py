"""Where the lab keeps things and whom it talks to: read from the environment.

Nothing here reaches the network unless a setting names a server.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from lab.errors import BadInput


@dataclass(frozen=True, slots=True)
class Settings:
    """The lab's settings.

    Attributes:
        home: LAB_HOME; everything of one instance lies below it.
        database_url: DATABASE_URL, by default SQLite below home.
        artifacts_url: LAB_ARTIFACTS_URL, any fsspec address, by default a folder below home.
        dask_scheduler: DASK_SCHEDULER_ADDRESS, or "" for processes of this machine.
        workers: LAB_WORKERS, jobs at once; 0 in a process of pages whose jobs a worker elsewhere runs.
        job_minutes: LAB_JOB_MINUTES, the longest that a job may run; 0 for no limit.
        job_memory_mb: LAB_JOB_MEMORY_MB, the most that a job may take of this machine's memory; 0 for no limit.
        job_disk_mb: LAB_JOB_DISK_MB, the most that a job may write, temporary files and what it keeps; 0 for no limit.
        quota_mb: LAB_QUOTA_MB, the most that one person's sounds and files may take; 0 for no limit.
        quota_jobs: LAB_QUOTA_JOBS, how many jobs of one person may wait or run; 0 for no limit.
        retention_days: LAB_RETENTION_DAYS, after how many days untouched projects go; 0 for never.
    """

    home: Path
    database_url: str
    artifacts_url: str
    dask_scheduler: str
    workers: int
    job_minutes: int = 0
    job_memory_mb: int = 0
    job_disk_mb: int = 0
    quota_mb: int = 0
    quota_jobs: int = 0
    retention_days: int = 0

    def environment(self) -> dict[str, str]:
        """Return the variables from which another process reads the same settings."""
        return {
            "LAB_HOME": str(self.home), "DATABASE_URL": self.database_url, "LAB_ARTIFACTS_URL": self.artifacts_url,
            "DASK_SCHEDULER_ADDRESS": self.dask_scheduler, "LAB_WORKERS": str(self.workers),
            "LAB_JOB_MINUTES": str(self.job_minutes), "LAB_JOB_MEMORY_MB": str(self.job_memory_mb),
            "LAB_JOB_DISK_MB": str(self.job_disk_mb), "LAB_QUOTA_MB": str(self.quota_mb),
            "LAB_QUOTA_JOBS": str(self.quota_jobs), "LAB_RETENTION_DAYS": str(self.retention_days),
        }  # fmt: skip

    @property
    def log_dir(self) -> Path:
        """Return the folder of the worker's log."""
        return self.home / "logs"


def settings() -> Settings:
    """Read the settings as they are now.

    Raises:
        BadInput: a number that is none.
    """
    home = Path(os.environ.get("LAB_HOME") or _default_home()).expanduser().resolve()
    return Settings(
        home=home,
        database_url=_with_driver(os.environ.get("DATABASE_URL") or f"sqlite:///{home / 'lab.sqlite'}"),
        artifacts_url=os.environ.get("LAB_ARTIFACTS_URL") or (home / "artifacts").as_uri(),
        dask_scheduler=os.environ.get("DASK_SCHEDULER_ADDRESS", ""),
        workers=_number("LAB_WORKERS", min(2, os.cpu_count() or 1)),
        job_minutes=_number("LAB_JOB_MINUTES", 0),
        job_memory_mb=_number("LAB_JOB_MEMORY_MB", 0),
        job_disk_mb=_number("LAB_JOB_DISK_MB", 0),
        quota_mb=_number("LAB_QUOTA_MB", 0),
        quota_jobs=_number("LAB_QUOTA_JOBS", 0),
        retention_days=_number("LAB_RETENTION_DAYS", 0),
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


def _number(name: str, usual: int) -> int:
    given = os.environ.get(name, "").strip()
    if not given:
        return usual
    if not given.isdecimal():
        raise BadInput(f"{name} must be a whole number; it is {given!r}.")
    return int(given)


def _with_driver(url: str) -> str:
    """Return a PostgreSQL address as providers give it with the driver that the lab has."""
    scheme, mark, rest = url.partition("://")
    return f"postgresql+psycopg{mark}{rest}" if scheme in ("postgres", "postgresql") else url


def _default_home() -> Path:
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "tinyml-lab"
