"""Scores on synthetic scenes of generator families that training never used."""

from typing import Any

import numpy as np

from lab.deploy.detector import Detector
from lab.deploy.events import threshold_code
from lab.deploy.twin import Twin
from lab.sound import features, synth
from lab.sound.clip import RATE_HZ
from lab.study.evaluate import event_scores, window_scores

SEED = 4_711
SCENES, SCENE_S = 80, 20.0
"""Long enough for two groups of a T3, and for a tone that has to stay."""
WINDOW_STRIDE = RATE_HZ // 2
CYCLE_S = 4.4
"""The slowest T3's; an alarm that lasts is never silent for so long."""


def score_held_out(detector: Detector, count: int = SCENES, seed: int = SEED) -> dict[str, Any]:
    """Score windows and events on scenes of held-out families.

    Fire alarms sound for minutes: an alarm that begins or ends within its scene counts for windows, but not for events.

    Args:
        detector: what to score.
        count: scenes, half of them with an alarm.
        seed: which scenes.

    Returns:
        `windows` and `events` as `evaluate` gives them, and `scenes`, the count.
    """
    twin, spec = Twin(detector), detector.spec
    rows: list[dict[str, Any]] = []
    truth, calls, quiet_s = [], [], 0.0
    for scene in synth.scenes(count, seed, "test", SCENE_S):
        hearing = twin.hear(scene.samples)
        if scene.label not in detector.positive or _lasts(scene):
            rows.append({"label": scene.label, "kind": scene.kind, "events": list(hearing.events)})
        quiet_s += 0 if scene.label in detector.positive else len(scene.samples) / RATE_HZ
        made = features.windows(scene.samples, spec, stride=WINDOW_STRIDE)
        truth.append(synth.window_labels(scene, np.arange(len(made)) * WINDOW_STRIDE, spec.window_len))
        calls.append(twin.window_codes(made) >= threshold_code(detector.threshold))
    return {
        "scenes": count,
        "windows": window_scores(np.concatenate(truth), np.concatenate(calls)),
        "events": event_scores(rows, detector.positive, quiet_s / 3600),
    }


def _lasts(scene: synth.Scene) -> bool:
    """Return whether an alarm sounds from the scene's first cycle to its last."""
    length = len(scene.samples) / RATE_HZ
    return bool(scene.segments) and scene.segments[0][0] <= CYCLE_S and scene.segments[-1][1] >= length - CYCLE_S
