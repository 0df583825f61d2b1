"""What holds for a folder of files holds for an object store; and a project that tests look at."""

import pytest

from lab.workspace import jobs
from lab.workspace.store import edits, open_store, store_of
from tests import servers
from tests.lab.workspace.kitchen import ANN, DETECTOR


@pytest.fixture(scope="session")
def s3_server():
    """Return the address of a running S3 server."""
    with servers.s3() as address:
        yield address


@pytest.fixture(params=["folder", "S3"])
def place(request, lab_home, monkeypatch):
    """Point the settings at an empty store of files of either kind."""
    if request.param == "S3":
        address = request.getfixturevalue("s3_server")
        monkeypatch.setenv("LAB_ARTIFACTS_URL", f"s3://{servers.s3_bucket(address)}/team/lab")
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "lab")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "lab")
        monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
        monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    return request.param


@pytest.fixture
def whole(database):
    return open_store()


@pytest.fixture
def kitchen(whole):
    """Return Ann's project with a sound, an edit, a run, a job and what it said; all in her own store."""
    mine = store_of(whole, ANN.id)
    project = mine.project("Kitchen", ANN.id)
    clip, _ = mine.add_clip(project.id, b"RIFF one", "a.wav", "alarm", "take-1", 1.5, 0.25)
    edits.relabel(mine, project.id, [clip.id], "not_alarm")
    sha256 = mine.put_artifact("detector", "kitchen.detector", DETECTOR).sha256
    job = jobs.submit(mine, "lab.study.tasks:demo", {"seed": 1}, project.id, ANN.id)
    jobs.say(whole, job.id, jobs.LOG, "one line")
    mine.save_run(project.id, "demo", "one", {}, {"kitchen.detector": sha256}, job.id)
    return project
