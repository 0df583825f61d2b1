"""Who uses an instance: one person on a laptop, people who signed in, or places in a workshop."""

from dataclasses import dataclass

from lab.workspace.store.store import LOCAL_OWNER


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who owns projects.

    Attributes:
        id: what projects, jobs and the audit log name: "local", an address that an identity provider gave, or a
            workshop place.
        name: what pages call them.
        is_admin: whether they run the instance.
    """

    id: str
    name: str
    is_admin: bool = False


LOCAL = Person(LOCAL_OWNER, "You", is_admin=True)
"""Whoever sits at a lab without sign-in."""
