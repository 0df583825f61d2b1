"""Finished runs are in MLflow: in its own SQLite store, and on a real tracking server."""

import json
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from lab import cli
from lab.errors import LabError
from lab.workspace import jobs
from lab.workspace.settings import settings
from lab.workspace.store import Job, Run, now, open_store
from lab.workspace.tracking import Sender, send, tracking_uri
from lab.workspace.tracking.told import lawful, metrics_of, series_of, told_of
from tests import servers

pytestmark = pytest.mark.filterwarnings("ignore")  # MLflow's own
EPOCHS = [{"epoch": n, "stage": "baseline", "loss": 1.0 / (n + 1), "accuracy": 0.5} for n in range(3)]
DATA = {"windows": {"accuracy": 0.9, "count": 40}, "dataset": "5f2c", "spec": "default", "passed": True}


def finished(store, name="One", state=jobs.DONE):
    """Keep a run of a job that has ended."""
    project = store.project("Kitchen")
    detector = store.put_artifact("detector", "trained.detector", b"PK detector").sha256
    job = jobs.submit(store, "lab.study.tasks:finetune", {"epochs": 3, "arch": {"filters": 8}}, project.id, "ada")
    for row in [*EPOCHS, {"said": "not a number"}]:
        jobs.say(store, job.id, jobs.METRIC, row)
    run = store.save_run(project.id, "finetune", name, DATA, {"trained.detector": detector}, job.id)
    with store.session() as session:
        values = {"state": state, "started": now() - timedelta(seconds=60), "finished": now()}
        session.execute(update(Job).where(Job.id == job.id).values(**values))
    return run


def found(uri, experiment="Kitchen"):
    """Return the runs that an MLflow has of an experiment."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(uri)
    return client, client.search_runs([client.get_experiment_by_name(experiment).experiment_id])


def check(uri, run, store, tmp_path):
    client, (there,) = found(uri)
    assert (there.info.status, there.info.run_name) == ("FINISHED", "One")
    assert there.info.end_time - there.info.start_time == pytest.approx(60_000, abs=1_000)
    assert there.data.metrics["windows.accuracy"] == 0.9
    assert "passed" not in there.data.metrics
    assert {
        "epochs": "3",
        "arch.filters": "8",
        "spec": "default",
        "kind": "finetune",
    }.items() <= there.data.params.items()
    expected = {"lab.run": f"{store.signature}/{run.id}", "lab.person": "ada", "lab.project": "Kitchen",
                "lab.job": str(run.job_id), "lab.dataset": "5f2c", "mlflow.user": "ada"}  # fmt: skip
    assert expected.items() <= there.data.tags.items()
    history = client.get_metric_history(there.info.run_id, "baseline/loss")
    assert [(each.step, each.value) for each in history] == [(0, 1.0), (1, 0.5), (2, 1 / 3)]
    folder = Path(client.download_artifacts(there.info.run_id, "", str(tmp_path)))
    assert (folder / "trained.detector").read_bytes() == b"PK detector"
    assert json.loads((folder / "run.json").read_text()) == DATA


def test_a_run_is_in_the_local_mlflow_once_also_after_it_was_made_anew(database, tmp_path, capfd):
    store = open_store()
    run = finished(store)
    assert cli.main(["track", "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["tracked"] == 1
    uri = tracking_uri(settings())
    assert uri == f"sqlite:///{settings().home}/mlflow/mlflow.db"
    (tmp_path / "got").mkdir()
    check(uri, run, store, tmp_path / "got")
    assert send(store)["tracked"] == 0
    store.save_run(run.project_id, "finetune", "Anew", {"windows": {"accuracy": 0.8}}, {}, run.job_id)
    assert send(store)["tracked"] == 1
    _, (there,) = found(uri)
    assert (there.info.run_name, there.data.metrics["windows.accuracy"]) == ("Anew", 0.8)


def test_a_run_is_on_a_team_s_server_with_its_files(lab_home, tmp_path, monkeypatch):
    with servers.mlflow(tmp_path) as uri:
        monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
        store = open_store()
        run = finished(store)
        assert send(store) == {"tracked": 1, "uri": uri}
        (tmp_path / "got").mkdir()
        check(uri, run, store, tmp_path / "got")
    assert not (settings().home / "mlflow").exists()


def test_a_run_whose_job_goes_on_waits(lab_home):
    store = open_store()
    finished(store, state=jobs.RUNNING)
    assert send(store)["tracked"] == 0


def test_a_server_that_is_away_delays_nobody_and_is_tried_again(lab_home, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    store = open_store()
    run = finished(store)
    sender = Sender(store)
    longest = 0.0
    deadline = time.monotonic() + 120
    while not sender.problem:
        began = time.monotonic()
        sender.step()
        longest = max(longest, time.monotonic() - began)
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert "MLflow at http://127.0.0.1:1 did not take the run" in sender.problem
    assert longest < 2.0
    assert sender._next - time.monotonic() > 20
    with store.session() as session:
        assert session.get(Run, run.id).tracked is None
    with pytest.raises(LabError, match="did not take the run"):
        send(store)


def test_tracking_that_is_off_starts_nothing(lab_home, monkeypatch):
    monkeypatch.setenv("LAB_MLFLOW", "off")
    store = open_store()
    finished(store)
    sender = Sender(store)
    sender.step()
    assert sender._process is None


def test_a_password_in_the_address_is_not_told(lab_home, monkeypatch):
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://ada:s3cret@127.0.0.1:1")
    assert send(open_store())["uri"] == "http://127.0.0.1:1"


def test_a_tree_s_table_becomes_a_number_for_each_path_and_column():
    data = {
        "summary": [{"path": "prune+PTQ", "accuracy_int8": 0.5, "failed": None}],
        "options": {"epochs": 2},
        "rows": [1],
    }
    assert metrics_of(data) == {"prune_PTQ.accuracy_int8": 0.5}
    assert list(series_of([{"said": "x"}, {"epoch": 1, "stage": "a b", "loss": 2}])) == [("a b/loss", 1, 2.0)]
    assert lawful("/x%y.") == "x_y"


def test_a_project_of_a_person_is_an_experiment_of_theirs(lab_home):
    store = open_store()
    run = store.save_run(store.project("Kitchen", "ada").id, "demo", "one", {}, {})
    assert told_of(store, run).experiment == "Kitchen (ada)"


def test_neither_page_nor_worker_imports_mlflow_or_boto3():
    code = (
        "import sys, lab.workspace.worker, lab.workspace.health; print('mlflow' in sys.modules, 'boto3' in sys.modules)"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=servers.ROOT)
    assert out.stdout.strip() == "False False"
