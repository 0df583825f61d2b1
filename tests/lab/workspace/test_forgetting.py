"""Everything that is one person's, gone; and nothing of anybody else's; on either database."""

import pytest

from lab.workspace import access, audit, jobs, takes
from lab.workspace.incoming import stage
from lab.workspace.people import Person, consent, consented, met
from lab.workspace.store import open_store, store_of
from lab.workspace.store.forgetting import erase_hidden, erase_person, forget_exports, kept
from lab.workspace.store.quota import EXPORT
from lab.workspace.store.tables import Audit, Holder, Job, Known, Member, Project
from lab.workspace.takes import Take
from tests.lab.workspace.test_quota import add

ADA, BOB = Person("ada@example.org", "Ada"), Person("bob@example.org", "Bob")


@pytest.fixture
def store(database):
    whole = open_store()
    for person in (ADA, BOB):
        met(whole, person, "oidc")
        own = store_of(whole, person.id)
        project = own.project(f"{person.name}'s", person.id).id
        add(own, project, 1)  # the same sound for both
        add(own, project, (person.name == "Ada" and 2) or 3)
        made = store_of(whole, person.id, project).put_artifact("uf2", "a.uf2", person.id.encode())
        own.save_run(project, "firmware", "Firmware", {}, {"a.uf2": made.sha256})
        own.put_artifact("detector", "b.detector", b"of " + person.id.encode())
        jobs.submit(own, "a:b", {}, project, person.id)
        jobs.submit(own, "a:b", {}, None, person.id)
        stage(whole.config, person.id, "upload.zip", b"upload")
        takes.note(whole.config, Take("take", project, "alarm", 0.0))
        consent(whole, person)
    access.share(whole, ADA, whole.find_project("Ada's", ADA.id).id, BOB.id, access.VIEWER)
    access.share(whole, BOB, whole.find_project("Bob's", BOB.id).id, ADA.id, access.EDITOR)
    add(store_of(whole, ADA.id), whole.find_project("Bob's", BOB.id).id, 4)
    return whole


def rows(store, table):
    from sqlalchemy import select

    with store.session() as session:
        return session.scalars(select(table)).all()


def test_it_is_told_what_is_kept(store):
    found = kept(store, ADA.id)
    assert (found.projects, found.sounds, found.runs, found.jobs, found.shared) == (1, 2, 1, 2, 1)
    assert found.bytes == 2 * 256_044 + len("ada@example.org") + len("of ada@example.org")
    assert found.name == "Ada"
    assert found.consented
    assert found.audit == 3


def test_everything_of_a_person_goes_and_nothing_of_anybody_else(store):
    gone = erase_person(store, ADA.id)
    assert gone == {"projects": 1, "sounds": 2, "files": 3, "bytes": 256_044 + 15 + 18}
    assert {row.owner for row in rows(store, Project)} == {BOB.id}
    assert {row.owner for row in rows(store, Job)} == {BOB.id}
    assert {row.id for row in rows(store, Known)} == {BOB.id}
    assert rows(store, Member) == []
    assert all(row.person != ADA.id for row in rows(store, Holder))
    bobs = store.find_project("Bob's", BOB.id).id
    assert len([store.read_artifact(clip.sha256) for clip in store.clips(bobs)]) == 3
    assert sorted(path.read_bytes() for path in store.config.home.glob("incoming/*/*/*")) == [b"upload"]
    assert [path.name for path in (store.config.home / "takes").iterdir()] == [f"{bobs}-take.json"]
    assert kept(store, ADA.id).bytes == 0
    assert len(store.files.paths()) == 5  # three sounds, a firmware and a detector of Bob's


def test_the_audit_log_keeps_what_happened_and_not_who(store):
    with store.session() as session:
        audit.note(session, BOB.id, "share", 1, {"with": ADA.id, "role": "viewer"})
    before = len(rows(store, Audit))
    erase_person(store, ADA.id)
    lines = rows(store, Audit)
    assert len(lines) == before + 1
    assert ADA.id not in str([(line.person, line.data) for line in lines])
    aliases = {line.person for line in lines} - {BOB.id}
    assert len(aliases) == 1
    assert aliases.pop().startswith("deleted person ")
    assert lines[-1].action == "delete everything"


def test_the_job_that_does_it_stays_until_it_has_told(store):
    row = jobs.submit(store_of(store, ADA.id), "lab.study.person:delete_everything", {}, None, ADA.id)
    erase_person(store, ADA.id, row.id)
    assert [each.id for each in rows(store, Job) if each.owner == ADA.id] == [row.id]


def test_deleted_sounds_go_for_good_when_they_are_emptied(store):
    project = store.find_project("Ada's", ADA.id)
    clips = store.clips(project.id)
    store.delete_clips([clip.id for clip in clips])
    assert erase_hidden(store, Project.owner == ADA.id) == (1, 256_044)
    assert kept(store, ADA.id).hidden == 0
    assert len(store.clips(store.find_project("Bob's", BOB.id).id)) == 3


def test_only_the_newest_of_what_was_taken_away_stays(store):
    own = store_of(store, ADA.id)
    first = own.put_artifact(EXPORT, "my data.zip", b"one").sha256
    forget_exports(store, ADA.id)
    assert first not in {path[3:] for path in store.files.paths()}
    assert kept(store, ADA.id).bytes > 0


def test_consent_is_given_once_and_noted(store):
    eve = Person("eve@example.org", "Eve")
    assert not consented(store, eve)
    consent(store, eve)
    consent(store, eve)
    assert consented(store, eve)
    assert [line.action for line in rows(store, Audit) if line.person == eve.id] == ["consent"]
