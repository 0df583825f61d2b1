"""What a detector decides on, hop by hop: the window of features, and whether a rhythm is complete."""

import numpy as np
from numpy.typing import NDArray

from lab.deploy import rhythm
from lab.sound.features import Windows, latest_windows
from lab.sound.features.rows import Rows
from lab.sound.features.spec import FeatureSpec
from lab.sound.features.stream import RowStream

Beats = NDArray[np.bool_]


class HopStream:
    """Samples in, decidable hops out; equal whether they come at once or in pieces.

    Args:
        spec: how sound becomes features.
    """

    def __init__(self, spec: FeatureSpec) -> None:
        self.spec = spec
        self.hops = 0
        self._stream = RowStream(spec)
        self._rows = self._stream.push(np.zeros(0, np.int16))
        self._tells = rhythm.can_tell(spec)
        self._levels = rhythm.levels(self._rows, spec) if self._tells else np.zeros((0, spec.bands), np.uint8)

    def push(self, samples: NDArray[np.int16]) -> tuple[Windows, Beats]:
        """Return the windows of the hops that the samples complete, and of each whether it completed a T3's rhythm.

        Args:
            samples: int16 at 16 kHz, shape (n,), what came since the last call.

        Returns:
            Windows as `features.hop_windows` gives them, none before the ring of rows is full; bool, one a window.
        """
        spec = self.spec
        new = self._stream.push(samples)
        fresh = len(new) // spec.rows_per_hop
        self.hops += fresh
        self._rows = np.concatenate([self._rows, new])
        count = max(0, min(fresh, self.hops - spec.hops_per_window + 1))
        windows = latest_windows(self._rows, spec, count)
        self._rows = self._rows[-(spec.rows + spec.rows_per_hop) :].copy()
        return windows, self._beats(new, fresh)[fresh - count :]

    def _beats(self, new: Rows, fresh: int) -> Beats:
        if not self._tells:
            return np.zeros(fresh, np.bool_)
        self._levels = np.concatenate([self._levels, rhythm.levels(new, self.spec)])
        found = rhythm.beats(self._levels, self.spec, fresh)
        self._levels = self._levels[-rhythm.LOOK_BACK :].copy()
        return found
