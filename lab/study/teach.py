"""A lesson in seconds: a detector's dense layers learn a project's sounds.

The body of the network stays as it is, so its outputs are computed once and
what learns is small. Synthetic alarms and what is mistaken for them go along,
so that three corrections do not make it forget what an alarm is. Before and
after are counted on sounds that the lesson never saw, on the int8 files.
"""

import contextlib
import hashlib
import io
import json
import time
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from math import cos, pi
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.atomic import write_bytes
from lab.deploy.detector import Detector
from lab.deploy.events import threshold_code
from lab.deploy.halves import body_model
from lab.deploy.reference import ReferenceModel
from lab.deploy.rehead import Dense, Floats, Headless
from lab.deploy.twin import Twin
from lab.errors import BadInput
from lab.hostcc import cache_dir
from lab.learn.embedded import ALARM_KINDS, Amount, windows_of
from lab.learn.examples import digest
from lab.progress import OnProgress, ignore
from lab.sound import features, synth
from lab.sound.datasets import Dataset, Item
from lab.sound.features.spec import FeatureSpec

ANCHORS, HELD_OUT = 250, 70
SEEDS = (9_107, 9_208)
SCENE = Amount(seconds=4.0, stride=4_800)
STRIDE = 1_600
MOST_A_CLIP = 40
LOUD_SHARE = 0.2
"""A window of an alarm's clip counts as alarm where its level is at least this share of the loudest's."""

STEPS, BATCH, RATE, STAY = 600, 128, 1e-3, 0.02
OWN_SHARE = 0.2
ENOUGH = 10
"""Recordings from which on some are held out."""


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """Windows with their truth: codes int8 (n, rows, bands), alarms bool (n,)."""

    windows: Any
    alarms: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.alarms)


def teach(
    detector: Detector, own: Dataset, name: str, seed: int = 0, on_progress: OnProgress = ignore
) -> tuple[Detector, dict[str, Any]]:
    """Let a detector's dense layers learn some sounds.

    Args:
        detector: stays as it is; one of a single probability.
        own: the project's sounds by split; with fewer than ten recordings all of them teach.
        name: of the new detector.
        seed: equal seeds and sounds give equal detectors.
        on_progress: called after each part; may raise to stop.

    Returns:
        The new detector, and `held_out` (windows, share right before and after, by kind of sound), `weights`
        (how many may change) and `seconds`.

    Raises:
        BadInput: the detector does not end in dense layers and one probability, or no sound is long enough.
    """
    started = time.monotonic()
    headless, spec = Headless(detector.model), detector.spec
    on_progress(0, 5, "your sounds")
    mine, kept_back = _own(own, detector)
    on_progress(1, 5, "alarms and what is mistaken for them")
    anchors = scenes_of(spec, ANCHORS, SEEDS[0], "train")
    strangers = scenes_of(spec, HELD_OUT, SEEDS[1], "test")
    on_progress(2, 5, "what the network makes of them")
    body = Body(headless.body(), spec, detector)
    base, own_codes = scene_codes(body, ANCHORS, SEEDS[0], "train"), body.codes(mine)
    on_progress(3, 5, "learning")
    layers = learn(headless, headless.features(base), anchors.alarms, headless.features(own_codes), mine.alarms, seed)
    model = headless.with_layers(layers)
    taught = replace(
        detector, name=name, model=model, dataset=f"{detector.dataset}+{own.sha256()}", scores={},
        licences=tuple(dict.fromkeys([*detector.licences, *own.licences])),
    )  # fmt: skip
    on_progress(4, 5, "before and after")
    heads = [ReferenceModel(each.head()) for each in (headless, Headless(model))]
    others = scene_codes(body, HELD_OUT, SEEDS[1], "test")
    held: dict[str, tuple[NDArray[np.int8], Any]] = {
        "alarms of other makers": (others[strangers.alarms], True),
        "other sounds, alarm-like ones too": (others[~strangers.alarms], False),
        "your sounds, held back": (body.codes(kept_back), kept_back.alarms),
        "the sounds it was taught": (own_codes, mine.alarms),
    }
    shares = {title: _compared(heads, detector.threshold, *part) for title, part in held.items()}
    return taught, {
        "held_out": shares, "weights": sum(layer.weights.size + layer.bias.size for layer in layers),
        "seconds": round(time.monotonic() - started, 2),
    }  # fmt: skip


def get_ready(detector: Detector) -> None:
    """Do what every lesson of a detector begins with, and keep it: scenes, and the body's C compiled.

    Raises:
        BadInput: as `teach`.
    """
    body = Body(Headless(detector.model).body(), detector.spec, detector)
    scene_codes(body, ANCHORS, SEEDS[0], "train")
    scene_codes(body, HELD_OUT, SEEDS[1], "test")


def _own(own: Dataset, detector: Detector) -> tuple[Lesson, Lesson]:
    """Return the windows that teach and those held back."""
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


