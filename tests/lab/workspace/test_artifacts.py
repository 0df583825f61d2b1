"""Files are kept whole, in a folder or in a real S3 server, and a place that is away is told in a sentence."""

import hashlib
from dataclasses import replace

import pytest
from sqlalchemy import update

from lab.errors import Away, BadInput, LabError
from lab.workspace import health
from lab.workspace.settings import settings
from lab.workspace.store import Artifact, Store, now, open_store, sweeping
from lab.workspace.store.artifacts import ArtifactFiles
from lab.workspace.store.backup import backup, restore
from lab.workspace.store.erasing import erase_project
from lab.workspace.store.sweeping import Swept, sweep

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")


@pytest.fixture
def store(place):
    return open_store()


def add(store, project, data):
    return store.add_clip(project.id, data, "a.wav", "alarm", "a", 1.0, 0.5)[0]


def test_a_file_is_kept_read_named_listed_and_removed(store):
    files = store.files
    sha = files.put(b"one")
    assert (files.put(b"one"), files.get(sha)) == (sha, b"one")
    files.name("nodes/ab.json", b"1")
    files.name("nodes/ab.json", b"22")
    assert (files.named("nodes/ab.json"), files.named("nodes/cd.json")) == (b"22", None)
    assert files.paths() == sorted([f"{sha[:2]}/{sha}", "nodes/ab.json"])
    assert {(file.name, file.size_bytes) for file in files.all()} == {(f"{sha[:2]}/{sha}", 3), ("nodes/ab.json", 2)}
    assert all(-5 < file.age_s < 60 for file in files.all())
    files.remove(sha)
    files.remove(sha)
    with pytest.raises(LabError, match="gone from the store"):
        files.get(sha)


def test_a_file_of_other_content_is_told_as_damaged(store):
    sha = hashlib.sha256(b"one").hexdigest()
    store.files.name(f"{sha[:2]}/{sha}", b"two")
    with pytest.raises(LabError, match="damaged in the store"):
        store.files.get(sha)


def test_another_process_sees_a_file_at_once(store, place):
    other = ArtifactFiles(settings().artifacts_url)
    assert other.paths() == []
    sha = store.files.put(b"one")
    assert other.get(sha) == b"one"
    other.remove(sha)
    assert store.files.paths() == []


def test_a_backup_comes_back_into_the_other_kind_of_place(store, place, tmp_path, lab_home):
    project = store.project("Kitchen")
    sound = add(store, project, b"RIFF one")
    store.files.name("nodes/ab.json", b"1")
    assert backup(store, tmp_path / "all.zip")["files"] == 2
    folder = replace(settings(), home=tmp_path / "new", database_url=f"sqlite:///{tmp_path / 'new.sqlite'}",
                     artifacts_url=f"{settings().artifacts_url}/again")  # fmt: skip
    restore(folder, tmp_path / "all.zip")
    again = Store(folder)
    assert again.read_artifact(sound.sha256) == b"RIFF one"
    assert again.files.named("nodes/ab.json") == b"1"
    again.engine.dispose()


def test_erasing_takes_the_files_too(store):
    mine, other = store.project("Mine"), store.project("Other")
    alone, shared = add(store, mine, b"alone"), add(store, mine, b"shared")
    add(store, other, b"shared")
    assert erase_project(store, mine.id) == 1
    assert store.read_artifact(shared.sha256) == b"shared"
    assert f"{alone.sha256[:2]}/{alone.sha256}" not in store.files.paths()


def test_strays_and_lonely_sounds_are_swept_and_what_is_used_stays(store):
    used = add(store, store.project("Kitchen"), b"used")
    lonely = store.put_artifact("wav", "b.wav", b"lonely").sha256
    stray = store.files.put(b"stray")
    store.files.name("nodes/ab.json", b"1")
    with store.session() as session:
        session.execute(update(Artifact).values(created=now().replace(year=2020)))
    assert sweep(store, file_age_s=-60.0) == Swept(files=1, sounds=1, bytes=11)
    assert store.read_artifact(used.sha256) == b"used"
    assert store.files.named("nodes/ab.json") == b"1"
    assert not {f"{sha[:2]}/{sha}" for sha in (lonely, stray)} & set(store.files.paths())


@pytest.mark.parametrize("place", ["S3"], indirect=True)
def test_a_bucket_that_two_instances_share_is_not_swept(store, tmp_path):
    add(store, store.project("Kitchen"), b"mine")
    other = Store(replace(settings(), home=tmp_path / "b", database_url=f"sqlite:///{tmp_path / 'b.sqlite'}"))
    theirs = other.put_artifact("wav", "c.wav", b"theirs").sha256
    assert sweeping.sweep(store, file_age_s=-60.0) == Swept(0, 0, 0)
    assert store.files.get(theirs) == b"theirs"
    other.engine.dispose()


@pytest.mark.parametrize("place", ["S3"], indirect=True)
def test_a_server_that_is_away_is_one_sentence_and_adds_nothing(store, monkeypatch):
    project = store.project("Kitchen")
    sound = add(store, project, b"one")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(health, "REMEMBERED_S", -1.0)
    away = Store(replace(store.config, artifacts_url=store.config.artifacts_url + "/"))
    away.files._fs = type(away.files._fs)(
        skip_instance_cache=True, config_kwargs={"retries": {"max_attempts": 1}, "connect_timeout": 1}
    )
    with pytest.raises(Away, match="could not be saved: the file store does not answer"):
        add(away, project, b"two")
    with pytest.raises(Away, match="could not be read: the file store does not answer"):
        away.read_artifact(sound.sha256)
    with pytest.raises(LabError, match="does not answer"):
        away.files.check()
    away.files.remove(sound.sha256)
    assert store.labels(project.id) == {"alarm": 1}
    assert store.read_artifact(sound.sha256) == b"one"


@pytest.mark.parametrize("place", ["S3"], indirect=True)
def test_a_bucket_that_is_not_there_is_told(place):
    files = ArtifactFiles("s3://no-such-bucket-of-ours/lab")
    with pytest.raises(LabError, match="no such bucket"):
        files.check()
    with pytest.raises(LabError, match="could not be saved"):
        files.put(b"one")


def test_an_address_of_no_known_kind_is_told():
    with pytest.raises(BadInput, match="LAB_ARTIFACTS_URL cannot be used"):
        ArtifactFiles("carrier-pigeon://loft/lab")
