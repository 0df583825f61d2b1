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


def score_held_out(detector: Detector, count: int = SCENES, seed: int = SEED) -> dict[str, Any]:
    """Score windows and events on scenes of held-out families.

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
