"""Who is compared: detectors, each with its threshold and event rule."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lab.deploy import rhythm
from lab.deploy.detector import Detector
from lab.deploy.events import RHYTHMIC, T3_RULE, EventRule, active_hops
from lab.deploy.prepared import prepared_detector, published_detector
from lab.deploy.twin import Hearing, Twin

SHIPPED = EventRule(1, 1, 1)
"""The article's board has no rule: any hop at or over one half is an alarm."""
RULES: dict[str, tuple[float, EventRule]] = {
    "T3 rhythm or 16 s of tone": (0.5, EventRule(500, 450, 250, kind="any")),
    "T3 only": (0.5, T3_RULE),
    "mean of 4 s": (0.8, EventRule(125, 69, 32, kind="mean")),
}
"""Thresholds and rules beside a detector's own: two ask for a rhythm, one hears sooner and mistakes more."""


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """A detector in the bench.

    Attributes:
        name: as tables call it.
        detector: with its threshold and rule.
    """

    name: str
    detector: Detector

    def active(self, heard: Hearing) -> NDArray[np.bool_]:
        """Return for each decision whether an event is on after it, by this contender's threshold and rule."""
        return active_hops(heard.codes, self.detector.threshold, self.detector.rule, heard.beats)


def usual(detector: Detector | None = None) -> list[Contender]:
    """Return a detector, the article's features and network, and how the article's board decides.

    Args:
        detector: the prepared one by default.
    """
    mine, published = detector or prepared_detector(), published_detector()
    shipped = replace(published, threshold=0.5, rule=SHIPPED)
    return [
        Contender(mine.name, mine),
        Contender("article's network", published),
        Contender("article as shipped", shipped),
    ]


def by_rules(detector: Detector | None = None) -> list[Contender]:
    """Return a detector under its own rule, and the same under each of RULES that its features allow.

    Args:
        detector: the prepared one by default.
    """
    mine = detector or prepared_detector()
    return [
        Contender("its own rule", mine),
        *(
            Contender(name, replace(mine, threshold=at, rule=rule))
            for name, (at, rule) in RULES.items()
            if rule.kind not in RHYTHMIC or rhythm.can_tell(mine.spec)
        ),
    ]


class Ears:
    """Contenders that hear the same sound; those that share a model hear it once."""

    def __init__(self, contenders: list[Contender]) -> None:
        self.contenders = contenders
        self._twins: dict[str, Twin] = {}
        for contender in contenders:
            key = _key(contender.detector)
            self._twins[key] = self._twins.get(key) or Twin(contender.detector)

    def __len__(self) -> int:
        """Return how many models hear."""
        return len(self._twins)

    def hear(self, samples: NDArray[np.int16]) -> list[Hearing]:
        """Return what each contender's model makes of a sound; the events are of the first that shares the model."""
        return self.hear_blocks(lambda: [samples])

    def hear_blocks(self, blocks: Callable[[], Iterable[NDArray[np.int16]]]) -> list[Hearing]:
        """Return the same of sound that comes in blocks; they are asked for once for each model."""
        heard = {key: twin.hear_blocks(blocks()) for key, twin in self._twins.items()}
        return [heard[_key(contender.detector)] for contender in self.contenders]


def _key(detector: Detector) -> str:
    return f"{detector.model_sha256} {detector.spec.to_json()} {detector.positive}"
