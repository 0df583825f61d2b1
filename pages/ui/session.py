"""Who is here, which project they work on, and the store as they have it."""

import streamlit as st

from lab.errors import LabError
from lab.workspace import access, logs
from lab.workspace.people import Person, met
from lab.workspace.store import PersonStore, Project, Store, open_store, store_of
from pages.server import identity
from pages.ui import flow

FIRST_PROJECT = "My first detector"
ROLE = "_role"


class SignedOut(LabError):
    """The sign-in ended while a page was open."""

    def __init__(self) -> None:
        super().__init__("You are signed out. Sign in again; what was saved is there.")


def require_login() -> None:
    """Let nobody past who should sign in first. Every page calls this before anything else.

    Where no way to sign in is configured, everybody is the local owner.
    """
    way, here = identity.way(), identity.person_here()
    if here is None:
        st.title("TinyML Lab")
        way.ask()
        st.stop()
    identity.remember(here)
    logs.tell_of(person=here.id)
    if way is not identity.LOCAL_WAY and st.session_state.get("_met") != here.id:
        met(open_store(), here, way.name)
        st.session_state["_met"] = here.id
    flow.join()


def person() -> Person:
    """Return who is here.

    Raises:
        SignedOut: nobody is any more. The page begins anew, and asks.
    """
    here = identity.person_here()
    if here is None:
        st.rerun()  # a fragment's or a page's run ends here; a callback goes on to
        raise SignedOut
    return here


def sign_in_configured() -> bool:
    """Whether people have to say who they are: the machine is not one person's own."""
    return identity.way() is not identity.LOCAL_WAY


def runs() -> bool:
    """Whether who runs the instance is here."""
    here = identity.person_here()
    return here is not None and here.is_admin


def owner() -> str:
    """Return whose projects are shown first, and in whose name jobs run."""
    return person().id


def store() -> PersonStore:
    """Return this instance's store as the person here has it; pages know no other."""
    return store_of(open_store(), person().id)


def instance() -> Store:
    """Return the whole store, for who runs the instance.

    Raises:
        NotAllowed: the person here does not.
    """
    if not person().is_admin:
        raise access.NotAllowed("Only who runs this instance may do that.")
    return open_store()


def role() -> str:
    """Return what the person here may do with the project in use, as the page's head found it."""
    return str(st.session_state.get(ROLE, access.VIEWER))


def may_edit() -> bool:
    """Whether the person here may change the project in use."""
    return role() != access.VIEWER


def current_project() -> Project:
    """Return the project in use: the chosen one, the address's, else the newest own one; made if there is none."""
    here, whole = person(), open_store()
    name, of = _asked(here)
    found = whole.find_project(name, of) if name else None
    given = access.role_of(whole, here, found.id) if found else None
    if found is None or given is None:
        own = whole.projects(here.id)
        found, given = (
            max(own, key=lambda each: each.id) if own else whole.project(FIRST_PROJECT, here.id),
            access.OWNER,
        )
        if name:
            st.session_state["_project_problem"] = f"{access.NO_PROJECT} This is “{found.name}”."
    _use(found, given)
    return found


def _asked(here: Person) -> tuple[str, str]:
    """Return the name and the owner's id of the project that is asked for; no name for none."""
    for asked in (st.session_state, st.query_params):
        if asked.get("project"):
            return str(asked["project"]), str(asked.get("of") or here.id)
    return "", here.id


def _use(project: Project, given: str) -> None:
    st.session_state["project"], st.session_state["of"], st.session_state[ROLE] = project.name, project.owner, given
    logs.tell_of(project=project.id)


def leave() -> None:
    """Work on no project in particular: the one in use is gone."""
    for name in ("project", "of"):
        st.session_state.pop(name, None)
        st.query_params.pop(name, None)


def pick_project() -> Project:
    """Draw the project picker, which also makes new ones, and return the project in use."""
    current = current_project()
    titles = _titles()
    st.session_state["_project_pick"] = next(title for title, each in titles.items() if each.id == current.id)
    st.selectbox(
        "Project", list(titles), key="_project_pick", on_change=_picked, accept_new_options=True,
        help="Choose a project, or type a new name and press Enter to make one.",
    )  # fmt: skip
    st.query_params["project"] = current.name  # survives a refresh
    if current.owner != owner():
        st.query_params["of"] = current.owner
    else:
        st.query_params.pop("of", None)
    return current


def tell_problem() -> None:
    """Say, once, why the project that was asked for is not the one in use."""
    if problem := st.session_state.pop("_project_problem", None):
        st.error(problem)


def _titles() -> dict[str, Project]:
    """Return the projects that the person here may open, by what the picker calls them: others' after their owner."""
    here, whole = person(), open_store()
    rows = access.visible(whole, here)
    names = access.names_of(whole, sorted({row.owner for row in rows}))
    titles = {row.name: row for row in rows if row.owner == here.id}
    for row in rows:
        if row.owner != here.id:
            title = f"{row.name} · {names[row.owner]}"
            titles[title if title not in titles else f"{title} · {row.owner}"] = row
    return titles


def _picked() -> None:
    picked = st.session_state["_project_pick"] or ""
    try:
        known = _titles().get(picked)
        made = known or store().project(picked, owner())
        st.session_state["project"], st.session_state["of"] = made.name, made.owner
    except LabError as error:
        st.session_state["_project_problem"] = str(error)
