"""The default detector: how the built-in fire alarm detector is made, from nothing but a seed.

Synthetic scenes → a baseline that tells kinds of sound apart → transfer to
alarm or not → quantization-aware training → int8 → threshold and event rule,
chosen on scenes that no stage learned from. No recording takes part.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.deploy.convert import agreement, to_int8_tflite
from lab.deploy.detector import Detector
from lab.deploy.events import EventRule
from lab.learn import embedded, keras2, training
from lab.learn.examples import LearningSet
from lab.learn.models import DS, Architecture
from lab.learn.schedule import Schedule
from lab.optimize import techniques
from lab.progress import OnEpoch, OnProgress, ignore, ignore_epoch
from lab.sound import synth
from lab.sound.features import DEFAULT, FeatureSpec
from lab.study.alarm import choosing, tuner

LABELS = (synth.ALARM, synth.NOT_ALARM)
POSITIVE = (synth.ALARM,)
REPRESENTATIVE = 200
LASTING_HOPS = 500
"""An alarm without a rhythm has to stay for 16 s: much that is none sounds for less."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How much work goes into a detector.

    Attributes:
        amount: of synthetic scenes.
        stages: schedules of the baseline, the new head, and all layers.
        qat: schedule of quantization-aware training.
        rule_scenes, rule_hours: alarms, and hours of other sounds, that threshold and rule are chosen on.
        false_per_hour: what a rule may cost there, in hours of nothing but sounds that are easily mistaken; features
            that cannot tell a rhythm need more.
    """

    amount: embedded.Amount = field(default_factory=embedded.Amount)
    stages: tuple[Schedule, Schedule, Schedule] = (
        Schedule("baseline", epochs=3, rate=2e-3, batch=128, cosine=True),
        Schedule("head", epochs=1, rate=5e-3, batch=128, cosine=True),
        Schedule("all layers", epochs=9, rate=2e-3, batch=128, cosine=True),
    )
    qat: Schedule = field(default_factory=lambda: Schedule("QAT", epochs=1, rate=1e-4, batch=128, cosine=True))
    rule_scenes: int = 90
    rule_hours: float = 0.5
    false_per_hour: float = 1.0


THOROUGH = Budget(
    amount=embedded.Amount(
        train=26_000, validate=800, test=100,
        hard=(
            ("t4", 2_600), ("timer", 860), ("electric_bell", 860), ("whistle", 860),
            *((family, 650) for family in (
                "chimes", "bells", "flute", "strings", "xylophone", "glockenspiel", "pure_low", "long_beeps",
            )),
        ),
    ),
    stages=(
        Schedule("baseline", epochs=2, rate=2e-3, batch=256, cosine=True),
        Schedule("head", epochs=1, rate=5e-3, batch=256, cosine=True),
        Schedule("all layers", epochs=14, rate=2.5e-3, batch=256, cosine=True),
    ),
    rule_scenes=600,
    rule_hours=4.0,
)  # fmt: skip
"""What the prepared detector is made with: about 560,000 windows."""

LEAN = Budget(amount=embedded.Amount(train=1_200, validate=120, test=60, stride=4_000), false_per_hour=20.0)
"""For the article's features, whose windows take 64 KB each."""


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """A detector's parts, and how it was made.

    Attributes:
        tflite: int8 model; one output, the alarm's probability.
        spec: features.
        labels: "alarm", "not_alarm".
        threshold, rule: when hops become an event.
        float_model: Keras model before quantization-aware training.
        scores: `windows` of held-out families (float), `int8` agreement with
            the float model, and `rule`, what the choice of rule saw.
        dataset: name of the synthetic data.
        history: one row an epoch, of all stages.
        summary: Keras's table of layers.
    """

    tflite: bytes
    spec: FeatureSpec
    labels: tuple[str, ...]
    threshold: float
    rule: EventRule
    float_model: Any
    scores: dict[str, Any]
    dataset: str
    history: tuple[dict[str, Any], ...]
    summary: str


