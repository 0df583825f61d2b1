"""Who may what with the project in use, and who is signed in: one small panel beside the project picker."""

import streamlit as st

from lab.errors import LabError
from lab.workspace import access
from lab.workspace.access import EVERYBODY, OWNER, ROLES, VIEWER, Share
from lab.workspace.people import Person
from lab.workspace.store import Project, open_store
from pages.server import identity
from pages.ui.session import ROLE, leave, person, role, sign_in_configured

MAY = {"viewer": "look and listen", "editor": "also change and train", "owner": "also share and delete"}
NOBODY_ELSE = "Only you see this project."


def panel(project: Project) -> None:
    """Draw the panel; nothing where one person has the lab to themselves."""
    if not sign_in_configured():
        return
    here = person()
    with st.popover(" ", icon=":material/group:", help="Sharing, and who is signed in", key="lab-sharing"):
        st.markdown(f"**{_plain(project.name)}**")
        problem = st.session_state.pop("_share_problem", None)
        shares = access.members(open_store(), here, project.id)
        if len(shares) == 1:
            st.caption(NOBODY_ELSE)
        for share in shares:
            _line(project, share, here)
        if role() == OWNER:
            _add(project)
        if problem:
            st.error(problem)
        st.divider()
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"Signed in as {_plain(here.name)}")
            if isinstance(identity.way(), identity.Oidc):
                st.button("Sign out", type="tertiary", icon=":material/logout:", on_click=st.logout, key="sign-out")


def told(project: Project) -> None:
    """Say whose the project is, and what one may do, where it is somebody else's."""
    if project.owner == person().id:
        return
    name = _plain(access.names_of(open_store(), [project.owner])[project.owner])
    icon = "visibility" if role() == VIEWER else "group"
    st.caption(f":material/{icon}: {name}’s project: you may {_may(role())}.")


def _may(given: str) -> str:
    return {"viewer": "look and listen", "editor": "change it and train", "owner": "change, share and delete it"}[given]


def _line(project: Project, share: Share, here: Person) -> None:
    name = f"{_plain(share.name)} (you)" if share.person == here.id else _plain(share.name)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(name, width="stretch")
        st.caption(share.role)
        if not share.is_first and (role() == OWNER or share.person == here.id):
            st.button(
                "Take back" if share.person != here.id else "Leave", type="tertiary", key=f"unshare-{share.person}",
                on_click=_unshare, args=(project.id, share.person),
            )  # fmt: skip


def _add(project: Project) -> None:
    everybody = st.toggle("Everybody here", key="share-all", help="All who can sign in, now and later.")
    st.text_input("Address they sign in with", key="share-with", placeholder="ann@example.org", disabled=everybody)
    roles = [each for each in ROLES if not (everybody and each == OWNER)]
    st.selectbox("They may", roles, format_func=MAY.get, key="share-role")
    st.button("Share", type="primary", icon=":material/person_add:", key="share",
              on_click=_share, args=(project.id,))  # fmt: skip


def _share(project_id: int) -> None:
    asked = st.session_state  # as they are now: the address may be typed after the page was drawn
    whom = EVERYBODY if asked["share-all"] else str(asked.get("share-with") or "")
    try:
        access.share(open_store(), person(), project_id, whom, asked["share-role"])
    except LabError as error:
        asked["_share_problem"] = str(error)


def _unshare(project_id: int, whom: str) -> None:
    try:
        access.unshare(open_store(), person(), project_id, whom)
    except LabError as error:
        st.session_state["_share_problem"] = str(error)
    else:
        if whom == person().id:
            leave()
            st.session_state.pop(ROLE, None)


def _plain(name: str) -> str:
    """Return a name with nothing in it that Markdown would act upon."""
    return "".join(f"\\{sign}" if sign in r"\`*_{}[]()#+-.!|<>$:~" else sign for sign in name)
