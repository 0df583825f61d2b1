"""What one attempt brings."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Offer:
    """One hostile thing and the door that it goes to.

    Attributes:
        name: what it is, in words; unique.
        door: a name in `doors.DOORS`.
        files: name → bytes, laid in a folder of its own; the first is what the door is given.
        text: a label or name that goes with it.
        slow: whether a door that brings TensorFlow, or unpacks a lot, is needed; left out of quick runs.
    """

    name: str
    door: str
    files: Mapping[str, bytes] = field(repr=False)
    text: str = ""
    slow: bool = False
