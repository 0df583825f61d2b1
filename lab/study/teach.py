"""A lesson in seconds: a detector's dense layers learn a project's sounds.

The body of the network stays as it is, so its outputs are computed once and
what learns is small. Synthetic alarms and what is mistaken for them go along,
so that three corrections do not make it forget what an alarm is. Before and
after are counted on sounds that the lesson never saw, on the int8 files.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.deploy.detector import Detector
from lab.deploy.events import threshold_code
from lab.deploy.reference import ReferenceModel
from lab.deploy.rehead import Headless
from lab.progress import OnProgress, ignore
from lab.sound.datasets import Dataset
from lab.study.lessons import ANCHORS, HELD_OUT, SEEDS, Body, lessons_of, scene_codes, scenes_of
from lab.study.relearn import learn


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
    mine, kept_back = lessons_of(own, detector)
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


def _compared(
    heads: Sequence[ReferenceModel], threshold: float, codes: NDArray[np.int8], alarms: NDArray[np.bool_] | bool
) -> dict[str, Any]:
    """Return the share of windows that is right before and after: what the heads make of a body's codes."""
    if not len(codes):
        return {"windows": 0, "before": None, "after": None}
    least = threshold_code(threshold)
    shares = [float(((head.run(codes).ravel() >= least) == alarms).mean()) for head in heads]
    return {"windows": len(codes), "before": round(shares[0], 4), "after": round(shares[1], 4)}
