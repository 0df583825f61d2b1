"""The instance in numbers, as Prometheus reads them. Counted in the database when asked."""

import shutil
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, InfoMetricFamily, Metric, SummaryMetricFamily
from sqlalchemy import func, select

from lab import __version__
from lab.errors import LabError
from lab.workspace import health, jobs
from lab.workspace.settings import Settings, settings
from lab.workspace.store import Artifact, Clip, Job, Project, Run, Store, open_store

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
STATES = (jobs.QUEUED, jobs.RUNNING, jobs.DONE, jobs.FAILED, jobs.CANCELLED)


def metrics_text(config: Settings | None = None, sessions: int | None = None) -> str:
    """Return all metrics in Prometheus' text format; never raises.

    Args:
        config: whose.
        sessions: how many browser sessions the app that asks has; None to tell nothing of them.
    """
    registry = CollectorRegistry()
    registry.register(_Collected(config or settings(), sessions))
    return generate_latest(registry).decode()


class _Collected:
    def __init__(self, config: Settings, sessions: int | None) -> None:
        self.config = config
        self.sessions = sessions

    def collect(self) -> Iterator[Metric]:
        """Yield every metric; those of the database are left out while it is away, and `lab_part_up` says so."""
        yield InfoMetricFamily("lab", "The lab.", value={"version": __version__})
        yield _labelled(
            "lab_part_up", "Whether a part does its work.", "part",
            ((part.name, float(part.well)) for part in health.health(self.config).parts),
        )  # fmt: skip
        yield from _disk(self.config)
        if self.sessions is not None:
            yield GaugeMetricFamily("lab_sessions", "Browser sessions of this replica.", self.sessions)
        try:
            yield from list(_of_database(open_store(self.config)))
        except LabError:
            return


def _disk(config: Settings) -> Iterator[Metric]:
    try:
        usage = shutil.disk_usage(config.home)
    except OSError:
        return
    yield GaugeMetricFamily("lab_disk_free_bytes", "Free below LAB_HOME.", usage.free)
    yield GaugeMetricFamily("lab_disk_total_bytes", "Size of the disk of LAB_HOME.", usage.total)


def _of_database(store: Store) -> Iterator[Metric]:
    with store.session() as session:
        states = {state: count for state, count in session.execute(select(Job.state, func.count()).group_by(Job.state))}
        clips = session.scalar(select(func.count()).select_from(Clip).where(Clip.deleted.is_(None)))
        kept, size = session.execute(select(func.count(), func.coalesce(func.sum(Artifact.size_bytes), 0))).one()
        projects = session.scalar(select(func.count()).select_from(Project))
        runs, untracked = session.execute(select(func.count(), func.count() - func.count(Run.tracked))).one()
    yield _labelled("lab_jobs", "Jobs by state.", "state", ((state, states.get(state, 0)) for state in STATES))
    age_s = health.waiting_longest_s(store, (jobs.QUEUED,))
    yield GaugeMetricFamily("lab_queue_age_seconds", "How long the oldest queued job has waited.", age_s)
    yield GaugeMetricFamily("lab_clips", "Clips in all projects.", clips)
    yield GaugeMetricFamily("lab_projects", "Projects.", projects)
    yield GaugeMetricFamily("lab_runs", "Runs kept.", runs)
    yield GaugeMetricFamily("lab_runs_untracked", "Runs that MLflow does not have yet.", untracked)
    yield GaugeMetricFamily("lab_files", "Files in the store.", kept)
    yield GaugeMetricFamily("lab_files_bytes", "Their size together.", float(size))
    yield _durations(store)
    yield _workers(store)


def _durations(store: Store) -> Metric:
    family = SummaryMetricFamily(
        "lab_job_duration_seconds", "How long jobs that ended have run.", labels=["task", "state"]
    )
    with store.session() as session:
        rows = session.execute(
            select(Job.task, Job.state, Job.started, Job.finished).where(
                Job.started.is_not(None), Job.finished.is_not(None)
            )
        ).all()
    spent: dict[tuple[str, str], list[float]] = {}
    for task, state, started, finished in rows:
        if started and finished:
            spent.setdefault((task, state), []).append((finished - started).total_seconds())
    for labels, seconds in sorted(spent.items()):
        family.add_metric(labels, len(seconds), sum(seconds))
    return family


def _workers(store: Store) -> Metric:
    ages = ((worker.name, worker.age_s) for worker in health.workers(store))
    return _labelled("lab_worker_heartbeat_age_seconds", "Since a worker said that it serves.", "worker", ages)


def _labelled(name: str, says: str, label: str, values: Iterable[tuple[str, float]]) -> Metric:
    family = GaugeMetricFamily(name, says, labels=[label])
    for key, value in values:
        family.add_metric([key], value)
    return family
