import errno
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import op
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, event, inspect, text

from lab.errors import BadInput, LabError
from lab.workspace import jobs
from lab.workspace.settings import settings
from lab.workspace.store import open_store
from lab.workspace.store.schema import HEAD, MIGRATIONS, open_engine
from lab.workspace.store.tables import Base

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def store(database):
    return open_store(settings())


@pytest.fixture
def project(store):
    return store.project("Kitchen")


def add(store, project, data=b"RIFF one", label="alarm", name="a.wav"):
    return store.add_clip(project.id, data, name, label, recording_id=name, seconds=1.0, peak=0.5)


def test_a_project_is_made_once_and_belongs_to_its_owner(store, project):
    assert store.project(" Kitchen ").id == project.id
    assert store.project("Kitchen", owner="ada").id != project.id
    assert [row.name for row in store.projects("ada")] == ["Kitchen"]


@pytest.mark.parametrize("name", ["", "   ", "a\nb", "x" * 201, "a\x00"])
def test_a_name_that_cannot_be_shown_is_refused(store, name):
    with pytest.raises(BadInput, match="printable"):
        store.project(name)


def test_the_same_samples_twice_are_one_clip(store, project):
    first, new = add(store, project)
    second, new_again = add(store, project, label="other")
    assert (new, new_again) == (True, False)
    assert first.id == second.id
    assert second.label == "alarm"


def test_two_people_adding_the_same_file_at_once_make_one_clip(store, project):
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: add(store, project, b"RIFF same"), range(16)))
    assert len({clip.id for clip, _ in made}) == 1
    assert sum(new for _, new in made) == 1
    assert len(store.clips(project.id)) == 1


def test_delete_can_be_undone_and_adding_again_brings_it_back(store, project):
    clip, _ = add(store, project)
    store.delete_clips([clip.id])
    assert list(store.clips(project.id)) == []
    store.restore_clips([clip.id])
    assert [row.id for row in store.clips(project.id)] == [clip.id]
    store.delete_clips([clip.id])
    again, new = add(store, project, label="whistle")
    assert (again.id, again.label, new) == (clip.id, "whistle", True)


def test_labels_are_counted_and_changed_together(store, project):
    ids = [add(store, project, f"RIFF {n}".encode(), name=f"{n}.wav")[0].id for n in range(3)]
    store.set_label(ids[:2], 'quoted "label" 🔥')
    assert store.labels(project.id) == {"alarm": 1, 'quoted "label" 🔥': 2}


def test_a_file_is_kept_once_and_read_back(store):
    first = store.put_artifact("wav", "a.wav", b"same")
    assert store.put_artifact("wav", "b.wav", b"same").sha256 == first.sha256
    assert store.read_artifact(first.sha256) == b"same"


def test_a_damaged_file_is_noticed(store, lab_home):
    sha256 = store.put_artifact("wav", "a.wav", b"whole").sha256
    (lab_home / "artifacts" / sha256[:2] / sha256).write_bytes(b"hal")
    with pytest.raises(LabError, match="damaged"):
        store.read_artifact(sha256)


