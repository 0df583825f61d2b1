"""What a search of the tree is for: an accuracy floor, and as few bytes or cycles as wanted."""

from dataclasses import dataclass
from typing import Any

from lab.errors import BadInput

MEASURES = {"gzip_bytes": "gzip bytes", "flash_bytes": "flash bytes", "cycles": "cycles"}
"""What can be held small, and how sentences say it. Bytes of the .tflite itself do not fall: zeros are stored."""
MAX_TRIALS = 30
WORTH = 10.0
"""A point of accuracy that is missing weighs as much as so many percent too many bytes or cycles."""


@dataclass(frozen=True, slots=True)
class Goal:
    """A floor and a ceiling.

    Attributes:
        floor: least INT8 accuracy, a share.
        measure: one of MEASURES.
        ceiling: at most so many of them; None asks for the smallest that trials find.
        trials: settings tried at each level of the tree, at most.
    """

    floor: float
    measure: str = "gzip_bytes"
    ceiling: float | None = None
    trials: int = 5

    def __post_init__(self) -> None:
        if not 0 < self.floor <= 1:
            raise BadInput(f"A floor of {self.floor:g} cannot be; choose a share over 0 and up to 1, such as 0.9.")
        if self.measure not in MEASURES:
            raise BadInput(f"There is no measure {self.measure!r}; there are {', '.join(MEASURES)}.")
        if self.ceiling is not None and self.ceiling < 1:
            raise BadInput(f"A ceiling of {self.ceiling:g} {self.unit} cannot be; choose 1 or more.")
        if not 1 <= self.trials <= MAX_TRIALS:
            raise BadInput(f"{self.trials} trials cannot be; choose 1 to {MAX_TRIALS}.")

    @property
    def unit(self) -> str:
        """Return the measure in words."""
        return MEASURES[self.measure]

    def accurate(self, accuracy: float) -> bool:
        """Whether an accuracy reaches the floor."""
        return accuracy >= self.floor

    def small(self, amount: float) -> bool:
        """Whether an amount is within the ceiling; without one, everything is."""
        return self.ceiling is None or amount <= self.ceiling

    def distance(self, accuracy: float, amount: float, usual: float) -> float:
        """Return how far from the goal a file is: less is better, and below 0 with a ceiling it is met.

        Args:
            accuracy: of the file.
            amount: of the measure.
            usual: amount of plain PTQ, which stands for the ceiling where there is none.
        """
        short = max(0.0, self.floor - accuracy) * WORTH
        if self.ceiling is None:
            return short + amount / usual + (1.0 if short else 0.0)
        return short + max(0.0, amount / self.ceiling - 1)

    def told(self) -> str:
        """Return the goal as part of a sentence."""
        floor = f"at least {self.floor:.1%}"
        if self.ceiling is None:
            return f"{floor} in as few {self.unit} as can be"
        return f"{floor} in at most {self.ceiling:,.0f} {self.unit}"

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able description."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Goal":
        """Read a description.

        Raises:
            BadInput: a field is unknown, missing or impossible.
        """
        try:
            return cls(**data)
        except TypeError as error:
            raise BadInput(f"The goal cannot be read: {error}.") from error
