"""Who is compared: detectors, each with its threshold and event rule."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from lab.deploy.detector import Detector
from lab.deploy.events import EventRule, active_hops
from lab.deploy.prepared import prepared_detector, published_detector
from lab.deploy.twin import Twin

SHIPPED = EventRule(1, 1, 1)
"""The article's board has no rule: any hop at or over one half is an alarm."""
RHYTHMS: dict[str, tuple[float, EventRule]] = {
    "T3 rhythm or 16 s of tone": (0.9, EventRule(500, 300, 125, kind="any")),
    "T3 only": (0.9, EventRule(100, 25, 25, kind="t3")),
}
"""Thresholds and rules that ask for a rhythm: quieter than a mean over seconds, and later."""


@dataclass(frozen=True, slots=True, eq=False)
class Contender:
    """A detector in the bench.

    Attributes:
        name: as tables call it.
        detector: with its threshold and rule.
    """

    name: str
    detector: Detector

    def active(self, codes: NDArray[np.int8]) -> NDArray[np.bool_]:
        """Return for each decision whether an event is on after it."""
        return active_hops(codes, self.detector.threshold, self.detector.rule)


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
    """Return a detector under its own rule, and the same under each of RHYTHMS.

    Args:
        detector: the prepared one by default.
    """
    mine = detector or prepared_detector()
    return [
        Contender("its own rule", mine),
        *(Contender(name, replace(mine, threshold=at, rule=rule)) for name, (at, rule) in RHYTHMS.items()),
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

    def hear(self, samples: NDArray[np.int16]) -> list[tuple[NDArray[np.int8], int]]:
        """Return the codes of each contender, and the number of the hop that made the first."""
        return self.hear_blocks(lambda: [samples])

    def hear_blocks(self, blocks: Callable[[], Iterable[NDArray[np.int16]]]) -> list[tuple[NDArray[np.int8], int]]:
        """Return the same of sound that comes in blocks; they are asked for once for each model."""
        heard = {key: twin.hear_blocks(blocks()) for key, twin in self._twins.items()}
        found = [heard[_key(contender.detector)] for contender in self.contenders]
        return [(each.codes, each.first_hop) for each in found]


def _key(detector: Detector) -> str:
    return f"{detector.model_sha256} {detector.spec.to_json()} {detector.positive}"
