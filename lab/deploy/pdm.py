"""Sound as a PDM microphone's words, and what the board hears of them."""

import numpy as np
from numpy.typing import NDArray

from lab.sound.features.core import decimate, modulate

__all__ = ["capture", "decimate", "modulate"]


def capture(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return the samples that the board's firmware has after its PDM microphone heard some sound.

    Args:
        samples: int16 at 16 kHz, shape (n,).

    Returns:
        int16 at 16 kHz, shape (n,): modulated and decimated, bit for bit as on the virtual board.

    Raises:
        Missing: no C compiler on this machine.
    """
    return decimate(modulate(samples))
