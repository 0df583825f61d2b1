"""Scenes: one sound in one room, the same for the same seed everywhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from lab.errors import BadInput
from lab.sound.clip import RATE_HZ, Clip
from lab.sound.synth.alarms import merged
from lab.sound.synth.backgrounds import BACKGROUNDS
from lab.sound.synth.families import ALARM, FAMILIES, NOT_ALARM, Family, find
from lab.sound.synth.room import draw_place, record
from lab.sound.synth.tones import Pulse

SECONDS = 10.0
TAIL_DB = 20.0
"""After a tone ends, its echo is called alarm neither yes nor no until it has fallen by this."""
ALARM_MIN_S = 0.25

Split = Literal["train", "validate", "test", "fresh"]
_SPLITS: tuple[Split, ...] = ("train", "validate", "test", "fresh")


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A rendered scene.

    Attributes:
        samples: int16 at 16 kHz, shape (n,), read-only.
        segments: (start_s, end_s) of alarm tone, in order; empty for a negative.
        kind: what it is, in words.
        family: the generator's name.
        tail_s: how long a tone's echo stays loud after a segment ends.
    """

    samples: NDArray[np.int16]
    segments: tuple[Pulse, ...]
    kind: str
    family: str
    tail_s: float = 0.0

    @property
    def label(self) -> str:
        """Return "alarm" or "not_alarm"."""
        return FAMILIES[self.family].label

    def clip(self, recording_id: str) -> Clip:
        """Return the scene as a clip; each scene is a recording of its own."""
        return Clip(self.samples, self.label, recording_id)


def render(family: str, seed: int, seconds: float = SECONDS) -> Scene:
    """Return one scene of a family.

    Args:
        family: a name in FAMILIES.
        seed: any whole number from 0; the same seed gives the same samples.
        seconds: length, up to 600.

    Raises:
        BadInput: no such family, a negative seed or an impossible length.
    """
    if seed < 0 or not 0 < seconds <= 600:
        raise BadInput(f"Cannot render {seconds} s from seed {seed}; choose up to 600 s and a seed from 0.")
    chosen = find(family)
    rng = np.random.default_rng(np.random.SeedSequence([crc32(family.encode()), seed]))
    n = max(1, round(seconds * RATE_HZ))
    dry, pulses = chosen.draw(rng, n)
    place = draw_place(rng, noisy=chosen.split == "train")  # what trains should meet noise often
    samples = record(rng, np.asarray(dry, np.float32), _background(rng, chosen, n), place)
    samples.flags.writeable = False
    return Scene(samples, tuple(merged(pulses)), chosen.kind, family, round(place.rt60_s * TAIL_DB / 60, 3))


def _background(rng: np.random.Generator, family: Family, n: int) -> NDArray[np.float32]:
    side = "train" if family.split == "train" else "test"
    makers = [make for split, make in BACKGROUNDS.values() if split == side]
    return np.asarray(makers[int(rng.integers(len(makers)))](rng, n), np.float32)


def plan(count: int, seed: int, split: Split = "train", alarms: float = 0.5) -> list[tuple[str, int]]:
    """Return (family, seed) of each scene, to be rendered in any order and in any process.

    Args:
        count: scenes.
        seed: names the whole set.
        split: "train"; "validate" for the same families at other seeds; "test" for families kept from both;
            "fresh" for those kept from every choice, none of which is an alarm.
        alarms: share of scenes whose family is an alarm.

    Raises:
        BadInput: no such split, or alarms asked of one that has none.
    """
    if split not in _SPLITS:
        raise BadInput(f"Split {split!r} is unknown; choose one of {', '.join(_SPLITS)}.")
    if split == "fresh" and alarms:
        raise BadInput(f"Split 'fresh' has no alarms; it got a share of {alarms}, choose 0.")
    rng = np.random.default_rng(np.random.SeedSequence([seed, _SPLITS.index(split), 0x5EED]))
    is_alarm = rng.random(count) < alarms
    seeds = rng.integers(0, 2**31, count)
    alarm = _names(rng, count, split, ALARM) if split != "fresh" else ""
    names = np.where(is_alarm, alarm, _names(rng, count, split, NOT_ALARM))
    return [(str(name), int(each)) for name, each in zip(names, seeds, strict=True)]


def _names(rng: np.random.Generator, count: int, split: Split, label: str) -> NDArray[np.str_]:
    source = "train" if split == "validate" else split
    pool = [family for family in FAMILIES.values() if family.split == source and family.label == label]
    weights = np.array([family.weight for family in pool])
    return rng.choice([family.name for family in pool], count, p=weights / weights.sum())


def scenes(
    count: int, seed: int, split: Split = "train", seconds: float = SECONDS, alarms: float = 0.5
) -> Iterator[Scene]:
    """Yield the scenes of a plan, in order."""
    for family, each in plan(count, seed, split, alarms):
        yield render(family, each, seconds)


def window_labels(scene: Scene, starts: NDArray[np.int64], window_len: int) -> NDArray[np.int8]:
    """Return what each window of a scene is: 1 alarm, 0 not, -1 left out.

    A window is an alarm with at least 0.25 s of alarm tone, and none when it
    holds no tone and no loud echo of one.

    Args:
        scene: as `render` gave it.
        starts: first sample of each window, shape (w,).
        window_len: samples in a window.

    Returns:
        int8, shape (w,).
    """
    low = np.asarray(starts, np.float64)[:, None] / RATE_HZ
    high = low + window_len / RATE_HZ
    pulses = np.asarray(scene.segments, np.float64).reshape(-1, 2)
    tone = np.clip(np.minimum(high, pulses[:, 1]) - np.maximum(low, pulses[:, 0]), 0, None).sum(axis=1)
    echo = np.clip(np.minimum(high, pulses[:, 1] + scene.tail_s) - np.maximum(low, pulses[:, 0]), 0, None).sum(axis=1)
    labels = np.where(tone >= ALARM_MIN_S - 1e-9, 1, np.where(echo <= 1e-9, 0, -1))
    return labels.astype(np.int8)
