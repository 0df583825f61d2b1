"""What of a store one person may see and change: rules that every query and every change of theirs passes.

A person's store (`PersonStore`) opens guarded sessions only. There

- a SELECT finds rows of projects that the person may view,
- an UPDATE or DELETE finds rows of those that they may edit (projects and members: of those that they own),
- a new or changed row must belong to a project that they may edit, else `NotAllowed`,
- anything that is no statement on the tables, such as plain SQL, is a defect and raises.

So a function of the lab, given a person's store, cannot reach past it, whatever numbers it is asked for.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, or_, select, true
from sqlalchemy.engine import Engine
from sqlalchemy.event import listens_for
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction, sessionmaker, with_loader_criteria
from sqlalchemy.orm.attributes import get_history

from lab.errors import LabError
from lab.workspace.store.tables import (
    Artifact,
    Audit,
    Base,
    Clip,
    Edit,
    Holder,
    Job,
    JobEvent,
    Known,
    Member,
    Project,
    Run,
    Serving,
)  # fmt: skip

VIEWER, EDITOR, OWNER = "viewer", "editor", "owner"
ROLES = (VIEWER, EDITOR, OWNER)
"""Each may all that those before it may."""
EVERYBODY = "*"
NO_PROJECT = "There is no such project, or it is not shared with you."
ONLY_LOOK = "This project is shared with you to look and listen. Ask its owner to let you change it."
ONLY_OWNER = "Only an owner of this project may do that."
_PROJECTS, _MEMBERS, _CLIPS = Project.__table__, Member.__table__, Clip.__table__
_JOBS, _HOLDERS = Job.__table__, Holder.__table__


class NotAllowed(LabError):
    """The person's role in the project is not enough; also where the project does not exist."""


def projects_of(person: str, least: str) -> Select[Any]:
    """Return a query for the numbers of projects in which a person has a role, or a greater one."""
    enough = ROLES[ROLES.index(least) :]
    shared = select(_MEMBERS.c.project_id).where(
        _MEMBERS.c.person.in_((person, EVERYBODY)), _MEMBERS.c.role.in_(enough)
    )
    return select(_PROJECTS.c.id).where(or_(_PROJECTS.c.owner == person, _PROJECTS.c.id.in_(shared)))


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """A person's rules.

    Attributes:
        person: their id.
        seen: what a SELECT finds, as options of the statement.
        changed: what an UPDATE or DELETE finds.
    """

    person: str
    seen: tuple[Any, ...]
    changed: tuple[Any, ...]


def guard(person: str) -> Guard:
    """Return the rules for a person."""
    viewed, edited, owned = (projects_of(person, role) for role in ROLES)
    seen = {
        Project: Project.id.in_(viewed), Member: Member.project_id.in_(viewed), Artifact: _readable(person, viewed),
        Clip: Clip.project_id.in_(viewed), Edit: Edit.project_id.in_(viewed), Run: Run.project_id.in_(viewed),
        Job: _jobs(Job, person, viewed),
        JobEvent: JobEvent.job_id.in_(select(_JOBS.c.id).where(_jobs(_JOBS.c, person, viewed))),
        Known: Known.id == person, Audit: Audit.person == person, Holder: false(), Serving: true(),
    }  # fmt: skip
    changed = {
        Project: Project.id.in_(owned), Member: Member.project_id.in_(owned),
        Clip: Clip.project_id.in_(edited), Edit: Edit.project_id.in_(edited), Run: Run.project_id.in_(edited),
        Job: _jobs(Job, person, edited),
        **dict.fromkeys((JobEvent, Artifact, Known, Audit, Holder, Serving), false()),
    }  # fmt: skip
    return Guard(person, _options(seen), _options(changed))


def _options(rules: dict[type[Base], ColumnElement[bool]]) -> tuple[Any, ...]:
    if rules.keys() != {mapper.class_ for mapper in Base.registry.mappers}:
        raise RuntimeError("Each table needs a rule of who may see and change its rows.")
    return tuple(
        with_loader_criteria(table, rule, include_aliases=True, propagate_to_loaders=False)  # rows stay plain to copy
        for table, rule in rules.items()
    )


