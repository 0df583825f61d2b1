"""Roles: who sees, who changes, who shares."""

import pytest

from lab.errors import BadInput
from lab.workspace import access
from lab.workspace.access import EDITOR, EVERYBODY, OWNER, VIEWER, NotAllowed
from lab.workspace.people import Person, met
from lab.workspace.store.tables import Audit, Known
from tests.lab.workspace.kitchen import ANN, BEN, CLEO, ids


def test_a_project_is_private_until_it_is_shared(whole, kitchen):
    assert access.role_of(whole, ANN, kitchen.id) == OWNER
    assert access.role_of(whole, BEN, kitchen.id) is None
    assert [row.name for row in access.visible(whole, ANN)] == ["Kitchen"]
    assert access.visible(whole, BEN) == []


def test_a_forbidden_project_answers_as_one_that_is_not_there(whole, kitchen):
    told = []
    for number in (kitchen.id, 987):
        with pytest.raises(NotAllowed) as refused:
            access.require(whole, BEN, number, VIEWER)
        told.append(str(refused.value))
    assert told == ["There is no such project, or it is not shared with you."] * 2


@pytest.mark.parametrize(
    ("role", "may"), [(VIEWER, {VIEWER}), (EDITOR, {VIEWER, EDITOR}), (OWNER, {VIEWER, EDITOR, OWNER})]
)
def test_a_role_may_all_that_the_lesser_ones_may(whole, kitchen, role, may):
    access.share(whole, ANN, kitchen.id, " Ben@Example.org ", role)
    for asked in access.ROLES:
        if asked in may:
            assert access.require(whole, BEN, kitchen.id, asked) == role
        else:
            with pytest.raises(NotAllowed):
                access.require(whole, BEN, kitchen.id, asked)


def test_the_greater_of_ones_own_role_and_everybodys_counts(whole, kitchen):
    access.share(whole, ANN, kitchen.id, EVERYBODY, EDITOR)
    access.share(whole, ANN, kitchen.id, BEN.id, VIEWER)
    assert access.role_of(whole, BEN, kitchen.id) == EDITOR
    assert access.role_of(whole, CLEO, kitchen.id) == EDITOR
    access.unshare(whole, ANN, kitchen.id, EVERYBODY)
    assert access.role_of(whole, BEN, kitchen.id) == VIEWER
    assert access.role_of(whole, CLEO, kitchen.id) is None


def test_only_an_owner_shares_and_takes_back_and_each_change_is_in_the_log(whole, kitchen):
    access.share(whole, ANN, kitchen.id, BEN.id, EDITOR)
    with pytest.raises(NotAllowed, match="Only an owner"):
        access.share(whole, BEN, kitchen.id, CLEO.id, VIEWER)
    with pytest.raises(NotAllowed, match="no such project"):
        access.share(whole, CLEO, kitchen.id, CLEO.id, VIEWER)
    access.share(whole, ANN, kitchen.id, CLEO.id, VIEWER)
    with pytest.raises(NotAllowed, match="Only an owner"):
        access.unshare(whole, BEN, kitchen.id, CLEO.id)
    access.unshare(whole, BEN, kitchen.id, BEN.id)  # one's own
    access.unshare(whole, ANN, kitchen.id, "nobody@example.org")
    lines = [(row.person[:3], row.action, row.project_id, row.data) for row in ids(whole, Audit)]
    assert lines == [
        ("ann", "share", kitchen.id, {"with": BEN.id, "role": EDITOR}),
        ("ann", "share", kitchen.id, {"with": CLEO.id, "role": VIEWER}),
        ("ben", "unshare", kitchen.id, {"with": BEN.id}),
    ]


def test_everybody_on_the_list_is_named_the_first_owner_first(whole, kitchen):
    met(whole, ANN, "oidc")
    met(whole, BEN, "oidc")
    access.share(whole, ANN, kitchen.id, BEN.id, VIEWER)
    access.share(whole, ANN, kitchen.id, EVERYBODY, VIEWER)
    told = [(row.name, row.role, row.is_first) for row in access.members(whole, BEN, kitchen.id)]
    assert told == [("Ann", OWNER, True), ("Ben", VIEWER, False), ("Everybody here", VIEWER, False)]
    with pytest.raises(NotAllowed):
        access.members(whole, CLEO, kitchen.id + 1)


@pytest.mark.parametrize(
    "address", ["", "   ", "two words", "a,b@example.org", "x" * 201, "<ann@example.org>", "a\x00b"]
)
def test_what_is_no_address_is_refused(whole, kitchen, address):
    with pytest.raises(BadInput, match="Whom do you mean"):
        access.share(whole, ANN, kitchen.id, address, VIEWER)


@pytest.mark.parametrize(("whom", "role", "why"), [
    (BEN.id, "king", "no role"), (EVERYBODY, OWNER, "not own"), (ANN.id, VIEWER, "owns it already"),
])  # fmt: skip
def test_a_share_that_means_nothing_is_refused(whole, kitchen, whom, role, why):
    with pytest.raises(BadInput, match=why):
        access.share(whole, ANN, kitchen.id, whom, role)


def test_somebody_new_is_noted_once_and_a_new_name_is_taken(whole):
    met(whole, ANN, "oidc")
    met(whole, ANN, "oidc")
    met(whole, Person(ANN.id, "Ann B."), "oidc")
    assert [(row.id, row.name, row.kind) for row in ids(whole, Known)] == [(ANN.id, "Ann B.", "oidc")]
    assert [(row.person, row.action) for row in ids(whole, Audit)] == [(ANN.id, "sign in")] * 2
