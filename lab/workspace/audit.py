"""The audit log: who did what, when. Lines are added, never changed."""

from typing import Any

from sqlalchemy.orm import Session

from lab.workspace.store.tables import Audit


def note(
    session: Session, person: str, action: str, project_id: int | None = None, data: dict[str, Any] | None = None
) -> None:
    """Write one line, in the transaction of what it tells of: both are kept, or neither.

    Args:
        session: of the whole store; a person's store writes no such line by itself.
        person: id of who acts.
        action: one word or two, such as "share" or "sign in".
        project_id: what it was done to, or None.
        data: more of it, as JSON.
    """
    session.add(Audit(person=person, action=action, project_id=project_id, data=data or {}))
