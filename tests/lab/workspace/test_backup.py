"""A backup comes back whole, in either database, or not at all."""

import json
import zipfile

import pytest

from lab import cli
from lab.errors import BadInput, LabError
from lab.workspace import access, jobs
from lab.workspace.people import LOCAL
from lab.workspace.settings import settings
from lab.workspace.store import open_store, store_of
from lab.workspace.store.backup import CARD, backup, restore
from lab.workspace.store.edits import relabel
from lab.workspace.store.tables import Audit, Known, Member, Serving


@pytest.fixture
def filled(database):
    """Return a store with something in every table."""
    store = open_store()
    project = store.project("Kitchen")
    clip, _ = store.add_clip(
        project.id, b"RIFF one", "a.wav", "alarm", "take-1", 1.5, 0.25, notes=["gap of 20 ms"],
        segments=[{"start_s": 0.5, "end_s": 1.0, "label": "alarm"}],
    )  # fmt: skip
    relabel(store, project.id, [clip.id], "not_alarm")
    detector = store.put_artifact("detector", "kitchen.detector", b"PK detector")
    job = jobs.submit(store, "lab.study.tasks:demo", {"seed": 1}, project.id)
    jobs.say(store, job.id, jobs.METRIC, {"loss": 0.5})
    store.save_run(project.id, "demo", "one", {"accuracy": 0.9}, {"kitchen.detector": detector.sha256}, job.id)
    with store.session() as session:
        session.add(Known(id="ada@example.org", name="Ada", kind="oidc"))
        session.add(Member(project_id=project.id, person="ada@example.org", role="viewer"))
        session.add(Audit(person="local", action="share", project_id=project.id))
        session.add(Serving(name="one", data={"jobs": [job.id]}))
    store.files.name("nodes/ab12.json", b'{"accuracy": 0.9}')
    return store


@pytest.fixture
def elsewhere(request, tmp_path, monkeypatch):
    """Yield a function that points the settings at another, empty instance of a kind."""

    made = []

    def moved(database):
        monkeypatch.setenv("LAB_HOME", str(tmp_path / "elsewhere"))
        monkeypatch.delenv("DATABASE_URL", raising=False)
        if database == "PostgreSQL":
            monkeypatch.setenv("DATABASE_URL", request.getfixturevalue("postgresql").database())
        made.append(settings())
        return made[-1]

    yield moved
    for config in made:
        open_store(config).engine.dispose()


def changed(path, out, change):
    """Write a backup again, each member changed by a function that may drop it."""
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if (data := change(name, old.read(name))) is not None:
                new.writestr(name, data)
    return out


def members(path):
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist() if name != CARD}


@pytest.mark.parametrize("to", ["SQLite", "PostgreSQL"])
def test_everything_comes_back_and_goes_on(filled, to, elsewhere, tmp_path):
    told = backup(filled, tmp_path / "one.zip")
    assert all(told["rows"].values()), told
    config = elsewhere(to)
    assert restore(config, tmp_path / "one.zip")["rows"] == told["rows"]
    store = open_store(config)
    assert store is not filled
    backup(store, tmp_path / "two.zip")
    assert members(tmp_path / "two.zip") == members(tmp_path / "one.zip")
    (project,) = store.projects()
    assert store.project("Garage").id > project.id
    (run,) = store.runs(project.id)
    assert store.read_artifact(run.artifacts["kitchen.detector"]) == b"PK detector"
    assert [event.data for event in jobs.events(store, run.job_id, jobs.METRIC)] == [{"loss": 0.5}]


def test_a_backup_of_the_first_version_is_brought_forward(filled, database, elsewhere, tmp_path):
    backup(filled, tmp_path / "new.zip")
    tables = ("edits", "people", "members", "audit", "holders", "workers")
    later = {"clips": ("clipped", "fold", "segments"), "runs": ("job_id", "tracked")}

    def first(name, data):
        if name == CARD:
            card = json.loads(data) | {"schema": "0001"}
            for added in tables:
                del card["rows"][added]
            return json.dumps(card)
        table = name.removeprefix("tables/").removesuffix(".jsonl")
        if table in later:
            rows = [json.loads(line) for line in data.splitlines()]
            return "".join(json.dumps({k: v for k, v in row.items() if k not in later[table]}) + "\n" for row in rows)
        return None if table in tables else data

    config = elsewhere(database)
    restore(config, changed(tmp_path / "new.zip", tmp_path / "old.zip", first))
    store = open_store(config)
    (clip,) = store.clips(store.projects()[0].id)
    assert (clip.name, clip.label, clip.segments, clip.clipped) == ("a.wav", "not_alarm", [], 0)
    (run,) = store.runs(clip.project_id)
    assert run.job_id is None
    access.share(store, LOCAL, clip.project_id, "ada@example.org", "viewer")
    ada = store_of(store, "ada@example.org")
    assert ada.read_artifact(run.artifacts["kitchen.detector"]) == b"PK detector"


