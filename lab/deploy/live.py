"""The host twin on a stream: samples in as they come, the board's decisions out, hop by hop."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab.deploy.detector import Detector
from lab.deploy.events import HOP_SECONDS, MAX_HOLD_OFF_HOPS, MAX_WINDOW_HOPS, active_hops
from lab.deploy.halves import in_halves
from lab.deploy.hops import Beats, HopStream
from lab.deploy.twin import Twin

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
        beat: whether it completed a T3's rhythm.
    """

    number: int
    code: int
    active: bool
    beat: bool = False

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
        self._hops = HopStream(detector.spec)
        self._codes, self._beats = np.zeros(0, np.int8), np.zeros(0, np.bool_)

    def push(self, samples: NDArray[np.int16]) -> list[Hop]:
        """Return the decisions that the samples complete; none before the ring of rows is full.

        Args:
            samples: int16 at 16 kHz, shape (n,), what came since the last call.
        """
        windows, beats = self._hops.push(samples)
        return self._followed(self._twin.window_codes(windows), beats) if len(windows) else []

    def _followed(self, new: NDArray[np.int8], beats: Beats) -> list[Hop]:
        self._codes, self._beats = np.concatenate([self._codes, new]), np.concatenate([self._beats, beats])
        active = active_hops(self._codes, self.detector.threshold, self.detector.rule, self._beats)[-len(new) :]
        first = self._hops.hops - len(new) + 1
        if len(self._codes) > TRIM_HOPS and not active[-1]:
            # while no event is on, older codes decide nothing
            self._codes, self._beats = self._codes[-KEPT_HOPS:], self._beats[-KEPT_HOPS:]
        return [
            Hop(first + place, int(code), bool(on), bool(beat))
            for place, (code, on, beat) in enumerate(zip(new, active, beats, strict=True))
        ]
