"""One microphone's stream: to the eye, to the twin and to disk.

Frames come from the network's thread and must not wait, so they go into a
queue; a thread of the ear's own turns them into samples, rows and decisions,
and cuts a take into clips. A clip is told as saved when it is in the store.
"""

import logging
import queue
import threading
import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.deploy.detector import Detector
from lab.deploy.live import Hop
from lab.errors import LabError
from lab.sound import facts
from lab.sound.capture import Cut, Cutter, Intake, Tally
from lab.sound.clip import Clip
from lab.sound.files import wav_bytes
from lab.study.recent import Recent, Sight
from lab.workspace import takes
from lab.workspace.store import Store
from lab.workspace.takes import Take

log = logging.getLogger(__name__)

SILENT_S = 3.0
"""No frame for so long: the microphone is gone."""

NOTE_EVERY_S = 1.0
GONE = "The microphone stopped sending."
LEFT = "The page was left or reloaded."
AGAIN = "The same sound was here already."


@dataclass(frozen=True, slots=True)
class Saved:
    """A clip that is in the store; `again` where it was there before: the same samples twice are one clip."""

    clip_id: int
    name: str
    label: str
    seconds: float
    notes: tuple[str, ...]
    again: bool = False


class Ear:
    """Hears one microphone.

    Args:
        store: where clips go.
        detector: whose twin decides; None only looks.
    """

    def __init__(self, store: Store, detector: Detector | None = None) -> None:
        self._store = store
        self._frames: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._lock = threading.RLock()
        self._thread: threading.Thread | None = None
        self._detector = detector
        self._stream = 0
        self._reset()
        self.problem = ""
        self.saved: list[Saved] = []
        self.take: Take | None = None
        self._cutter: Cutter | None = None
        self._clips_left: int | None = None

    # -- from the network's thread

    def offer(self, frame: Any) -> None:
        """Take one frame; never waits."""
        self._frames.put(frame)
        if self._thread is None:
            with self._lock:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="ear", daemon=True)
                    self._thread.start()

    def ended(self) -> None:
        """Hear that the stream is over."""
        if self._thread is not None:
            self._frames.put(None)

    # -- from the page

    @property
    def hears(self) -> bool:
        """Whether frames come."""
        return self._thread is not None and time.monotonic() - self._last_s < SILENT_S

    @property
    def detector(self) -> Detector | None:
        """Return whose twin decides."""
        return self._detector

    @property
    def tally(self) -> Tally:
        """Return how much of the stream came."""
        return self._intake.tally

    def listen_with(self, detector: Detector) -> None:
        """Let another detector's twin decide from now on."""
        with self._lock:
            self._detector = detector
            self._recent.listen_with(detector)

    def sight(self, seconds: float) -> Sight:
        """Return the newest stretch."""
        with self._lock:
            return self._recent.sight(seconds, time.monotonic() - self._last_s)

    def last(self, seconds: float, ago_s: float = 0.0) -> tuple[NDArray[np.int16], tuple[Hop, ...]]:
        """Return the seconds that ended so long ago, samples and decisions; less where less is known."""
        with self._lock:
            return self._recent.last(seconds, ago_s)

    def keep(self, project_id: int, samples: NDArray[np.int16], label: str, name: str, source: str) -> Saved:
        """Save samples as one clip; it is on disk when this returns.

        Raises:
            LabError: the disk is full; nothing was saved.
        """
        recording = f"{name}-{time.time_ns():x}"
        return self._save(project_id, Cut(Clip(samples.copy(), label, recording)), f"{name}.wav", source)

    def start_take(self, project_id: int, label: str, clip_s: float, clips: int | None = None) -> None:
        """Begin to record.

        Args:
            project_id: whose clips.
            label: of every clip.
            clip_s: length of a clip.
            clips: end after so many; None goes on until `stop_take`.

        Raises:
            BadInput: a length that cannot be recorded.
            LabError: the disk is full.
        """
        name = f"take-{time.strftime('%H%M%S')}-{time.time_ns() % 16**6:06x}"
        with self._lock:
            self._cutter = Cutter(label, name, clip_s, self._heard)
            self.take = takes.note(self._store.config, Take(name, project_id, label, time.time()))
            self._clips_left, self.problem, self._noted_s = clips, "", time.monotonic()

    def stop_take(self) -> None:
        """End the take; what is left of it is kept if it is long enough."""
        self._end_take("")

    # -- the ear's own thread

    def _reset(self) -> None:
        self._stream += 1
        self._intake, self._recent = Intake(), Recent(self._stream, self._detector)
        self._heard = 0
        self._last_s = self._noted_s = time.monotonic()

    def _run(self) -> None:
        with self._lock:
            self._reset()
        reason = GONE
        while True:
            try:
                frame = self._frames.get(timeout=SILENT_S)
            except queue.Empty:
                break
            if frame is None:
                reason = LEFT
                break
            try:
                self._hear(frame)
            except LabError as error:
                self._fail(str(error))
            except Exception:
                log.exception("ear frame=refused")
                self._fail("Recording stopped because of a defect; the log has the details. Saved clips are safe.")
        with self._lock:
            self._end_take(reason)
            self._thread = None

    def _hear(self, frame: Any) -> None:
        samples = self._intake.take(frame)
        with self._lock:
            self._recent.push(samples)
            self._heard += len(samples)
            self._last_s = time.monotonic()
        self._record(samples)

    def _record(self, samples: NDArray[np.int16]) -> None:
        with self._lock:
            take, cutter = self.take, self._cutter
            if take is None or cutter is None:
                return
            cuts = cutter.push(samples, self._intake.tally.gaps)
            if self._clips_left is not None:
                cuts = cuts[: self._clips_left]
            for cut in cuts:
                take = self._keep_cut(take, cut)
                if self._clips_left is not None:
                    self._clips_left -= 1
            take = replace(take, heard_s=take.saved_s + cutter.held_s)
            self.take = take
            if self._clips_left == 0:
                self._close_take()
            elif cuts or time.monotonic() - self._noted_s > NOTE_EVERY_S:
                self._noted_s = time.monotonic()
                takes.note(self._store.config, take)

    def _keep_cut(self, take: Take, cut: Cut) -> Take:
        name = f"{take.label} {take.name.removeprefix('take-')}-{take.saved + 1}.wav"
        saved = self._save(take.project_id, cut, name, "recorded here")
        self.take = replace(take, saved=take.saved + 1, saved_s=take.saved_s + saved.seconds)
        return self.take

    def _save(self, project_id: int, cut: Cut, name: str, source: str) -> Saved:
        clip = cut.clip
        row, new = self._store.add_clip(
            project_id, wav_bytes(clip), name, clip.label, clip.recording_id, clip.seconds, facts.peak(clip.samples),
            source=source, notes=cut.notes, clipped=facts.clipped(clip.samples),
        )  # fmt: skip
        notes = cut.notes if new else (*cut.notes, AGAIN)
        saved = Saved(row.id, row.name, row.label, row.seconds, notes, again=not new)
        self.saved = [*self.saved, saved][-200:]
        return saved

    def _end_take(self, reason: str) -> None:
        with self._lock:
            take, cutter = self.take, self._cutter
            if take is None or cutter is None:
                return
            try:
                rest = cutter.rest(self._intake.tally.gaps) if self._clips_left is None else None
                if rest is not None:
                    take = self._keep_cut(take, rest)
                take = replace(take, heard_s=take.saved_s + cutter.held_s)
                if reason:
                    self._interrupt(take, reason)
                else:
                    self._close_take()
            except LabError as error:
                self._fail(str(error))

    def _fail(self, reason: str) -> None:
        with self._lock:
            if self.take is not None:
                self._interrupt(self.take, reason)
            self.problem = reason

    def _interrupt(self, take: Take, reason: str) -> None:
        self.take = self._cutter = self._clips_left = None
        self.problem = reason
        try:
            takes.interrupt(self._store.config, take, reason)
        except LabError:  # the disk is full: the last note stays, and tells as much
            log.warning("take=%s interrupted reason=%r", take.name, reason)

    def _close_take(self) -> None:
        if self.take is not None:
            takes.forget(self._store.config, self.take)
        self.take = self._cutter = self._clips_left = None
