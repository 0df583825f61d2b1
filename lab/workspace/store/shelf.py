"""A project's clips a page at a time: filtered, sorted and counted by the database."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Text, and_, case, cast, func, or_, select

from lab.workspace.store.store import Store
from lab.workspace.store.tables import Clip

SILENT_PEAK = 0.001
"""Of full scale: -60 dBFS. The board's features hold nothing below."""
SHORT_S = 1.0
"""Less than one window."""
NO_LABEL = ""
SORTS = {
    "added": Clip.id, "name": func.lower(Clip.name), "label": Clip.label, "length": Clip.seconds, "peak": Clip.peak,
    "source": Clip.source, "licence": Clip.licence, "recording": Clip.recording_id,
}  # fmt: skip
WARNINGS: dict[str, ColumnElement[bool]] = {
    "clipped": Clip.clipped > 0,
    "silent": Clip.peak < SILENT_PEAK,
    "too short": Clip.seconds < SHORT_S,
}


@dataclass(frozen=True, slots=True)
class Search:
    """Which clips to show, and in which order.

    Attributes:
        text: is in the name, source, licence, recording or notes, in any case.
        labels: any of these; empty for all.
        warnings: any of WARNINGS; empty for all.
        sort: one of SORTS.
        descending: the greatest first.
    """

    text: str = ""
    labels: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    sort: str = "added"
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of all clips of a project together.

    Attributes:
        count: clips.
        seconds: their length.
        recordings: how many recordings they come from.
        warnings: clips by warning, those with none left out.
    """

    count: int
    seconds: float
    recordings: int
    warnings: dict[str, int]


def warnings_of(clip: Clip) -> list[str]:
    """Return what a person should know before training on a clip."""
    found = {
        "clipped": clip.clipped > 0, "silent": clip.peak < SILENT_PEAK, "too short": clip.seconds < SHORT_S,
    }  # fmt: skip
    return [name for name, holds in found.items() if holds]


def page(store: Store, project_id: int, search: Search, start: int, count: int) -> tuple[Sequence[Clip], int]:
    """Return some of the clips that a search finds, and how many it finds.

    Args:
        store: where.
        project_id: whose.
        search: which, and their order.
        start: first of them, from 0.
        count: at most so many.
    """
    which = _which(project_id, search)
    order = SORTS[search.sort]
    ordered = order.desc() if search.descending else order.asc()
    query = select(Clip).where(which).order_by(ordered, Clip.id).offset(start).limit(count)
    with store.session() as session:
        total = session.scalar(select(func.count()).select_from(Clip).where(which)) or 0
        return session.scalars(query).all(), total


def found_ids(store: Store, project_id: int, search: Search) -> list[int]:
    """Return the numbers of all clips that a search finds."""
    with store.session() as session:
        return list(session.scalars(select(Clip.id).where(_which(project_id, search)).order_by(Clip.id)))


def facts(store: Store, project_id: int) -> Facts:
    """Count a project's clips, seconds, recordings and warnings."""
    counts = [func.sum(case((holds, 1), else_=0)) for holds in WARNINGS.values()]
    query = select(
        func.count(), func.coalesce(func.sum(Clip.seconds), 0.0), func.count(Clip.recording_id.distinct()), *counts
    ).where(_which(project_id, Search()))
    with store.session() as session:
        count, seconds, recordings, *warned = session.execute(query).one()
    warnings = {name: int(number) for name, number in zip(WARNINGS, warned, strict=True) if number}
    return Facts(count, float(seconds), recordings, warnings)


def _which(project_id: int, search: Search) -> ColumnElement[bool]:
    parts: list[ColumnElement[bool]] = [Clip.project_id == project_id, Clip.deleted.is_(None)]
    if search.labels:
        parts.append(Clip.label.in_(search.labels))
    if search.warnings:
        parts.append(or_(*(WARNINGS[name] for name in search.warnings)))
    if search.text.strip():
        words = search.text.strip()
        fields = (Clip.name, Clip.source, Clip.licence, Clip.recording_id, cast(Clip.notes, Text))
        parts.append(or_(*(field.icontains(words, autoescape=True) for field in fields)))
    return and_(*parts)
