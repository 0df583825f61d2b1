"""Who is here, and which project they work on."""

import streamlit as st

from lab.errors import LabError
from lab.workspace.people import LOCAL, Person
from lab.workspace.store import Project, Store, open_store
from pages.ui import flow

FIRST_PROJECT = "My first detector"


def require_login() -> None:
    """Let nobody past who should sign in first. Every page calls this before anything else.

    Where no sign-in is configured (no [auth] among the secrets), everybody is the local owner.
    """
    if sign_in_configured() and not st.user.is_logged_in:
        st.title("TinyML Lab")
        st.write("Please sign in to reach your projects.")
        st.button("Sign in", type="primary", on_click=st.login)
        st.stop()
    flow.join()


def person() -> Person:
    """Return who is here."""
    if not sign_in_configured():
        return LOCAL
    name = str(st.user.get("email") or st.user.get("sub"))
    return Person(name, str(st.user.get("name") or name))


def sign_in_configured() -> bool:
    """Whether the secrets name an identity provider."""
    return st.secrets.load_if_toml_exists() and "auth" in st.secrets


def owner() -> str:
    """Return whose projects are shown."""
    return person().id


def store() -> Store:
    """Return this instance's store."""
    return open_store()


def current_project() -> Project:
    """Return the project in use: the chosen one, the address's, else the newest; made if there is none."""
    wanted = st.session_state.get("project") or st.query_params.get("project")
    found = store().find_project(wanted, owner()) if wanted else None
    if found is None:
        projects = store().projects(owner())
        found = max(projects, key=lambda each: each.id) if projects else store().project(FIRST_PROJECT, owner())
    st.session_state["project"] = found.name
    return found


def pick_project() -> Project:
    """Draw the project picker, which also makes new ones, and return the project in use."""
    current = current_project()
    names = [each.name for each in store().projects(owner())]
    st.session_state["_project_pick"] = current.name
    st.selectbox(
        "Project", names, key="_project_pick", on_change=_picked, accept_new_options=True,
        help="Choose a project, or type a new name and press Enter to make one.",
    )  # fmt: skip
    if problem := st.session_state.pop("_project_problem", None):
        st.error(problem)
    st.query_params["project"] = current.name  # survives a refresh
    return current


def _picked() -> None:
    try:
        st.session_state["project"] = store().project(st.session_state["_project_pick"] or "", owner()).name
    except LabError as error:
        st.session_state["_project_problem"] = str(error)
