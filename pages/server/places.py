"""Who is here in a workshop: the leader, or whoever holds a place, by the cookies that the door gave them."""

import secrets
from typing import TYPE_CHECKING

import streamlit as st

from lab.workspace import workshop
from lab.workspace.people import Person
from lab.workspace.store import LOCAL_OWNER, open_store
from lab.workspace.workshop.places import KIND, shown_key, who

if TYPE_CHECKING:
    from pages.server.identity import Visit

PLACE_COOKIE, LEADER_COOKIE = "lab_place", "lab_leader"
LEADER = Person(LOCAL_OWNER, "Workshop leader", is_admin=True)


class Places:
    """A way to know people: by their place in the workshop that this process serves."""

    name = KIND

    def configured(self) -> bool:
        """Whether this process serves a workshop."""
        return workshop.is_on()

    def identify(self, visit: "Visit") -> Person | None:
        """Return the leader or whose place it is; None without one, or once the workshop is over or was reset."""
        store = open_store()
        now = workshop.current(store.config.home)
        key = visit.cookies.get(LEADER_COOKIE, "")
        if now is not None and key and secrets.compare_digest(key.encode(), now.leader_key.encode()):
            return LEADER
        return who(store, now, visit.cookies.get(PLACE_COOKIE, ""))

    def ask(self) -> None:
        """Draw the way to the door."""
        st.markdown('Join the workshop to get a space of your own: <a href="/join" target="_self">type its code</a>.',
                    unsafe_allow_html=True)  # fmt: skip


def return_key() -> str:
    """Return the return key of the place that this browser holds, as people read it, or nothing."""
    key = st.context.cookies.get(PLACE_COOKIE, "") if workshop.is_on() else ""
    return shown_key(key) if who(open_store(), workshop.current(open_store().config.home), key) else ""


def leads() -> bool:
    """Whether the browser that asks for this page is the workshop's leader's."""
    from pages.server.identity import person_here

    return workshop.is_on() and person_here() == LEADER