def test_a_full_disk_adds_nothing_and_leaves_nothing(store, project, lab_home, monkeypatch):
    add(store, project)

    def full(_handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(LabError, match="disk is full"):
        add(store, project, b"RIFF two", name="b.wav")
    monkeypatch.undo()
    assert [row.name for row in store.clips(project.id)] == ["a.wav"]
    assert list((lab_home / "artifacts" / "incoming").iterdir()) == []


def test_runs_are_listed_newest_first_by_kind(store, project):
    store.save_run(project.id, "demo", "one", {"accuracy": 0.9}, {})
    second = store.save_run(project.id, "baseline", "two", {}, {"model.h5": "0" * 64})
    assert [row.name for row in store.runs(project.id)] == ["two", "one"]
    assert store.run(second.id).artifacts == {"model.h5": "0" * 64}
    assert [row.name for row in store.runs(project.id, "demo")] == ["one"]


def test_a_job_that_was_begun_anew_keeps_one_run(store, project):
    first = store.save_run(project.id, "teach", "one", {"seconds": 4}, {}, job_id=7)
    again = store.save_run(project.id, "teach", "one", {"seconds": 5}, {}, job_id=7)
    other = store.save_run(project.id, "teach", "one", {"seconds": 6}, {})
    assert (again.id, again.data) == (first.id, {"seconds": 5})
    assert [row.id for row in store.runs(project.id)] == [other.id, first.id]


def test_a_deleted_project_takes_its_rows_with_it(store, project):
    add(store, project)
    job = jobs.submit(store, "lab.study.tasks:demo", {}, project.id)
    store.delete_project(project.id)
    with pytest.raises(LabError, match="no longer"):
        jobs.job(store, job.id)


def test_job_settings_must_be_plain_data(store):
    with pytest.raises(BadInput, match="plain data"):
        jobs.submit(store, "x:y", {"clip": object()})


def test_the_migrations_make_the_tables_that_the_code_declares(tmp_path):
    migrated = inspect(open_engine(f"sqlite:///{tmp_path / 'a.sqlite'}", tmp_path))
    declared_engine = create_engine(f"sqlite:///{tmp_path / 'b.sqlite'}")
    Base.metadata.create_all(declared_engine)
    declared = inspect(declared_engine)
    for table in Base.metadata.tables:
        assert shape(migrated, table) == shape(declared, table), table


def shape(inspector, table):
    columns = {column["name"]: (str(column["type"]), column["nullable"]) for column in inspector.get_columns(table)}
    indexes = sorted(tuple(index["column_names"]) for index in inspector.get_indexes(table))
    unique = sorted(tuple(found["column_names"]) for found in inspector.get_unique_constraints(table))
    return columns, indexes, unique


def test_many_processes_may_open_a_new_home_at_once(tmp_path):
    def open_one(number):
        return open_engine.__wrapped__(f"sqlite:///{tmp_path / 'lab.sqlite'}", tmp_path).dialect.name

    with ThreadPoolExecutor(6) as pool:
        assert set(pool.map(open_one, range(6))) == {"sqlite"}


def test_many_new_processes_open_a_new_home_at_once(lab_home):
    code = "from lab.workspace.store import open_store; print(open_store().project('One').id)"
    started = [
        subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=ROOT) for _ in range(4)
    ]
    assert [process.communicate(timeout=120)[0].strip() for process in started] == ["1"] * 4


def test_the_code_knows_the_newest_migration():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == HEAD


def test_a_migration_that_is_cut_off_leaves_nothing_and_runs_again(tmp_path, monkeypatch):
    url = f"sqlite:///{tmp_path / 'lab.sqlite'}"

    def cut_off(*_args, **_more):
        raise KeyboardInterrupt

    monkeypatch.setattr(op, "create_index", cut_off)  # after some tables are made
    with pytest.raises(KeyboardInterrupt):
        open_engine.__wrapped__(url, tmp_path)
    monkeypatch.undo()
    assert inspect(create_engine(url)).get_table_names() == []
    assert "job_events" in inspect(open_engine.__wrapped__(url, tmp_path)).get_table_names()


def test_a_database_of_a_newer_lab_is_left_alone(tmp_path):
    url = f"sqlite:///{tmp_path / 'lab.sqlite'}"
    with open_engine.__wrapped__(url, tmp_path).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num='9999'"))
    with pytest.raises(LabError, match="newer version"):
        open_engine.__wrapped__(url, tmp_path)


@pytest.mark.parametrize("database", ["SQLite"], indirect=True)
def test_a_database_that_cannot_grow_keeps_what_it_had(store, project):
    add(store, project)
    with store.engine.connect() as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar()
    store.engine.dispose()
    event.listen(store.engine, "connect", no_growth := lambda made, _: made.execute(f"PRAGMA max_page_count={pages}"))
    with pytest.raises(LabError, match="disk is full"):
        store.save_run(project.id, "demo", "big", {"text": "x" * 1_000_000}, {})
    event.remove(store.engine, "connect", no_growth)
    store.engine.dispose()
    assert list(store.runs(project.id)) == []
    assert [row.name for row in store.clips(project.id)] == ["a.wav"]


def test_a_home_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(LabError, match="cannot be written"):
        open_engine("sqlite:///x", tmp_path / "file" / "home")
