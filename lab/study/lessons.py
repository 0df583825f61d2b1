"""What a lesson is taught from: a project's windows, and synthetic scenes that go along, made once and kept."""

import contextlib
import hashlib
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.atomic import write_bytes
from lab.deploy.detector import Detector
from lab.deploy.halves import body_model
from lab.deploy.twin import Twin
from lab.errors import BadInput
from lab.hostcc import cache_dir
from lab.learn.embedded import ALARM_KINDS, Amount, windows_of
from lab.learn.examples import digest
from lab.sound import features, synth
from lab.sound.datasets import Dataset, Item
from lab.sound.features.spec import FeatureSpec

ANCHORS, HELD_OUT = 250, 70
"""Scenes that go along, and those that before and after are counted on."""

SEEDS = (9_107, 9_208)
SCENE = Amount(seconds=4.0, stride=4_800)
STRIDE = 1_600
MOST_A_CLIP = 40
LOUD_SHARE = 0.2
"""A window of an alarm's clip counts as alarm where its level is at least this share of the loudest's."""

ENOUGH = 10
"""Recordings from which on some are held out."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Windows with their truth: codes int8 (n, rows, bands), alarms bool (n,)."""

    windows: Any
    alarms: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.alarms)


def lessons_of(own: Dataset, detector: Detector) -> tuple[Lesson, Lesson]:
    """Return the windows of a project's sounds that teach, and those held back.

    Args:
        own: the sounds by split; with fewer than ten recordings all of them teach.
        detector: whose features, and which labels are alarms to it.

    Raises:
        BadInput: no sound is as long as a window.
    """
    few = len({item.recording_id for item in own.items}) < ENOUGH
    back = [] if few else [*own.of("test")]
    names = {item.recording_id for item in back}
    mine = _lesson([item for item in own.items if item.recording_id not in names], detector)
    if not len(mine):
        raise BadInput(f"No sound is as long as one window of {detector.spec.window_len} samples; record longer.")
    return mine, _lesson(back, detector)


def _lesson(items: Sequence[Item], detector: Detector) -> Lesson:
    spec = detector.spec
    parts = [Lesson(_none(spec), np.zeros(0, np.bool_))]
    for item in items:
        windows = _windows(item.clip().samples, spec, item.label in detector.positive)
        parts.append(Lesson(windows, np.full(len(windows), item.label in detector.positive)))
    return _together(parts)


def _windows(samples: NDArray[np.int16], spec: FeatureSpec, alarm: bool) -> Any:
    """Return a clip's windows, at most MOST_A_CLIP, evenly; of an alarm those in which it sounds."""
    if len(samples) < spec.window_len:
        return _none(spec)
    made = features.windows(samples, spec, stride=STRIDE)
    parts = [samples[k * STRIDE : k * STRIDE + spec.window_len].astype(np.float64) for k in range(len(made))]
    levels = np.array([np.sqrt((part**2).mean()) for part in parts])
    chosen = np.flatnonzero(levels >= max(1.0, LOUD_SHARE * levels.max() if alarm else 1.0))
    return made[chosen[np.unique(np.linspace(0, len(chosen) - 1, MOST_A_CLIP).astype(int))] if len(chosen) else chosen]


def _none(spec: FeatureSpec) -> Any:
    return np.zeros((0, *spec.shape), np.int8 if spec.is_codes else np.float32)


def _together(parts: Sequence[Lesson]) -> Lesson:
    return Lesson(np.concatenate([part.windows for part in parts]), np.concatenate([part.alarms for part in parts]))


@lru_cache(maxsize=4)
def scenes_of(spec: FeatureSpec, count: int, seed: int, split: Any) -> Lesson:
    """Return windows of synthetic scenes; they are made once and kept in the user's cache."""
    named = json.dumps([spec.to_json(), count, seed, split, SCENE.seconds, SCENE.stride, _sources()])
    path = cache_dir() / "lessons" / f"{hashlib.sha256(named.encode()).hexdigest()[:32]}.npz"
    with contextlib.suppress(OSError, ValueError, KeyError, zipfile.BadZipFile), np.load(path) as kept:
        return Lesson(kept["windows"], kept["alarms"])
    plan = synth.plan(count, seed, split, 0.45)
    parts = [windows_of(family, each, spec, SCENE) for family, each in plan]
    made = _together([Lesson(part.windows, part.classes < len(ALARM_KINDS)) for part in parts])
    buffer = io.BytesIO()
    np.savez_compressed(buffer, windows=made.windows, alarms=made.alarms)
    write_bytes(path, buffer.getvalue())
    return made


def _sources() -> str:
    """Return the hash of what makes scenes: other generators, other windows."""
    folder = Path(synth.__file__).parent
    return digest(path.read_bytes() for path in sorted(folder.glob("*.py")))


@dataclass(frozen=True, slots=True)
class Body:
    """What comes before the dense layers, run on this machine; the same of all detectors taught from one another."""

    model: bytes
    spec: FeatureSpec
    detector: Detector = field(compare=False)

    def codes(self, lesson: Lesson) -> NDArray[np.int8]:
        """Return what the dense layers read, int8, shape (n, features)."""
        if not len(lesson):
            return np.zeros((0, 0), np.int8)
        return Twin(self.detector, body_model(self.model)).outputs(lesson.windows)


@lru_cache(maxsize=8)
def scene_codes(body: Body, count: int, seed: int, split: Any) -> NDArray[np.int8]:
    """Return what a body makes of `scenes_of`; kept, for the next lesson finds it as it is."""
    return body.codes(scenes_of(body.spec, count, seed, split))
