"""From a microphone's frames to clips: 16 kHz, mono, int16, and every gap accounted for.

A browser sends 48 kHz stereo in frames of 20 ms, each with the time of its
first sample. Where a frame is missing, silence of its length takes its place,
so that what follows stays in time, and the gap is told.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import BadInput
from lab.sound.clip import RATE_HZ, Clip

Samples = NDArray[np.int16]
LONGEST_FILL_S = 10
"""A longer silence is told, but not filled: nobody records a pause of minutes."""

USABLE_S = 1.0
"""A shorter rest gives no window to learn from."""

CLIP_S = (1.0, 10.0)


@dataclass(frozen=True, slots=True)
class Gap:
    """Sound that never came: where in the stream, and how much, in samples at 16 kHz."""

    at: int
    missing: int


@dataclass(frozen=True, slots=True)
class Tally:
    """How much of a stream came.

    Attributes:
        received: samples at 16 kHz that came.
        expected: samples that should have come by the clock.
        gaps: holes by the sender's own time stamps, oldest first.
    """

    received: int = 0
    expected: int = 0
    gaps: tuple[Gap, ...] = ()

    @property
    def missing(self) -> int:
        """Return the samples within gaps."""
        return sum(gap.missing for gap in self.gaps)

    @property
    def share(self) -> float:
        """Return received / expected, at most 1."""
        return min(1.0, self.received / self.expected) if self.expected else 1.0


class Intake:
    """Frames of any rate and layout in, samples out.

    Args:
        clock: seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        import av

        self._resampler = av.AudioResampler("s16", "mono", RATE_HZ)
        self._clock = clock
        self._next: Fraction | None = None
        self._first_s = 0.0
        self._given = self._filled = 0
        self.tally = Tally()

    def take(self, frame: Any) -> Samples:
        """Return what a frame adds, silence for a gap before it included.

        Args:
            frame: an av.AudioFrame with its time stamp.

        Returns:
            int16 at 16 kHz, shape (n,).
        """
        missing = self._missing_s(frame)
        silence = self._silence(frame, missing) if missing else np.zeros(0, np.int16)
        frame.pts = None  # the resampler would compare time stamps of its own
        made = np.concatenate([silence, self._resampled(frame)])
        self._count(frame, made, missing)
        return made

    def _missing_s(self, frame: Any) -> Fraction:
        """Return how much later than the last frame's end this one starts; 0 after a jump back."""
        if frame.pts is None:
            return Fraction(0)
        start = frame.pts * Fraction(frame.time_base)
        late = start - self._next if self._next is not None else Fraction(0)
        self._next = start + Fraction(frame.samples, frame.sample_rate)
        return late if late * frame.sample_rate >= 1 else Fraction(0)

    def _silence(self, like: Any, seconds: Fraction) -> Samples:
        import av

        count = int(min(seconds, Fraction(LONGEST_FILL_S)) * like.sample_rate)
        channels = len(like.layout.channels)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, count * channels), np.int16), "s16", like.layout.name)
        frame.sample_rate, frame.pts = like.sample_rate, None
        return self._resampled(frame)

    def _resampled(self, frame: Any) -> Samples:
        parts = [part.to_ndarray().reshape(-1) for part in self._resampler.resample(frame)]
        return np.concatenate([np.zeros(0, np.int16), *parts]).astype(np.int16, copy=False)

    def _count(self, frame: Any, made: Samples, missing: Fraction) -> None:
        now = self._clock()
        if not self._given:
            self._first_s = now - frame.samples / frame.sample_rate
        gaps = self.tally.gaps
        if missing:
            gaps = (*gaps, Gap(self._given, int(missing * RATE_HZ)))[-1_000:]
            self._filled += int(min(missing, Fraction(LONGEST_FILL_S)) * RATE_HZ)
        self._given += len(made)
        self.tally = Tally(max(0, self._given - self._filled), int((now - self._first_s) * RATE_HZ), gaps)


@dataclass(frozen=True, slots=True, eq=False)
class Cut:
    """A clip cut from a take, with what must be told of it."""

    clip: Clip
    notes: tuple[str, ...] = ()


class Cutter:
    """Cuts a take into clips of one length as it comes.

    Args:
        label: of every clip.
        recording_id: of the take; its clips never fall into different splits.
        clip_s: length of a clip, 1 to 10 s.
        at: where in the stream the take starts, in samples.

    Raises:
        BadInput: a length outside of that.
    """

    def __init__(self, label: str, recording_id: str, clip_s: float, at: int = 0) -> None:
        if not CLIP_S[0] <= clip_s <= CLIP_S[1]:
            raise BadInput(f"A clip of {clip_s:g} s cannot be recorded; choose {CLIP_S[0]:g} to {CLIP_S[1]:g} s.")
        self.label, self.recording_id = label, recording_id
        self.clip_len = round(clip_s * RATE_HZ)
        self._at = at
        self._held = np.zeros(0, np.int16)

    @property
    def held_s(self) -> float:
        """Return how much is not cut yet."""
        return len(self._held) / RATE_HZ

    def push(self, samples: Samples, gaps: tuple[Gap, ...] = ()) -> list[Cut]:
        """Return the clips that are full now.

        Args:
            samples: int16 at 16 kHz, shape (n,).
            gaps: of the stream so far.
        """
        self._held = np.concatenate([self._held, samples])
        return [self._cut(self.clip_len, gaps) for _ in range(len(self._held) // self.clip_len)]

    def rest(self, gaps: tuple[Gap, ...] = ()) -> Cut | None:
        """Return what is left as a shorter clip, or None where it is too short to use."""
        return self._cut(len(self._held), gaps) if len(self._held) >= USABLE_S * RATE_HZ else None

    def _cut(self, count: int, gaps: tuple[Gap, ...]) -> Cut:
        part, self._held = self._held[:count].copy(), self._held[count:]
        start, self._at = self._at, self._at + count
        lost = sum(gap.missing for gap in gaps if start <= gap.at < start + count)
        notes = (f"{lost / RATE_HZ:.2f} s of it never came and is silence.",) if lost else ()
        return Cut(Clip(part, self.label, self.recording_id), notes)
