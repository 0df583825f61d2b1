"""Who may do what with a project: it is private, shared with people by name, or with everybody.

A viewer sees and listens, an editor also changes and trains, an owner also shares and deletes. Who made a project is
its first owner and stays one. That each statement on a person's store holds to this is the work of `store/guard.py`;
here are the questions that pages ask of the whole store, and the changes of who may what, each a line of the audit log.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, select

from lab.errors import BadInput
from lab.workspace import audit
from lab.workspace.people import LOCAL, Person, person_id
from lab.workspace.store import guard
from lab.workspace.store.guard import EDITOR, EVERYBODY, NO_PROJECT, OWNER, ROLES, VIEWER, NotAllowed
from lab.workspace.store.store import Store, required
from lab.workspace.store.tables import Known, Member, Project

__all__ = [
    "EDITOR", "EVERYBODY", "NO_PROJECT", "OWNER", "ROLES", "VIEWER", "NotAllowed", "Share", "members", "names_of",
    "require", "role_of", "share", "unshare", "visible",
]  # fmt: skip

MAX_ADDRESS = 200
ADDRESS = re.compile(r"[^\s,;<>\"]+")


@dataclass(frozen=True, slots=True)
class Share:
    """What one person, or everybody, may do with a project.

    Attributes:
        person: their id, or EVERYBODY.
        name: what pages call them.
        role: one of ROLES.
        is_first: whether they made it; that is never taken back.
    """

    person: str
    name: str
    role: str
    is_first: bool = False


def role_of(store: Store, person: Person, project_id: int) -> str | None:
    """Return a person's role in a project; None where it is not shared with them, or not there."""
    with store.session() as session:
        return guard.role_in(session, person.id, project_id)


def require(store: Store, person: Person, project_id: int, least: str) -> str:
    """Return a person's role in a project.

    Raises:
        NotAllowed: it is less than `least`; a project that is not there answers as one that is not shared.
    """
    with store.session() as session:
        return guard.require(session, person.id, project_id, least)


def visible(store: Store, person: Person) -> Sequence[Project]:
    """Return the projects that a person may open: their own by name, then others' by owner and name."""
    with store.session() as session:
        rows = session.scalars(select(Project).where(Project.id.in_(guard.projects_of(person.id, VIEWER)))).all()
    return sorted(rows, key=lambda row: (row.owner != person.id, row.owner, row.name))


def members(store: Store, person: Person, project_id: int) -> list[Share]:
    """Return who may what with a project, its first owner first.

    Raises:
        NotAllowed: the person may not see it.
    """
    require(store, person, project_id, VIEWER)
    with store.session() as session:
        owner = required(session.get(Project, project_id)).owner
        rows = session.scalars(select(Member).where(Member.project_id == project_id).order_by(Member.created)).all()
    names = names_of(store, [owner, *(row.person for row in rows)])
    first = Share(owner, names[owner], OWNER, is_first=True)
    return [first, *(Share(row.person, names[row.person], row.role) for row in rows if row.person != owner)]


def share(store: Store, by: Person, project_id: int, with_whom: str, role: str) -> None:
    """Let a person, or EVERYBODY, take a role in a project; a role given before is replaced.

    Raises:
        NotAllowed: `by` does not own the project.
        BadInput: no such role, no address, the first owner, or everybody as an owner.
    """
    require(store, by, project_id, OWNER)
    address = _address(with_whom)
    if role not in ROLES:
        raise BadInput(f"There is no role {role!r}; choose one of {', '.join(ROLES)}.")
    if address == EVERYBODY and role == OWNER:
        raise BadInput("Everybody may look or change, but not own; name the people who shall own it too.")
    with store.session() as session:
        if required(session.get(Project, project_id)).owner == address:
            raise BadInput(f"{address} made this project and owns it already.")
        session.merge(Member(project_id=project_id, person=address, role=role))
        audit.note(session, by.id, "share", project_id, {"with": address, "role": role})


def unshare(store: Store, by: Person, project_id: int, with_whom: str) -> None:
    """Take a role back; nothing happens where there is none. Everybody may give up their own.

    Raises:
        NotAllowed: `by` does not own the project.
    """
    require(store, by, project_id, VIEWER if with_whom == by.id else OWNER)
    with store.session() as session:
        gone = delete(Member).where(Member.project_id == project_id, Member.person == with_whom)
        if session.execute(gone).rowcount:  # type: ignore[attr-defined]
            audit.note(session, by.id, "unshare", project_id, {"with": with_whom})


def names_of(store: Store, people: Sequence[str]) -> dict[str, str]:
    """Return what pages call people, by their ids."""
    with store.session() as session:
        known = {row.id: row.name for row in session.scalars(select(Known).where(Known.id.in_(people)))}
    return {each: known.get(each) or _usual_name(each) for each in people}


def _usual_name(person: str) -> str:
    return {EVERYBODY: "Everybody here", LOCAL.id: "This computer"}.get(person, person)


def _address(given: str) -> str:
    """Return who is meant: an id as people give it.

    Raises:
        BadInput: nothing that could be one.
    """
    trimmed = given.strip()
    if not ADDRESS.fullmatch(trimmed) or len(trimmed) > MAX_ADDRESS or not trimmed.isprintable():
        raise BadInput(f"Whom do you mean by {given[:60]!r}? Give the address that they sign in with.")
    return person_id(trimmed)
