"""Who uses an instance: one person on a laptop, people who signed in, or places in a workshop."""

import os
from dataclasses import dataclass
from datetime import timedelta

from lab.workspace import audit
from lab.workspace.store.store import LOCAL_OWNER, Store
from lab.workspace.store.tables import Known, now

SEEN_EVERY = timedelta(hours=1)
"""How often it is noted that somebody is here."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who owns projects.

    Attributes:
        id: what projects, jobs and the audit log name: "local", an address that an identity provider gave, or a
            workshop place.
        name: what pages call them.
        is_admin: whether they run the instance. It opens nobody's project to them.
    """

    id: str
    name: str
    is_admin: bool = False


LOCAL = Person(LOCAL_OWNER, "You", is_admin=True)
"""Whoever sits at a lab without sign-in."""


def person_id(address: str) -> str:
    """Return the id that an address stands for: addresses differ in more than their letters' case."""
    return address.lower() if "@" in address else address


def admins() -> frozenset[str]:
    """Return the ids of who runs the instance: LAB_ADMINS, with commas between."""
    named = (each.strip() for each in os.environ.get("LAB_ADMINS", "").split(","))
    return frozenset(person_id(each) for each in named if each)


def met(store: Store, person: Person, kind: str) -> None:
    """Note that a person is here; once an hour that is a line of the audit log.

    Args:
        store: the instance's.
        person: who.
        kind: how they are known, such as "oidc" or "place".
    """
    name = person.name[:200]
    with store.session() as session:
        known = session.get(Known, person.id)
        if known is None:
            session.add(Known(id=person.id, name=name, kind=kind))
        elif known.name == name and now() - known.seen < SEEN_EVERY:
            return
        else:
            known.name, known.seen = name, now()
        audit.note(session, person.id, "sign in", data={"name": name, "by": kind})


def consented(store: Store, person: Person) -> bool:
    """Whether a person has agreed that sound of theirs is kept.

    Args:
        store: the instance's.
        person: who.
    """
    with store.session() as session:
        known = session.get(Known, person.id)
        return known is not None and known.consented is not None


def consent(store: Store, person: Person) -> None:
    """Note that a person agrees that sound of theirs is kept; a line of the audit log says when."""
    with store.session() as session:
        known = session.get(Known, person.id)
        if known is None:
            session.add(known := Known(id=person.id, name=person.name[:200], kind="met"))
        if known.consented is None:
            known.consented = now()
            audit.note(session, person.id, "consent")
