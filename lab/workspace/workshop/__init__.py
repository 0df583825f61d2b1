"""A workshop: many people at one lab for some hours, each with a place of their own and no sign-in."""

from lab.workspace.workshop.places import Place, join, places_of, return_to
from lab.workspace.workshop.state import Workshop, begin, change, current, end, is_on

__all__ = [
    "Place", "Workshop", "begin", "change", "current", "end", "is_on", "join", "places_of", "return_to",
]  # fmt: skip
