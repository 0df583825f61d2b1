"""Changes of clips that can be undone, also after a reload: a journal of what was before.

Nothing is ever lost by an edit. A clip that is deleted, moved or trimmed is
hidden; its samples stay. Each edit keeps, for every row it touched, the fields
as they were; a row that it made is hidden again by undo.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from lab.errors import BadInput
from lab.workspace.store.store import Store, required
from lab.workspace.store.tables import Clip, Edit, now

COPIED = (
    "sha256", "name", "label", "recording_id", "seconds", "peak", "source", "licence", "notes", "clipped", "fold",
    "segments",
)  # fmt: skip
MOST_IDS = 500
"""Numbers in one statement: SQLite takes 32,766 values, older ones 999."""


def relabel(store: Store, project_id: int, clip_ids: Sequence[int], label: str) -> int:
    """Give clips of a project another label; return how many changed."""
    return _change(store, project_id, clip_ids, {"label": label}, f"labelled “{label}”")


def remove(store: Store, project_id: int, clip_ids: Sequence[int]) -> int:
    """Take clips out of a project; return how many went."""
    return _change(store, project_id, clip_ids, {"deleted": now()}, "deleted")


def set_segments(store: Store, project_id: int, clip_id: int, segments: list[dict[str, Any]]) -> None:
    """Note where in a clip something is heard: rows of start_s, end_s and label."""
    _change(store, project_id, [clip_id], {"segments": segments}, "given other segments")


def move(store: Store, project_id: int, clip_ids: Sequence[int], to_id: int) -> int:
    """Move clips to another project; one that is there already is only taken out here.

    Returns:
        How many were moved.

    Raises:
        BadInput: to the same project.
    """
    if to_id == project_id:
        raise BadInput("These sounds are in that project already; choose another.")
    with store.session() as session:
        clips = _clips(session, project_id, clip_ids)
        before = [_hide(clip) for clip in clips]
        before += _put(session, to_id, [{name: getattr(clip, name) for name in COPIED} for clip in clips])
        _note(session, project_id, len(clips), "moved", before)
    return len(clips)


def replace(store: Store, project_id: int, clip_ids: Sequence[int], made: Iterable[dict[str, Any]], said: str) -> int:
    """Put new clips into a project and hide others, as one edit: trimming and cutting.

    Args:
        store, project_id: where.
        clip_ids: what goes; may be none.
        made: the new clips' fields, named as in COPIED; their files are artifacts already.
        said: what happened to them, such as "cut".

    Returns:
        How many clips are new.
    """
    with store.session() as session:
        before = [_hide(clip) for clip in _clips(session, project_id, clip_ids)]
        kept = len(before)
        before += _put(session, project_id, list(made))
        count = len(before) - kept
        _note(session, project_id, max(count, kept), said, before)
    return count


def newest(store: Store, project_id: int) -> Edit | None:
    """Return the edit that undo would take back, or None."""
    query = select(Edit).where(Edit.project_id == project_id, Edit.undone.is_(None)).order_by(Edit.id.desc()).limit(1)
    with store.session() as session:
        return session.scalar(query)


def undo(store: Store, edit_id: int) -> bool:
    """Take an edit back; return False where another tab was faster."""
    with store.session() as session:
        marked = session.execute(update(Edit).where(Edit.id == edit_id, Edit.undone.is_(None)).values(undone=now()))
        if not marked.rowcount:  # type: ignore[attr-defined]
            return False
        before = required(session.get(Edit, edit_id)).before
        clips = {clip.id: clip for clip in _found(session, Clip.id, [fields["id"] for fields in before])}
        for fields in reversed(before):
            if clip := clips.get(fields["id"]):
                for name, value in fields.items():
                    setattr(clip, name, now() if (name, value) == ("deleted", True) else value)
    return True


def _change(store: Store, project_id: int, clip_ids: Sequence[int], values: dict[str, Any], said: str) -> int:
    with store.session() as session:
        clips = _clips(session, project_id, clip_ids)
        before = []
        for clip in clips:
            before.append({"id": clip.id, **{name: getattr(clip, name) for name in values}})
            for name, value in values.items():
                setattr(clip, name, value)
        _note(session, project_id, len(clips), said, before)
    return len(clips)


def _clips(session: Session, project_id: int, clip_ids: Sequence[int]) -> list[Clip]:
    """Return those of the clips that are in the project now."""
    return _found(session, Clip.id, clip_ids, Clip.project_id == project_id, Clip.deleted.is_(None))


def _found(
    session: Session, column: InstrumentedAttribute[Any], values: Sequence[Any], *which: ColumnElement[bool]
) -> list[Clip]:
    """Return clips by the values of a column; asks for a few hundred at a time."""
    found: list[Clip] = []
    for start in range(0, len(values), MOST_IDS):
        found += session.scalars(select(Clip).where(*which, column.in_(values[start : start + MOST_IDS])))
    return found


def _hide(clip: Clip) -> dict[str, Any]:
    clip.deleted = now()
    return {"id": clip.id, "deleted": None}


def _put(session: Session, project_id: int, made: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Make clips, or bring back hidden ones of the same samples; return what undo sets."""
    there = _found(session, Clip.sha256, [fields["sha256"] for fields in made], Clip.project_id == project_id)
    by_sha256, before, new = {clip.sha256: clip for clip in there}, [], []
    for fields in made:
        found = by_sha256.get(fields["sha256"])
        if found is None:
            session.add(clip := Clip(project_id=project_id, **fields))
            by_sha256[fields["sha256"]] = clip
            new.append(clip)
        elif found.deleted is not None:
            before.append({"id": found.id, "deleted": True, **{name: getattr(found, name) for name in COPIED}})
            for name, value in {**fields, "deleted": None}.items():
                setattr(found, name, value)
    session.flush()
    return before + [{"id": clip.id, "deleted": True} for clip in new]


def _note(session: Session, project_id: int, count: int, said: str, before: list[dict[str, Any]]) -> None:
    if before:
        text = f"{count} sound{'' if count == 1 else 's'} {said}."
        session.add(Edit(project_id=project_id, said=text[:300], before=before))