def flipped(name, data):
    return data[:-1] + b"!" if name.startswith("files/") and b"RIFF" in data else data


def without(*names):
    return lambda name, data: None if name in names else data


def instead(member, old, new):
    return lambda name, data: data.replace(old, new) if name == member else data


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (flipped, "does not hold what its name says"),
        (without("files/nodes/ab12.json"), "damaged: it has 2 of 3 files"),
        (without(CARD), "not a backup"),
        (lambda name, data: b"[]" if name == CARD else data, "not a backup"),
        (instead(CARD, b'"schema": "0', b'"schema": "9'), "newer version"),
        (without("tables/runs.jsonl"), "not a backup"),
        (lambda name, data: b"" if name == "tables/runs.jsonl" else data, "not a backup"),
        (instead("tables/projects.jsonl", b"Kitchen", b'"'), "not a backup"),
        (instead("tables/clips.jsonl", b'"project_id": 1', b'"project_id": 77'), "not a backup"),
        (instead("tables/clips.jsonl", b'"label"', b'"colour"'), "not a backup"),
    ],
)  # fmt: skip
def test_a_damaged_backup_brings_no_row(filled, database, elsewhere, tmp_path, change, says):
    backup(filled, tmp_path / "one.zip")
    config = elsewhere(database)
    with pytest.raises(BadInput, match=says):
        restore(config, changed(tmp_path / "one.zip", tmp_path / "bad.zip", change))
    assert not open_store(config).projects()
    restore(config, tmp_path / "one.zip")
    assert [project.name for project in open_store(config).projects()] == ["Kitchen"]


def test_a_name_that_leads_out_of_the_store_is_refused(filled, elsewhere, database, tmp_path):
    backup(filled, tmp_path / "one.zip")
    with zipfile.ZipFile(tmp_path / "one.zip") as old, zipfile.ZipFile(tmp_path / "bad.zip", "w") as new:
        for name in old.namelist():
            new.writestr(name.replace("nodes/ab12.json", "../../evil.json"), old.read(name))
    with pytest.raises(BadInput, match="does not hold"):
        restore(elsewhere(database), tmp_path / "bad.zip")
    assert not list(tmp_path.rglob("evil.json"))


def test_an_instance_in_use_is_not_written_over(filled, tmp_path):
    backup(filled, tmp_path / "one.zip")
    with pytest.raises(BadInput, match="holds projects already"):
        restore(filled.config, tmp_path / "one.zip")
    assert [clip.label for clip in filled.clips(filled.projects()[0].id)] == ["not_alarm"]


def test_a_damaged_file_ends_the_backup_and_leaves_none(filled, tmp_path):
    damaged = filled.files.local_path(filled.clips(filled.projects()[0].id)[0].sha256)
    damaged.write_bytes(b"RIFF two")
    with pytest.raises(LabError, match="damaged in the store"):
        backup(filled, tmp_path / "one.zip")
    assert not list(tmp_path.glob("*one.zip*"))


def test_the_commands_back_up_and_restore(filled, database, elsewhere, tmp_path, capfd):
    out = tmp_path / "one.zip"
    assert cli.main(["backup", "--out", str(out), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["files"] == 3
    assert cli.main(["restore", str(out)]) == 2
    elsewhere(database)
    assert cli.main(["restore", str(out), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["rows"]["clips"] == 1
    (tmp_path / "text.zip").write_text("hello")
    assert cli.main(["restore", str(tmp_path / "text.zip")]) == 2
    assert cli.main(["restore", str(tmp_path / "nowhere.zip")]) == 2
