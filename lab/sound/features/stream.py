"""The rows of a stream as it comes, the same bits as of the whole."""

import numpy as np
from numpy.typing import NDArray

from lab.sound.features.rows import Rows, band_sums, codes, frames_of
from lab.sound.features.spec import HOP_LEN, FeatureSpec


class RowStream:
    """Samples in, feature rows out, a hop of 512 samples at a time.

    Args:
        spec: how sound becomes numbers.

    What it returns, one after another, is `hop_rows` of all samples.
    """

    def __init__(self, spec: FeatureSpec) -> None:
        self.spec = spec
        self._history = np.zeros(spec.frame_len - spec.frame_step, np.int16)
        self._held = np.zeros(0, np.int16)

    def push(self, samples: NDArray[np.int16]) -> Rows:
        """Return the rows of the hops that are full now, shape (n · rows_per_hop, bands).

        Args:
            samples: int16 at 16 kHz, shape (n,), what came since the last call.
        """
        spec = self.spec
        held = np.concatenate([self._held, samples])
        whole = len(held) // HOP_LEN * HOP_LEN
        reach = np.concatenate([self._history, held[:whole]])
        self._held = held[whole:]
        self._history = reach[len(reach) - len(self._history) :].copy()
        sums = band_sums(frames_of(reach, spec)[: whole // spec.frame_step], spec)
        return codes(sums.reshape(-1, spec.pool_frames, spec.bands).sum(axis=1, dtype=np.uint32), spec)
