"""The host twin on a stream: samples in as they come, the board's decisions out, hop by hop."""

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from lab.deploy.detector import Detector
from lab.deploy.events import HOP_SECONDS, MAX_HOLD_OFF_HOPS, MAX_WINDOW_HOPS, active_hops
from lab.deploy.halves import in_halves
from lab.deploy.twin import Twin
from lab.sound.features import finish
from lab.sound.features.stream import RowStream

KEPT_HOPS = MAX_HOLD_OFF_HOPS + 2 * MAX_WINDOW_HOPS
"""Codes looked back on to follow events: the longest hold-off, and twice the longest rule."""

TRIM_HOPS = 4 * KEPT_HOPS


@dataclass(frozen=True, slots=True)
class Hop:
    """One decision.

    Attributes:
        number: hop k ends at 0.032·k s of the stream.
        code: int8 of the deciding output.
        active: whether an event is on after it.
    """

    number: int
    code: int
    active: bool

    @property
    def t_s(self) -> float:
        """Return the end of the hop, in seconds of the stream."""
        return self.number * HOP_SECONDS

    @property
    def probability(self) -> float:
        """Return the code as a probability, from 0 to 255/256."""
        return (self.code + 128) / 256


class LiveTwin:
    """A detector that listens: the decisions of `Twin.hear` over all that was pushed.

    Args:
        detector: what to run.

    Raises:
        BadInput: the model does not fit the detector.
    """

    def __init__(self, detector: Detector) -> None:
        self.detector = detector
        self._twin = Twin(detector, in_halves(detector.model))
        self._stream = RowStream(detector.spec)
        self._rows = self._stream.push(np.zeros(0, np.int16))
        self._hops = 0
        self._codes = np.zeros(0, np.int8)

    def push(self, samples: NDArray[np.int16]) -> list[Hop]:
        """Return the decisions that the samples complete; none before the ring of rows is full.

        Args:
            samples: int16 at 16 kHz, shape (n,), what came since the last call.
        """
        spec = self.detector.spec
        new = self._stream.push(samples)
        self._hops += len(new) // spec.rows_per_hop
        self._rows = np.concatenate([self._rows, new])
        windows = len(self._rows) - spec.rows + 1
        decided = self._hops - spec.hops_per_window + 1 if windows > 0 else 0
        count = min(max(0, decided), len(new) // spec.rows_per_hop)
        if not count:
            return []
        views = sliding_window_view(self._rows, spec.rows, axis=0).swapaxes(1, 2)
        chosen = views[windows - 1 - (count - 1) * spec.rows_per_hop :: spec.rows_per_hop]
        self._rows = self._rows[-(spec.rows + spec.rows_per_hop) :].copy()
        return self._followed(self._twin.window_codes(finish(chosen, spec)))

    def _followed(self, new: NDArray[np.int8]) -> list[Hop]:
        self._codes = np.concatenate([self._codes, new])
        active = active_hops(self._codes, self.detector.threshold, self.detector.rule)[-len(new) :]
        first = self._hops - len(new) + 1
        if len(self._codes) > TRIM_HOPS and not active[-1]:
            self._codes = self._codes[-KEPT_HOPS:]  # while no event is on, older codes decide nothing
        return [
            Hop(first + place, int(code), bool(on)) for place, (code, on) in enumerate(zip(new, active, strict=True))
        ]
