"""A person's store holds to their roles, whatever it is asked."""

import pytest
from sqlalchemy import delete, func, select, text, update

from lab.errors import LabError
from lab.workspace import access, jobs
from lab.workspace.access import EDITOR, OWNER, VIEWER, NotAllowed
from lab.workspace.store import Clip, Job, JobEvent, Project, Run, edits, open_store, shelf, store_of
from lab.workspace.store.erasing import erase_project
from lab.workspace.store.tables import Artifact, Audit, Base, Edit, Holder, Known, Member
from tests.lab.workspace.kitchen import ANN, BEN, DETECTOR, ids


def test_another_persons_store_finds_nothing_in_any_table(whole, kitchen):
    theirs = store_of(whole, BEN.id)
    with whole.session() as session:
        full = {
            mapper.class_: session.scalar(select(func.count()).select_from(mapper.class_))
            for mapper in Base.registry.mappers
        }
    with theirs.session() as session:
        for table in full:
            assert session.scalars(select(table)).all() == [], table
            assert session.scalar(select(func.count()).select_from(table)) == 0, table
            assert (
                session.execute(select(*(each.class_attribute for each in table.__mapper__.column_attrs))).all() == []
            ), table
    assert {table for table, count in full.items() if count} >= {
        Project, Clip, Artifact, Edit, Run, Job, JobEvent, Holder,
    }  # fmt: skip


def test_another_persons_store_reads_nothing_by_number(whole, kitchen):
    theirs, (clip,), (run,), (job,) = store_of(whole, BEN.id), *(ids(whole, table) for table in (Clip, Run, Job))
    for read in (
        lambda: theirs.run(run.id), lambda: jobs.job(theirs, job.id), lambda: theirs.artifact(clip.sha256),
        lambda: theirs.read_artifact(clip.sha256), lambda: theirs.read_artifact(run.artifacts["kitchen.detector"]),
        lambda: theirs.read_artifact("0" * 64),
    ):  # fmt: skip
        with pytest.raises(LabError, match="no longer in the store"):
            read()
    assert theirs.clips(kitchen.id) == theirs.runs(kitchen.id) == jobs.jobs(theirs, kitchen.id) == []
    assert theirs.labels(kitchen.id) == {}
    assert jobs.events(theirs, job.id, jobs.LOG) == []
    assert edits.newest(theirs, kitchen.id) is None
    assert shelf.facts(theirs, kitchen.id).count == shelf.page(theirs, kitchen.id, shelf.Search(), 0, 9)[1] == 0


def changes(store, kitchen, clip, run, job, edit):
    """Return what a person may try with rows of a project."""
    mine = store.project("Mine", store.person)
    return {
        "relabel": lambda: edits.relabel(store, kitchen.id, [clip.id], "x"),
        "remove": lambda: edits.remove(store, kitchen.id, [clip.id]),
        "move out": lambda: edits.move(store, kitchen.id, [clip.id], mine.id),
        "undo": lambda: edits.undo(store, edit.id),
        "add": lambda: store.add_clip(kitchen.id, b"RIFF two", "b.wav", "alarm", "take-2", 1.0, 0.5),
        "set label": lambda: store.set_label([clip.id], "x"),
        "delete clips": lambda: store.delete_clips([clip.id]),
        "save run": lambda: store.save_run(kitchen.id, "detector", "x", {}, {}),
        "submit": lambda: jobs.submit(store, "lab.study.tasks:demo", {}, kitchen.id, store.person),
        "cancel": lambda: jobs.cancel(store, job.id),
        "erase": lambda: erase_project(store, kitchen.id),
        "delete": lambda: store.delete_project(kitchen.id),
    }  # fmt: skip


def tried(change):
    try:
        change()
    except LabError as error:
        return str(error)
    return None


def state(whole):
    with whole.session() as session:
        return {
            mapper.class_.__name__: sorted(map(repr, session.execute(select(mapper.class_.__table__)).all()))
            for mapper in Base.registry.mappers
        }


@pytest.mark.parametrize("role", [None, VIEWER])
def test_who_may_not_change_a_project_changes_nothing(whole, kitchen, role):
    if role:
        access.share(whole, ANN, kitchen.id, BEN.id, role)
    rows = [ids(whole, table)[0] for table in (Clip, Run, Job, Edit)]
    theirs = store_of(whole, BEN.id)
    attempts = changes(theirs, kitchen, *rows)
    before = state(whole)
    for name, change in attempts.items():
        tried(change)
        after = state(whole)
        del before["Artifact"], after["Artifact"]  # the bytes of "b.wav", which are theirs, may stay behind
        assert after == before, name
        before = state(whole)
    assert tried(attempts["add"]) == (
        "This project is shared with you to look and listen. Ask its owner to let you change it."
        if role else "There is no such project, or it is not shared with you."
    )  # fmt: skip


def test_a_viewer_sees_and_listens(whole, kitchen):
    access.share(whole, ANN, kitchen.id, BEN.id, VIEWER)
    theirs = store_of(whole, BEN.id)
    (clip,), (run,) = theirs.clips(kitchen.id), theirs.runs(kitchen.id)
    assert theirs.read_artifact(clip.sha256) == b"RIFF one"
    assert theirs.read_artifact(run.artifacts["kitchen.detector"]) == DETECTOR
    assert [event.data for event in jobs.events(theirs, run.job_id, jobs.LOG)] == ["one line"]


