"""Places in a workshop: each is a person with projects of their own, known by a key that only their browser holds.

The key lies in a cookie, is what a person types to go on in another browser, and is kept here as its hash alone.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from lab.errors import BadInput
from lab.workspace.people import Person
from lab.workspace.store.store import Store
from lab.workspace.store.tables import Audit, Known, now
from lab.workspace.workshop.state import Workshop, plain_text, random_text
from lab.workspace.workshop.tries import Tries

KIND, PREFIX = "place", "place:"
KEY_LEN, GROUP = 12, 4
MAX_NAME, MOST_PLACES = 40, 500
NAMES = (
    "Ant", "Badger", "Beaver", "Bee", "Birch", "Bison", "Cat", "Cedar", "Clover", "Crane", "Cricket", "Daisy",
    "Deer", "Dove", "Duck", "Eagle", "Elm", "Falcon", "Fern", "Finch", "Fox", "Frog", "Gecko", "Hare", "Hazel",
    "Hedgehog", "Heron", "Ibis", "Iris", "Ivy", "Jay", "Koala", "Lark", "Lily", "Lion", "Lizard", "Lynx",
    "Magpie", "Maple", "Marten", "Mole", "Moose", "Moth", "Mouse", "Myrtle", "Newt", "Oak", "Otter", "Owl",
    "Panda", "Pine", "Poppy", "Puffin", "Quail", "Rabbit", "Raven", "Robin", "Rose", "Rowan", "Seal", "Sedge",
    "Sparrow", "Squid", "Stork", "Swan", "Swift", "Tern", "Thistle", "Tiger", "Toad", "Trout", "Tulip",
    "Turtle", "Viola", "Walrus", "Weasel", "Willow", "Wren", "Yak", "Yew", "Zebra",
)  # fmt: skip
PAUSED = "Nobody new can join just now. Ask whoever leads the workshop."
OVER = "That workshop is over. What you made was shown to you at its end; a new one has a new code."
WRONG = "That is not the code of this workshop. Look at the screen in front and type it again."
WRONG_KEY = "No place here has that return key. Check it, or join anew with the code."
FULL = f"All {MOST_PLACES} places are taken. Ask whoever leads the workshop."


@dataclass(frozen=True, slots=True)
class Place:
    """Somebody's place.

    Attributes:
        person: who.
        joined: when, in UTC.
        seen: when the instance last noted that they are here.
    """

    person: Person
    joined: datetime
    seen: datetime


def join(store: Store, workshop: Workshop | None, code: str, name: str, address: str, tries: Tries) -> str:
    """Make a place for somebody who has the code.

    Args:
        store: the instance's.
        workshop: the one that is running, if one is.
        code: as it was typed.
        name: what they want to be called; empty for a name of an animal or a plant.
        address: where they come from, to count wrong tries by.
        tries: counts them.

    Returns:
        The key of the new place.

    Raises:
        BadInput: the wrong code, joining is paused, or the workshop is over; says which.
        TooManyTries: too many wrong codes.
    """
    tries.check(address)
    if workshop is None or not secrets.compare_digest(plain_text(code).encode(), workshop.code.encode()):
        tries.wrong(address)
        raise BadInput(WRONG)
    if workshop.is_over:
        raise BadInput(OVER)
    if workshop.paused:
        raise BadInput(PAUSED)
    key = random_text(KEY_LEN)
    with store.session() as session:
        mine = select(Known).where(Known.kind == KIND)
        taken = {row.name for row in session.scalars(mine) if row.data.get("workshop") == workshop.id}
        if len(taken) >= MOST_PLACES:
            raise BadInput(FULL)
        called = _unique(_checked(name) or secrets.choice(NAMES), taken)
        session.add(Known(id=token_id(key), name=called, kind=KIND, data={"workshop": workshop.id}))
        session.add(Audit(person=token_id(key), action="join", data={"name": called, "kind": KIND}))
    return key


def return_to(store: Store, workshop: Workshop | None, key: str, address: str, tries: Tries) -> str:
    """Return a place's key as its cookie holds it, from a return key as somebody typed it.

    Raises:
        BadInput: there is no such place.
        TooManyTries: too many wrong keys.
    """
    tries.check(address)
    plain = plain_text(key)
    if who(store, workshop, plain) is None:
        tries.wrong(address)
        raise BadInput(OVER if workshop and workshop.is_over else WRONG_KEY)
    return plain


def who(store: Store, workshop: Workshop | None, key: str) -> Person | None:
    """Return whose place a key opens, or None: no such place, or its workshop is over."""
    if workshop is None or workshop.is_over or len(key) != KEY_LEN:
        return None
    with store.session() as session:
        known = session.get(Known, token_id(key))
        if known is None or known.kind != KIND or known.data.get("workshop") != workshop.id:
            return None
        return Person(known.id, known.name)


def places_of(store: Store, workshop: Workshop | None = None) -> Sequence[Place]:
    """Return the places of a workshop, or of all that there were, by when they joined."""
    with store.session() as session:
        rows = session.scalars(select(Known).where(Known.id.startswith(PREFIX)).order_by(Known.created, Known.id)).all()
    return [
        Place(Person(row.id, row.name), row.created, row.seen)
        for row in rows
        if workshop is None or row.data.get("workshop") == workshop.id
    ]


def seen(store: Store, person: Person) -> None:
    """Note that somebody is here now."""
    with store.session() as session:
        known = session.get(Known, person.id)
        if known is not None:
            known.seen = now()


def token_id(key: str) -> str:
    """Return the id of the person whose place a key opens."""
    return PREFIX + hashlib.sha256(f"tinyml-lab place {key}".encode()).hexdigest()[:32]


def shown_key(key: str) -> str:
    """Return a return key as people read it."""
    return "-".join(key[start : start + GROUP] for start in range(0, len(key), GROUP))


def name_of(taken: set[str]) -> str:
    """Return a name of an animal or a plant that nobody has yet."""
    free = [name for name in NAMES if name not in taken]
    return secrets.choice(free or NAMES)


def _checked(name: str) -> str:
    trimmed = " ".join(name.split())
    if not trimmed.isprintable() or len(trimmed) > MAX_NAME:
        raise BadInput(f"A name has at most {MAX_NAME} printable characters; yours has {len(trimmed)}.")
    return trimmed


def _unique(name: str, taken: set[str]) -> str:
    if name in NAMES:
        name = name_of(taken)
    number = 2
    called = name
    while called in taken:
        called, number = f"{name} {number}", number + 1
    return called