def _jobs(columns: Any, person: str, projects: Select[Any]) -> ColumnElement[bool]:
    """Return the rule for jobs: of these projects, or the person's own that belong to none."""
    return or_(columns.project_id.in_(projects), and_(columns.project_id.is_(None), columns.owner == person))


def _readable(person: str, projects: Select[Any]) -> ColumnElement[bool]:
    """Return the rule for files: sounds of these projects, what was made for one of them or for the person."""
    held = or_(_HOLDERS.c.person == person, _HOLDERS.c.project_id.in_(projects))
    return or_(
        exists().where(_HOLDERS.c.sha256 == Artifact.sha256, held),
        exists().where(_CLIPS.c.sha256 == Artifact.sha256, _CLIPS.c.project_id.in_(projects)),
    )


class GuardedSession(Session):
    """A session under a person's rules, which its `info` holds as "guard"."""


def guarded_sessions(engine: Engine, rules: Guard) -> sessionmaker[GuardedSession]:
    """Return what opens sessions under a person's rules."""
    return sessionmaker(engine, class_=GuardedSession, expire_on_commit=False, info={"guard": rules})


@listens_for(GuardedSession, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    """Let a statement find only what the person may see, or change."""
    if state.is_column_load or state.is_relationship_load:  # of a row that was found already
        return
    rules: Guard = state.session.info["guard"]
    if state.is_orm_statement and state.is_select:
        state.statement = state.statement.options(*rules.seen)
    elif state.is_orm_statement and (state.is_update or state.is_delete):
        state.statement = state.statement.options(*rules.changed)
    else:
        raise RuntimeError("A person's store takes statements on its tables only.")


@listens_for(GuardedSession, "before_flush")
def _refuse(session: Session, _: UOWTransaction, __: Any) -> None:
    """Refuse new and changed rows of projects in which the person's role is not enough."""
    for row in (*session.new, *(row for row in session.dirty if session.is_modified(row)), *session.deleted):
        _check(session, row)


def _check(session: Session, row: Any) -> None:
    person = session.info["guard"].person
    if isinstance(row, Project) and row in session.new:
        if row.owner != person:
            raise NotAllowed("A project is made by who owns it.")
        return
    if isinstance(row, Job) and row.project_id is None and row.owner == person:
        return
    if not isinstance(row, (Project, Member, Clip, Edit, Run, Job)):
        raise RuntimeError(f"A person's store writes no {type(row).__name__} by itself.")
    if isinstance(row, Job) and row in session.new and row.owner != person:
        raise NotAllowed("A job is asked for by who owns it.")
    if isinstance(row, Project):
        require(session, person, row.id, OWNER)
        return
    for project_id in {row.project_id, *(get_history(row, "project_id").deleted or ())}:
        require(session, person, project_id, OWNER if isinstance(row, Member) else EDITOR)


def role_in(session: Session, person: str, project_id: int | None) -> str | None:
    """Return a person's greatest role in a project, or None."""
    connection = session.connection()
    owner = connection.execute(select(_PROJECTS.c.owner).where(_PROJECTS.c.id == project_id)).scalar()
    if owner is None or owner == person:
        return owner and OWNER
    given = select(_MEMBERS.c.role).where(
        _MEMBERS.c.project_id == project_id, _MEMBERS.c.person.in_((person, EVERYBODY))
    )
    return max(connection.execute(given).scalars(), key=ROLES.index, default=None)


def require(session: Session, person: str, project_id: int | None, least: str) -> str:
    """Return a person's role in a project.

    Raises:
        NotAllowed: it is less than `least`. A project that is not there answers as one that is not shared.
    """
    role = role_in(session, person, project_id)
    if role is None:
        raise NotAllowed(NO_PROJECT)
    if ROLES.index(role) < ROLES.index(least):
        raise NotAllowed(ONLY_OWNER if least == OWNER else ONLY_LOOK)
    return role
