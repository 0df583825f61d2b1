"""Deleting for good: a project with everything in it, its sounds' files too."""

from sqlalchemy import delete, select

from lab.workspace.store.store import Store
from lab.workspace.store.tables import Artifact, Clip, Project

SOUND = "wav"


def erase_project(store: Store, project_id: int) -> int:
    """Delete a project, its clips, edits, runs and jobs, and the sounds that no other project has.

    A file goes while the database is locked for writing, so that nobody adds
    the same sound in between.

    Returns:
        How many sound files went.

    Raises:
        NotAllowed: the store is a person's, who does not own the project.
    """
    store = store.beyond(project_id)  # others' projects count: a sound may be theirs as well
    with store.session() as session:
        mine = set(session.scalars(select(Clip.sha256).where(Clip.project_id == project_id)))
        session.execute(delete(Project).where(Project.id == project_id))
        used = set(session.scalars(select(Clip.sha256).where(Clip.project_id != project_id)))
        gone = sorted(mine - used)
        for sha256 in gone:
            kept = session.get(Artifact, sha256)
            if kept is not None and kept.kind == SOUND:
                session.delete(kept)
        session.flush()
        for sha256 in gone:
            store.files.remove(sha256)
    return len(gone)
