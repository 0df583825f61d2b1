"""Writing finished runs into MLflow; only here is it imported."""

import contextlib
import fcntl
import json
import logging
import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Select, select, text, update

from lab.atomic import unwritable
from lab.errors import LabError
from lab.workspace import jobs
from lab.workspace.settings import Settings
from lab.workspace.store import Job, Run, Store, now
from lab.workspace.tracking.told import KEY, Told, told_of

log = logging.getLogger(__name__)

FOLDER = "mlflow"
QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true", "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "2",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20", "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}  # fmt: skip
"""No word to MLflow's makers; a server that is away is told soon."""
SENDING_LOCK = 0x7463_6D4D
BATCH = 900
"""Of metrics in one request; MLflow takes 1,000 in all."""


def tracking_uri(config: Settings) -> str:
    """Return MLFLOW_TRACKING_URI, or the address of the local MLflow below LAB_HOME."""
    return os.environ.get("MLFLOW_TRACKING_URI", "").strip() or f"sqlite:///{config.home / FOLDER / 'mlflow.db'}"


def unsent() -> Select[Run]:
    """Return a query for the finished runs that MLflow does not have, oldest first."""
    is_open = select(Job.id).where(Job.id == Run.job_id, Job.state.in_(jobs.OPEN_STATES)).exists()
    return select(Run).where(Run.tracked.is_(None), ~is_open).order_by(Run.id)


def send(store: Store) -> dict[str, Any]:
    """Write every finished run into MLflow that it does not have yet; nothing where another process is at it.

    Returns:
        The object that `python -m lab track --json` prints.

    Raises:
        LabError: MLflow does not answer, or refuses; what was written stays, the rest is tried again.
    """
    uri, count = tracking_uri(store.config), 0
    with _alone(store) as mine:
        for run in _waiting(store) if mine else ():
            with _sentences(uri):
                _write(_client(store.config, uri), _experiment_place(store.config, uri), told_of(store, run), store)
            with store.session() as session:  # one that was written anew meanwhile has another date and is sent again
                same = (Run.id == run.id, Run.created == run.created)
                session.execute(update(Run).where(*same).values(tracked=now()))
            count += 1
    return {"tracked": count, "uri": _shown(uri)}


def _waiting(store: Store) -> Sequence[Run]:
    with store.session() as session:
        return session.scalars(unsent()).all()


@contextlib.contextmanager
def _alone(store: Store) -> Iterator[bool]:
    """Yield whether this process is the only one of the instance that sends, on this machine and on others."""
    with (store.config.home / "mlflow.lock").open("w") as file, store.engine.connect() as connection:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        if connection.dialect.name == "postgresql":  # let go when the connection ends
            connection = connection.execution_options(isolation_level="AUTOCOMMIT")
            taken = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": SENDING_LOCK}).scalar()
            yield bool(taken)
            connection.invalidate()
        else:
            yield True


@contextlib.contextmanager
def _sentences(uri: str) -> Iterator[None]:
    try:
        yield
    except LabError:
        raise
    except Exception as error:  # whatever a server, its proxy or a database answers
        log.info("tracking=failed", exc_info=True)
        first = (str(error).splitlines() or [type(error).__name__])[0][:200]
        raise LabError(f"MLflow at {_shown(uri)} did not take the run: {first}") from error


def _shown(uri: str) -> str:
    """Return an address without its password."""
    scheme, mark, rest = uri.partition("://")
    return f"{scheme}{mark}{rest.rpartition('@')[2]}"


def _client(config: Settings, uri: str) -> Any:
    for name, value in QUIET.items():
        os.environ.setdefault(name, value)
    if uri.startswith("sqlite:///"):
        _make(config.home / FOLDER)
    from mlflow.tracking import MlflowClient

    return MlflowClient(uri)


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(folder, error) from error


def _experiment_place(config: Settings, uri: str) -> str | None:
    """Return where a new experiment's files lie: a server knows itself."""
    own = f"sqlite:///{config.home / FOLDER}"
    return (config.home / FOLDER / "artifacts").as_uri() if uri.startswith(own) else None


def _experiment(client: Any, name: str, place: str | None) -> str:
    found = client.get_experiment_by_name(name)
    if found is None:
        return str(client.create_experiment(name, artifact_location=f"{place}/{_folder(name)}" if place else None))
    if found.lifecycle_stage == "deleted":
        client.restore_experiment(found.experiment_id)
    return str(found.experiment_id)


def _folder(name: str) -> str:
    return "".join(sign if sign.isalnum() or sign in "-_" else "_" for sign in name)[:80]


def _write(client: Any, place: str | None, told: Told, store: Store) -> None:
    experiment = _experiment(client, told.experiment, place)
    for old in client.search_runs([experiment], f"tags.`{KEY}` = '{told.tags[KEY]}'"):
        client.delete_run(old.info.run_id)  # cut off half-way, or of a job that was begun anew
    tags = {**told.tags, "mlflow.user": told.tags["lab.person"], "mlflow.source.name": "TinyML Lab"}
    began, ended = _ms(told.began), _ms(told.ended)
    run = client.create_run(experiment, start_time=began, tags=tags, run_name=told.name).info.run_id
    _log_numbers(client, run, told, ended)
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-mlflow-") as folder:
        for name, sha256 in told.files.items():
            (Path(folder) / Path(name).name).write_bytes(store.read_artifact(sha256))
        (Path(folder) / "run.json").write_text(json.dumps(told.data, indent=1, ensure_ascii=False))
        client.log_artifacts(run, folder)
    client.set_terminated(run, end_time=ended)


def _log_numbers(client: Any, run: str, told: Told, ended: int) -> None:
    from mlflow.entities import Metric, Param

    last = {name: Metric(name, value, ended, 0) for name, value in told.metrics.items()}
    rows = [*last.values(), *(Metric(name, value, ended, step) for name, step, value in told.series)]
    parameters = [Param(name, value) for name, value in told.parameters.items()]
    for start in range(0, len(parameters), 100):
        client.log_batch(run, params=parameters[start : start + 100])
    for start in range(0, len(rows), BATCH):
        client.log_batch(run, metrics=rows[start : start + BATCH])


def _ms(at: datetime) -> int:
    return int(at.replace(tzinfo=UTC).timestamp() * 1_000)