def test_an_editor_changes_but_neither_shares_nor_deletes(whole, kitchen):
    access.share(whole, ANN, kitchen.id, BEN.id, EDITOR)
    theirs, (clip,), (run,), (job,), (edit,) = (
        store_of(whole, BEN.id),
        *(ids(whole, each) for each in (Clip, Run, Job, Edit)),
    )
    attempts = changes(theirs, kitchen, clip, run, job, edit)
    assert {
        name: tried(change) for name, change in attempts.items() if name not in ("erase", "delete")
    } == dict.fromkeys(attempts.keys() - {"erase", "delete"})
    assert tried(attempts["erase"]) == "Only an owner of this project may do that."
    attempts["delete"]()
    assert access.role_of(whole, ANN, kitchen.id) == OWNER
    assert jobs.job(whole, job.id).state == jobs.CANCELLED


def test_a_file_stays_readable_to_who_put_it_and_to_nobody_else(whole, kitchen):
    access.share(whole, ANN, kitchen.id, BEN.id, EDITOR)
    sha256 = store_of(whole, BEN.id, kitchen.id).put_artifact("uf2", "b.uf2", b"UF2").sha256  # as a job of the project
    own = store_of(whole, BEN.id).put_artifact("upload", "b.h5", b"HDF").sha256
    access.unshare(whole, ANN, kitchen.id, BEN.id)
    assert store_of(whole, ANN.id).read_artifact(sha256) == b"UF2"
    assert store_of(whole, BEN.id).read_artifact(own) == b"HDF"
    for person, other in ((BEN, sha256), (ANN, own)):
        with pytest.raises(LabError):
            store_of(whole, person.id).read_artifact(other)


def test_the_same_content_is_each_ones_own(whole, kitchen):
    assert store_of(whole, BEN.id).put_artifact("detector", "copy", DETECTOR).sha256
    assert store_of(whole, BEN.id).artifact(ids(whole, Run)[0].artifacts["kitchen.detector"]).size_bytes == len(
        DETECTOR
    )


def test_a_run_of_ones_own_cannot_name_anothers_file(whole, kitchen):
    theirs = store_of(whole, BEN.id)
    mine, sha256 = theirs.project("Mine", BEN.id), ids(whole, Run)[0].artifacts["kitchen.detector"]
    with pytest.raises(LabError, match="no longer in the store"):
        theirs.save_run(mine.id, "detector", "x", {}, {"x.detector": sha256})
    with pytest.raises(LabError):
        theirs.read_artifact(sha256)


@pytest.mark.parametrize("made", [
    lambda project: Project(owner=ANN.id, name="Forged"), lambda project: Job(owner=ANN.id, task="x:y", args={}),
    lambda project: Member(project_id=project.id, person=BEN.id, role=OWNER),
])  # fmt: skip
def test_nobody_writes_in_anothers_name(whole, kitchen, made):
    with pytest.raises(NotAllowed), store_of(whole, BEN.id).session() as session:
        session.add(made(kitchen))


@pytest.mark.parametrize("made", [
    Audit(person=BEN.id, action="x"), Known(id=BEN.id, name="Ann", kind="oidc"),
    Holder(sha256="0" * 64, person=BEN.id), Artifact(sha256="0" * 64, kind="x", name="x", size_bytes=1),
], ids=lambda made: type(made).__name__)  # fmt: skip
def test_a_persons_store_writes_no_log_person_or_file_by_itself(whole, made):
    with pytest.raises(RuntimeError), store_of(whole, BEN.id).session() as session:
        session.add(made)


@pytest.mark.parametrize("statement", [
    text("SELECT * FROM projects"), select(Project.__table__), update(Project.__table__).values(owner=BEN.id),
    delete(Clip.__table__),
], ids=["text", "select", "update", "delete"])  # fmt: skip
def test_a_persons_store_takes_no_statement_past_its_rules(whole, kitchen, statement):
    with pytest.raises(RuntimeError), store_of(whole, BEN.id).session() as session:
        session.execute(statement)


def test_aliases_joins_and_subqueries_find_no_more(whole, kitchen):
    from sqlalchemy.orm import aliased

    other = aliased(Clip)
    with store_of(whole, BEN.id).session() as session:
        assert session.execute(select(other)).all() == []
        assert session.execute(select(Clip.id, other.id).join(other, other.project_id == Clip.project_id)).all() == []
        assert session.scalar(select(func.count()).select_from(select(Clip).subquery())) == 0
        assert session.get(Project, kitchen.id) is None


def test_erasing_keeps_the_sounds_that_others_have_too(whole, kitchen):
    theirs = store_of(whole, BEN.id)
    project = theirs.project("Mine", BEN.id)
    theirs.add_clip(project.id, b"RIFF one", "same.wav", "alarm", "take-9", 1.5, 0.25)
    assert erase_project(store_of(whole, ANN.id), kitchen.id) == 0
    assert theirs.read_artifact(theirs.clips(project.id)[0].sha256) == b"RIFF one"


def test_nobody_has_a_store():
    with pytest.raises(LabError, match="Nobody is signed in"):
        store_of(open_store(), "")
