"""Threshold and event rule: false alarms drawn against misses.

The sounds are heard once; then every rule reads the same codes. They come from
the families that train, at other seeds, so that the test families stay fresh
for the figures that are reported.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from lab.deploy import rhythm
from lab.deploy.detector import Detector
from lab.deploy.events import RHYTHMIC, EventRule, active_hops
from lab.deploy.twin import Hearing
from lab.progress import OnProgress, ignore
from lab.sound import synth
from lab.sound.clip import RATE_HZ
from lab.study.alarm.contenders import Contender, Ears
from lab.study.alarm.quiet import synthetic_chunk
from lab.study.alarm.slices import THREADS, WITHIN_S, delay

THRESHOLDS = (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)


def _rules() -> list[EventRule]:
    counts = [EventRule(125, on, min(on, 32)) for on in (25, 35, 45, 57, 69, 80)]
    consecutive = [EventRule(hops, hops, hops) for hops in (1, 8, 16, 31, 47)]
    means = [EventRule(125, on, min(on, 32), kind="mean") for on in (35, 45, 57, 69, 80)]
    rhythms = [EventRule(45, on, on, kind="t3") for on in (1, 3, 6, 12, 20, 30)]
    lasting = [
        EventRule(hops, round(hops * on), round(hops / 2), kind="any")
        for hops in (125, 250, 375, 500)
        for on in (0.6, 0.75, 0.9)
    ]
    return counts + consecutive + means + rhythms + lasting


RULES = tuple(_rules())


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """What rules are chosen on.

    Attributes:
        alarms: what was made of each scene with an alarm.
        onsets_s: when its first tone begins.
        t3: which of them are T3.
        quiet: of long stretches without.
        hours: length of those.
        rhythms: whether the features can tell a rhythm; rules that ask for one are left out where they cannot.
    """

    alarms: tuple[Hearing, ...]
    onsets_s: tuple[float, ...]
    t3: tuple[bool, ...]
    quiet: tuple[Hearing, ...]
    hours: float
    rhythms: bool = True


def listen(
    detector: Detector, scenes: int = 300, hours: float = 2.0, seed: int = 77, on_progress: OnProgress = ignore
) -> Heard:
    """Hear alarms and other sounds once, for `choices`.

    Args:
        detector: whose model hears; threshold and rule do not matter.
        scenes: with an alarm, of the families that train, at their own levels and rooms.
        hours: of other sounds.
        seed: which.
        on_progress: called as it goes; may raise to stop.
    """
    ears = Ears([Contender("", detector)])
    plan = synth.plan(scenes, seed, "validate", alarms=1.0)
    chunks = max(1, round(hours * 6))
    steps = scenes + chunks * 20

    def alarm(entry: tuple[str, int]) -> tuple[Hearing, float, bool]:
        scene = synth.render(*entry, WITHIN_S + 4)
        return ears.hear(scene.samples)[0], scene.segments[0][0] if scene.segments else -1.0, "T3" in scene.kind

    def quiet(chunk: int) -> Hearing:
        return ears.hear(synthetic_chunk(chunk, seed, "validate")[1])[0]

    alarms: list[tuple[Hearing, float, bool]] = []
    others: list[Hearing] = []
    with ThreadPoolExecutor(THREADS) as threads:
        try:
            for found in threads.map(alarm, plan):
                alarms.append(found)
                on_progress(len(alarms), steps, "listening to alarms")
            for heard in threads.map(quiet, range(chunks)):
                others.append(heard)
                on_progress(scenes + 20 * len(others), steps, "listening to other sounds")
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    kept = [each for each in alarms if 0 <= each[1] <= 4.0]
    length = sum(len(heard.codes) for heard in others) * 512 / RATE_HZ / 3600
    return Heard(tuple(each[0] for each in kept), tuple(each[1] for each in kept), tuple(each[2] for each in kept),
                 tuple(others), length, rhythm.can_tell(detector.spec))  # fmt: skip


def choices(
    heard: Heard,
    thresholds: Sequence[float] = THRESHOLDS,
    rules: Sequence[EventRule] = RULES,
    on_progress: OnProgress = ignore,
) -> list[dict[str, Any]]:
    """Return what each threshold and rule would do.

    Args:
        heard: as `listen` gives it.
        thresholds, rules: what to try, each with each.
        on_progress: called after each rule; may raise to stop.

    Returns:
        {threshold, rule, missed, false_alarms, per_hour, delay_s} each: `missed` is the share of alarms without an
        event within WITHIN_S (of T3 alarms for a rule of kind "t3", which is deaf to the others on purpose),
        `delay_s` the median of those found.
    """
    rows = []
    rules = [rule for rule in rules if heard.rhythms or rule.kind not in RHYTHMIC]
    for index, rule in enumerate(rules):
        on_progress(index, len(rules), "trying rules")
        rows += [_tried(heard, threshold, rule) for threshold in thresholds]
    return rows


def _tried(heard: Heard, threshold: float, rule: EventRule) -> dict[str, Any]:
    delays = np.array([
        delay(active_hops(each.codes, threshold, rule, each.beats), each.first_hop, onset)
        for each, onset, t3 in zip(heard.alarms, heard.onsets_s, heard.t3, strict=True)
        if t3 or rule.kind != "t3"
    ])  # fmt: skip
    count = sum(
        int((np.diff(np.r_[False, active_hops(each.codes, threshold, rule, each.beats)].astype(np.int8)) == 1).sum())
        for each in heard.quiet
    )
    found = delays[~np.isnan(delays)]
    return {
        "threshold": threshold,
        "rule": rule.to_json(),
        "missed": round(float(np.isnan(delays).mean()), 4) if len(delays) else None,
        "false_alarms": count,
        "per_hour": round(count / heard.hours, 3) if heard.hours else None,
        "delay_s": round(float(np.median(found)), 2) if len(found) else None,
    }
