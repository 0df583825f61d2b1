"""The last seconds of a stream: what was heard, how it looks, and what the twin decided."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.deploy.detector import Detector
from lab.deploy.live import Hop, LiveTwin
from lab.sound.clip import RATE_HZ
from lab.sound.features import DEFAULT, HOP_LEN
from lab.sound.features.stream import RowStream

SIGHT = DEFAULT.but(name="sight", pool_bins=2, pool_frames=2, rows=62, compression="log2", steps=14.0)
"""What the page draws: 64 bands, a column each 16 ms."""

KEPT_S = 12
"""How much of its look stays."""

SOUND_S = 60
"""How much of the sound and of the decisions stays: a false alarm is often told of late."""

FULL_SCALE = 32_768


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """The newest stretch of what was heard, for a page to draw.

    Attributes:
        stream: number of the stream; a new one starts its hops at 1.
        hop: number of the newest hop.
        rows: uint8, shape (n, 64), the newest last, two a hop.
        peaks: greatest magnitude of each of those hops, 0 to 1.
        hops: the twin's decisions among them.
        age_s: since the newest hop was computed.
    """

    stream: int
    hop: int
    rows: NDArray[np.uint8]
    peaks: tuple[float, ...]
    hops: tuple[Hop, ...]
    age_s: float


class Recent:
    """Remembers the last seconds of one stream, hop by hop. Not safe for threads by itself.

    Args:
        stream: its number.
        detector: whose twin decides; None only looks.
    """

    def __init__(self, stream: int, detector: Detector | None) -> None:
        self.hop = 0
        self._stream = stream
        self._view = RowStream(SIGHT)
        self._twin = LiveTwin(detector) if detector else None
        self._twin_from = 0
        self._rows = _ring(KEPT_S)
        self._peaks = _ring(KEPT_S)
        self._hops = _ring(SOUND_S)
        self._sound = _ring(SOUND_S)
        self._rest: NDArray[np.int16] = np.zeros(0, np.int16)

    def listen_with(self, detector: Detector) -> None:
        """Let another detector's twin decide from the next hop on."""
        self._twin = LiveTwin(detector)
        self._twin.push(self._rest)  # on the stream's own grid of hops
        self._hops.clear()
        self._twin_from = self.hop

    def push(self, samples: NDArray[np.int16]) -> None:
        """Hear more samples."""
        rows = self._view.push(samples).astype(np.uint8).reshape(-1, SIGHT.rows_per_hop, SIGHT.bands)
        whole = np.concatenate([self._rest, samples])
        for place, row in enumerate(rows):
            part = whole[place * HOP_LEN : (place + 1) * HOP_LEN]
            self._rows.append(row)
            self._sound.append(part)
            self._peaks.append(round(float(np.abs(part.astype(np.int32)).max()) / FULL_SCALE, 4))
        self.hop += len(rows)
        if self._twin:
            self._hops.extend(replace(hop, number=hop.number + self._twin_from) for hop in self._twin.push(samples))
        self._rest = whole[len(rows) * HOP_LEN :]

    def sight(self, seconds: float, age_s: float) -> Sight:
        """Return the newest stretch; `age_s` is told along with it."""
        count = min(round(seconds * RATE_HZ / HOP_LEN), len(self._peaks))
        rows = np.concatenate([np.zeros((0, SIGHT.bands), np.uint8), *_last(self._rows, count)])
        hops = tuple(hop for hop in self._hops if hop.number > self.hop - count)
        return Sight(self._stream, self.hop, rows, tuple(_last(self._peaks, count)), hops, age_s)

    def last(self, seconds: float, ago_s: float = 0.0) -> tuple[NDArray[np.int16], tuple[Hop, ...]]:
        """Return the seconds that ended so long ago, samples and decisions; less where less is known."""
        count, ago = int(seconds * RATE_HZ), round(ago_s * RATE_HZ / HOP_LEN)
        end = max(0, len(self._sound) - ago)
        parts = islice(self._sound, max(0, end - -(-count // HOP_LEN)), end)
        whole = np.concatenate([np.zeros(0, np.int16), *parts])
        newest = self.hop - ago
        hops = [hop for hop in self._hops if newest - count // HOP_LEN < hop.number <= newest]
        return whole[-count:], tuple(hops)


def _ring(seconds: int) -> "deque[Any]":
    return deque(maxlen=seconds * RATE_HZ // HOP_LEN)


def _last(ring: "deque[Any]", count: int) -> Sequence[Any]:
    return list(ring)[len(ring) - count :]
