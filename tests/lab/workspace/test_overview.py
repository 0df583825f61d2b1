"""What who runs an instance sees."""

import csv
import io

from lab.workspace import audit, jobs, overview
from lab.workspace.people import Person, met
from lab.workspace.store import open_store, store_of
from tests.lab.workspace.test_quota import add


def test_people_come_with_what_they_keep_and_wait_for():
    store = open_store()
    ada = Person("ada@example.org", "Ada")
    met(store, ada, "oidc")
    project = store.project("Kitchen", ada.id).id
    add(store_of(store, ada.id), project, 1)
    jobs.submit(store, "a:b", {}, project, ada.id)
    store.project("Mine")
    first, second = overview.people(store)
    assert (first["person"], first["name"], first["projects"], first["mb"], first["jobs"]) == (ada.id, "Ada", 1, 0.3, 1)
    assert (second["person"], second["seen"], second["projects"]) == ("local", None, 1)


def test_the_disk_is_told_by_kind_and_what_is_free():
    store = open_store()
    store.put_artifact("uf2", "a.uf2", bytes(2 * 10**6))
    rows = {row["what"]: row for row in overview.disk(store)}
    assert (rows["uf2"]["files"], rows["uf2"]["mb"]) == (1, 2.0)
    assert rows["database"]["files"] >= 1
    assert list(rows)[-1] == "free"


def test_versions_are_of_what_is_installed():
    found = overview.versions()
    assert {"TinyML Lab", "Python", "database schema", "streamlit"} <= found.keys()


def test_the_audit_log_is_filtered_and_no_cell_is_a_formula():
    store = open_store()
    with store.session() as session:
        audit.note(session, "ada@example.org", "share", 3, {"with": "bob@example.org"})
        audit.note(session, "=HYPERLINK(1)", "sign in", data={"name": 'x, "y"'})
    assert overview.actions(store) == ["share", "sign in"]
    assert [line["action"] for line in overview.audit_lines(store)] == ["sign in", "share"]
    assert [line["person"] for line in overview.audit_lines(store, "ADA")] == ["ada@example.org"]
    assert overview.audit_lines(store, "100%") == []
    assert [line["project"] for line in overview.audit_lines(store, action="share", days=1)] == [3]
    rows = list(csv.reader(io.StringIO(overview.as_csv(overview.audit_lines(store)).decode("utf-8-sig"))))
    assert rows[0] == ["at", "person", "action", "project", "more"]
    assert rows[1][1:] == ["'=HYPERLINK(1)", "sign in", "", 'name: x, "y"']