def train_default(
    seed: int = 0,
    on_progress: OnProgress = ignore,
    on_epoch: OnEpoch = ignore_epoch,
    budget: Budget | None = None,
    spec: FeatureSpec = DEFAULT,
    arch: Architecture = DS,
) -> Trained:
    """Make the default fire alarm detector from synthetic sound alone.

    Args:
        seed: equal seeds give equal detectors, on one machine and one TensorFlow.
        on_progress: called between steps and epochs, out of 100; may raise to stop.
        on_epoch: called after each training epoch with its row.
        budget: how much work; by default about two minutes on two cores.
        spec, arch: other features or another network.
    """
    budget = budget or Budget()
    ahead = ThreadPoolExecutor(1)
    ahead.submit(keras2.keras)  # imported while the helpers make sounds
    ahead.shutdown(wait=False)
    data = embedded.make(seed, spec, budget.amount, on_progress=_share(on_progress, 0, 35))
    learned, alarms = _learned(data, budget, arch, seed, on_progress, on_epoch)
    rows: list[dict[str, Any]] = []

    def told(row: dict[str, Any]) -> None:
        rows.append(row)
        on_epoch(row)

    quantized = techniques.qat(learned.model, alarms.train, alarms.validate, budget.qat, seed, told,
                               _share(on_progress, 80, 90))  # fmt: skip
    on_progress(90, 100, "converting to int8")
    sample = alarms.train.take(_spread(len(alarms.train.classes), REPRESENTATIVE)).inputs()
    tflite = to_int8_tflite(quantized, sample, spec)
    candidate = Detector("candidate", tflite, spec, LABELS, POSITIVE)
    threshold, rule, seen = choose_rule(candidate, budget, seed + 1,
                                        _share(on_progress, 92, 100))  # fmt: skip
    scores = {**learned.scores, "int8": agreement(learned.model, tflite, sample), "rule": seen}
    on_progress(100, 100, "trained")
    return Trained(tflite, spec, LABELS, threshold, rule, learned.model, scores, data.dataset,
                   (*learned.history, *rows), learned.summary)  # fmt: skip


def _learned(
    data: LearningSet, budget: Budget, arch: Architecture, seed: int, on_progress: OnProgress, on_epoch: OnEpoch
) -> tuple[training.Learned, LearningSet]:
    """Return the float detector, and what it learned from: baseline, then transfer."""
    first, *rest = budget.stages
    baseline = training.train_on(data, arch, first, seed, _share(on_progress, 35, 58), on_epoch)
    alarms = embedded.as_detector(data)
    made = training.finetune_on(baseline, alarms, POSITIVE, None, rest, seed, _share(on_progress, 58, 80), on_epoch)
    return replace(made, history=(*baseline.history, *made.history)), alarms


def _share(on_progress: OnProgress, start: int, end: int) -> OnProgress:
    """Return a callback whose own steps fill start to end out of 100."""
    return lambda done, total, message: on_progress(start + (end - start) * done // max(1, total), 100, message)


def _spread(count: int, wanted: int) -> NDArray[np.int64]:
    return np.linspace(0, count - 1, min(count, wanted)).astype(np.int64)


def choose_rule(
    detector: Detector, budget: Budget, seed: int, on_progress: OnProgress = ignore
) -> tuple[float, EventRule, dict[str, Any]]:
    """Return the threshold and rule for any fire alarm, and what they did where they were chosen.

    The sounds come from the training families at other seeds: those of the
    test families stay fresh. What is chosen misses least among those that are
    quiet enough for the budget: a T3's rhythm or a tone of LASTING_HOPS, or
    a count or mean over seconds where the features cannot tell a rhythm.
    """
    heard = tuner.listen(detector, budget.rule_scenes, budget.rule_hours, seed, on_progress)
    kinds = ("any",) if heard.rhythms else ("count", "mean")
    rules = [rule for rule in tuner.RULES if rule.kind != "any" or rule.window_hops == LASTING_HOPS]
    chosen = choosing.best(tuner.choices(heard, rules=rules), budget.false_per_hour, kinds)
    seen = {key: chosen[key] for key in ("missed", "false_alarms", "per_hour", "delay_s")}
    return chosen["threshold"], EventRule(**chosen["rule"]), {"scenes": len(heard.alarms), "hours": heard.hours, **seen}