def learn(
    headless: Headless, base: Floats, base_alarms: NDArray[np.bool_], own: Floats, own_alarms: NDArray[np.bool_],
    seed: int = 0,
) -> tuple[Dense, ...]:  # fmt: skip
    """Fit the dense layers by Adam on a logistic loss; some of each batch is the person's own.

    Args:
        headless: the model.
        base, own: inputs of the first dense layer, float32, shape (n, features).
        base_alarms, own_alarms: truth, bool, shape (n,).
        seed: of the batches.
    """
    rng = np.random.default_rng(seed)
    fit = _Fit(headless)
    # What it makes of known sounds is to stay; only alarms may become surer.
    known = np.where(base_alarms[:, None], np.float32(1), fit.outputs(base))
    count = int(BATCH * OWN_SHARE)
    for step in range(STEPS):
        old, new = _balanced(rng, base_alarms, BATCH - count), _balanced(rng, own_alarms, count)
        wanted = np.concatenate([known[old], own_alarms[new, None].astype(np.float32)])
        rate = RATE * 0.5 * (1 + cos(pi * step / STEPS))
        fit.step(np.concatenate([base[old], own[new]]), wanted, rate)
    return fit.layers()


def _balanced(rng: np.random.Generator, alarms: NDArray[np.bool_], count: int) -> NDArray[np.int64]:
    """Draw windows, of both truths alike where there are both."""
    sides = [side for side in (np.flatnonzero(alarms), np.flatnonzero(~alarms)) if len(side)]
    return np.concatenate([rng.choice(side, count // len(sides)) for side in sides])


def _product(how: str, left: NDArray[Any], right: NDArray[Any]) -> Floats:
    """Return a matrix product by one thread: BLAS's wait for each other where cores are busy, fifty times as long."""
    return np.asarray(np.einsum(how, left, right), np.float32)


class _Fit:
    """Dense layers that learn, held within what their int8 scales can express and near to where they began."""

    def __init__(self, headless: Headless) -> None:
        self._start = headless.layers
        self._weights = [layer.weights.copy() for layer in self._start]
        self._biases = [layer.bias.copy() for layer in self._start]
        self._reach = [headless.reach(place) for place in range(len(self._start))]
        self._moments = [
            [np.zeros(value.shape), np.zeros(value.shape)]  # in double: single precision slows down below 1e-38
            for value in (*self._weights, *self._biases)
        ]
        self._steps = 0

    def layers(self) -> tuple[Dense, ...]:
        """Return them as they are now."""
        return tuple(
            replace(layer, weights=weights, bias=bias)
            for layer, weights, bias in zip(self._start, self._weights, self._biases, strict=True)
        )

    def outputs(self, x: Floats) -> Floats:
        """Return probabilities, float32, shape (n, 1)."""
        for layer, weights, bias in zip(self._start, self._weights, self._biases, strict=True):
            x = np.clip(_product("ij,kj->ik", x, weights) + bias, layer.least, layer.most)
        return np.asarray(1 / (1 + np.exp(-x)), np.float32)

    def step(self, x: Floats, y: Floats, rate: float) -> None:
        """Take one step of Adam."""
        values, inside = [x], []
        for layer, weights, bias in zip(self._start, self._weights, self._biases, strict=True):
            raw = _product("ij,kj->ik", values[-1], weights) + bias
            values.append(np.clip(raw, layer.least, layer.most))
            inside.append((raw > layer.least) & (raw < layer.most))
        slope = (1 / (1 + np.exp(-values[-1])) - y) / len(x)
        gradients: list[Any] = [None] * len(self._moments)
        count = len(self._start)
        for place in reversed(range(count)):
            slope = slope * (inside[place] if place < count - 1 else 1)
            pull = STAY * (self._weights[place] - self._start[place].weights) / len(self._weights[place])
            gradients[place] = _product("ik,ij->kj", slope, values[place]) + pull
            gradients[count + place] = slope.sum(axis=0)
            slope = slope @ self._weights[place] if place else slope
        self._steps += 1
        for moment, value, gradient in zip(self._moments, [*self._weights, *self._biases], gradients, strict=True):
            moment[0] = 0.9 * moment[0] + 0.1 * gradient
            moment[1] = 0.999 * moment[1] + 0.001 * gradient**2
            mean, square = moment[0] / (1 - 0.9**self._steps), moment[1] / (1 - 0.999**self._steps)
            value -= (rate * mean / (np.sqrt(square) + 1e-7)).astype(np.float32)
        for weights, reach in zip(self._weights, self._reach, strict=True):
            np.clip(weights, -reach, reach, out=weights)


def _compared(
    heads: Sequence[ReferenceModel], threshold: float, codes: NDArray[np.int8], alarms: NDArray[np.bool_] | bool
) -> dict[str, Any]:
    """Return the share of windows that is right before and after: what the heads make of a body's codes."""
    if not len(codes):
        return {"windows": 0, "before": None, "after": None}
    least = threshold_code(threshold)
    shares = [float(((head.run(codes).ravel() >= least) == alarms).mean()) for head in heads]
    return {"windows": len(codes), "before": round(shares[0], 4), "after": round(shares[1], 4)}
