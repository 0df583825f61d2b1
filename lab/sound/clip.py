"""A clip: the one form in which sound travels through the lab."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """A mono recording at 16 kHz.

    Attributes:
        samples: int16, shape (n,), read-only.
        label: what is heard, such as "alarm".
        recording_id: the recording it was cut from. Clips of one recording
            never fall into different splits.
        rate_hz: samples a second.
    """

    samples: NDArray[np.int16]
    label: str
    recording_id: str
    rate_hz: int = RATE_HZ

    def __post_init__(self) -> None:
        self.samples.flags.writeable = False

    @property
    def seconds(self) -> float:
        """Length in seconds."""
        return len(self.samples) / self.rate_hz
