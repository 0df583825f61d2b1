"""How long and how fast a stage learns."""

from dataclasses import dataclass
from math import exp

from lab.errors import BadInput

DECAY = exp(-0.1)


@dataclass(frozen=True, slots=True)
class Schedule:
    """One stage of training.

    Attributes:
        stage: its name, in the history and on the page.
        epochs: at most this many.
        rate: Adam's learning rate.
        decay_after: from this epoch on the rate falls by e^-0.1 each epoch; 0 is never.
        patience: stop after so many epochs without a better validation loss; 0 is never.
        batch: windows a step.
        cosine: let the rate fall to nothing along a half cosine instead.
    """

    stage: str
    epochs: int
    rate: float
    decay_after: int = 0
    patience: int = 0
    batch: int = 32
    cosine: bool = False

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 1 or not 0 < self.rate <= 1:
            raise BadInput(
                f"Cannot train {self.epochs} epochs of batches of {self.batch} at rate {self.rate}; "
                "choose at least 1, at least 1, and a rate over 0 up to 1."
            )

    def decayed(self, epoch: int, rate: float) -> float:
        """Return the rate for an epoch, counted from 0, given the last one's."""
        return rate * DECAY if self.decay_after and epoch >= self.decay_after else rate


BASELINE = Schedule("baseline", epochs=250, rate=1e-3, decay_after=100, patience=25)
HEAD = Schedule("head", epochs=25, rate=1e-2, decay_after=10, patience=5)
ALL_LAYERS = Schedule("all layers", epochs=10, rate=1e-4)
OWN = Schedule("own recordings", epochs=25, rate=1e-4)
"""The article's four stages."""
