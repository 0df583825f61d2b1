"""Before a microphone's sound is kept: where it goes, who can hear it, how it is deleted. Asked once a person."""

import streamlit as st

from lab.workspace.people import LOCAL, consent, consented
from lab.workspace.store import open_store
from pages.ui import acting
from pages.ui.session import person, store

GIVEN = "_consented"
AGREE = "I agree, and so do the people in the room"
WHERE = (
    "Sound goes from this browser to the computer that runs the lab, and nowhere else. Nothing is kept until you press "
    "a button that says so."
)
DELETE = "You can delete each sound on Sounds, and all that is yours on “Your data”."
VOICES = "Voices are personal: tell everybody in the room, and do not record who does not want it."
FIRST = "Nothing was kept: first agree to it, above."


def given() -> bool:
    """Whether the person here has agreed: for good where they signed in, for this visit on a computer of their own."""
    if st.session_state.get(GIVEN):
        return True
    here = person()
    if here != LOCAL and consented(open_store(), here):
        st.session_state[GIVEN] = True
    return bool(st.session_state.get(GIVEN))


def ask() -> bool:
    """Ask, unless the person here has agreed already; return whether they have."""
    if given():
        st.caption(f":material/shield_person: {WHERE} Tell the people in the room.")
        return True
    with st.container(border=True, key="lab-consent"):
        st.markdown("**Before you keep a sound of this room**")
        st.markdown("\n".join(f"- {line}" for line in (WHERE, _who(), f"{_until()} {DELETE}", VOICES)))
        st.button(AGREE, key="consent-agree", icon=":material/check:", on_click=acting.told(_agree))
    return False


def _who() -> str:
    if person() == LOCAL:
        return "It stays in this project on this computer. Whoever uses this computer can hear it."
    return "You can hear it, those with whom you share the project, and whoever runs this instance."


def _until() -> str:
    days = store().config.retention_days
    return f"Projects that nobody touches for {days} days are deleted." if days else "It stays until you delete it."


def _agree() -> None:
    st.session_state[GIVEN] = True
    here = person()
    if here != LOCAL:
        consent(open_store(), here)
