"""Everything of a person as one zip, which imports again; and the command line for it; on either database."""

import json
import zipfile

import pytest

from lab.cli import main
from lab.errors import LabError
from lab.study import person, projects
from lab.workspace.context import JobContext
from lab.workspace.settings import settings
from lab.workspace.store import open_store, store_of
from tests.lab.workspace.test_quota import add

ADA = "ada@example.org"


@pytest.fixture
def store(database):
    whole = open_store()
    for owner in (ADA, "local"):
        own = store_of(whole, owner)
        project = own.project("Kitchen / ../x", owner).id
        add(own, project, 1)
        made = own.put_artifact("uf2", "a.uf2", b"firmware of " + owner.encode())
        own.save_run(project, "firmware", "Firmware", {}, {"../a.uf2": made.sha256})
    return whole


def context(owner):
    return JobContext(0, None, settings(), lambda said: None, lambda: False, owner)


def test_a_zip_holds_every_project_and_what_was_made(store, tmp_path):
    made = person.write(store, ADA, tmp_path / "ada.zip")
    assert made["projects"] == 1
    with zipfile.ZipFile(tmp_path / "ada.zip") as archive:
        names = archive.namelist()
        assert not [name for name in names if ".." in name.split("/") or name.startswith("/")]
        assert archive.read(next(name for name in names if name.startswith("made/"))) == b"firmware of " + ADA.encode()
        card = json.loads(archive.read("person.json"))
        assert (card["kept"]["sounds"], len(card["runs"])) == (1, 1)
        assert "local" not in json.dumps(card["jobs"])
        (tmp_path / "again.zip").write_bytes(archive.read(next(name for name in names if name.startswith("projects/"))))
    assert projects.bring_in(tmp_path / "again.zip", "Again", lambda *_: None)["clips"] == 1


def test_jobs_do_it_for_who_asked_and_nobody_else(store):
    made = person.export_everything({"person": "local"}, context(ADA))
    data = store_of(store, ADA).read_artifact(made["artifacts"]["my data.zip"])
    assert b"firmware of local" not in data
    with pytest.raises(LabError):
        store_of(store, "local").read_artifact(made["artifacts"]["my data.zip"])
    with pytest.raises(LabError, match="Nothing was deleted"):
        person.delete_everything({"confirm": "local"}, context(ADA))
    assert person.delete_everything({"confirm": ADA}, context(ADA))["projects"] == 1
    assert [row.owner for row in store.projects()] == ["local"]


def test_deleted_sounds_are_emptied_for_who_asked(store):
    for owner in (ADA, "local"):
        found = store.find_project("Kitchen / ../x", owner).id
        store.delete_clips([clip.id for clip in store.clips(found)])
    assert person.empty_deleted({}, context(ADA)) == {"files": 0, "bytes": 0}  # the other has the same sound
    assert person.empty_deleted({}, context("local"))["files"] == 1


def test_the_command_line_shows_exports_and_deletes(store, tmp_path, capfd):
    assert main(["person", "show", "--json"]) == 0
    assert [row["person"] for row in json.loads(capfd.readouterr().out)["people"]] == [ADA, "local"]
    assert main(["person", "export", ADA, "--out", str(tmp_path / "ada.zip"), "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["projects"] == 1
    assert main(["person", "delete", ADA]) == 2
    assert "Nothing was deleted. To delete everything of 'ada@example.org' for good" in capfd.readouterr().err
    assert main(["person", "delete", ADA, "--confirm", ADA, "--json"]) == 0
    assert json.loads(capfd.readouterr().out)["sounds"] == 1
    assert main(["person", "export", ADA, "--out", str(tmp_path / "b.zip")]) == 2
    assert "Nothing is kept of 'ada@example.org'" in capfd.readouterr().err
