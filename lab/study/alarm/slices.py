"""Detection as pictures: two things vary around a reference point, the rest stays.

Each cell is the share of staged alarms that became an event within WITHIN_S of
their first tone. Sounders, rooms and microphones are drawn anew for each trial.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from lab.deploy.events import HOP_SECONDS, T3_RULE, EventRule, active_hops
from lab.progress import OnProgress, ignore
from lab.sound.synth.staged import LEAD_S, Stage, staged
from lab.study.alarm.contenders import Contender, Ears

WITHIN_S = 8.0
THREADS = 2
REFERENCE = Stage()
LOW = Stage(freq_hz=520.0)
FREQS = tuple(float(hz) for hz in range(2_600, 3_801, 25))
LEVELS = tuple(float(db) for db in range(-46, -5, 4))
SNRS = (-5.0, -2.5, 0.0, 2.5, 5.0, 7.5, 10.0, 12.5, 15.0, 17.5, 20.0)
ROOMS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.2)
LOW_FREQS = tuple(round(520 * (1 + share / 100), 1) for share in range(-10, 11, 2))


PATTERNS = ("t3", "continuous", "sweep", "t4")
RULES: dict[str, tuple[float, EventRule]] = {
    "any hop": (0.5, EventRule(1, 1, 1)),
    "16 in a row": (0.5, EventRule(16, 16, 16)),
    "half of 4 s": (0.7, EventRule(125, 57, 32)),
    "mean of 4 s": (0.7, EventRule(125, 69, 32, kind="mean")),
    "T3 rhythm": (0.5, T3_RULE),
    "T3 or lasting": (0.5, EventRule(250, 225, 125, kind="any")),
}


@dataclass(frozen=True, slots=True)
class Axis:
    """What varies.

    Attributes:
        field: of `Stage`.
        values: in the field's unit, rising.
        title: with its unit, for people.
    """

    field: str
    values: tuple[Any, ...]
    title: str


@dataclass(frozen=True, slots=True)
class Slice:
    """A picture to be measured.

    Attributes:
        name: unique.
        title: for people.
        x, y: what varies.
        base: the reference point; fields of x and y are replaced.
    """

    name: str
    title: str
    x: Axis
    y: Axis
    base: Stage = REFERENCE


_FREQ = Axis("freq_hz", FREQS, "pitch, Hz")
_LOW_FREQ = Axis("freq_hz", LOW_FREQS, "pitch, Hz")
_LEVEL = Axis("level_db", LEVELS, "level, dBFS")
_SNR = Axis("snr_db", SNRS, "signal to noise, dB")
_ROOM = Axis("rt60_s", ROOMS, "reverberation time, s")

SLICES: dict[str, Slice] = {
    each.name: each
    for each in (
        Slice("level", "T3: pitch and level", _FREQ, _LEVEL),
        Slice("noise", "T3: pitch and noise", _FREQ, _SNR),
        Slice("room", "T3: pitch and room", _FREQ, _ROOM),
        Slice("low_level", "520 Hz T3: pitch and level", _LOW_FREQ, _LEVEL, LOW),
        Slice("low_noise", "520 Hz T3: pitch and noise", _LOW_FREQ, _SNR, LOW),
        Slice("pattern", "Rhythm and noise", Axis("pattern", PATTERNS, "rhythm"), _SNR),
    )
}
"""T4, a carbon-monoxide alarm, is the one row that should stay dark."""


def measure(
    contenders: Sequence[Contender], chosen: Slice, trials: int = 1, seed: int = 0, on_progress: OnProgress = ignore
) -> list[dict[str, Any]]:
    """Measure a slice for each contender.

    Args:
        contenders: all hear the same sounds.
        chosen: the slice.
        trials: alarms in each cell.
        seed: draws sounders and rooms; equal seeds give equal sounds.
        on_progress: called after each alarm; may raise to stop.

    Returns:
        For each contender {contender, found, delay_s}: `found` has a row for each y and a column for each x, the
        share from 0 to 1; `delay_s` the median and worst of those found, None if none was.
    """
    ears = Ears(list(contenders))
    cells = [(y, x, trial) for y in range(len(chosen.y.values)) for x in range(len(chosen.x.values))
             for trial in range(trials)]  # fmt: skip
    delays = np.full((len(contenders), len(chosen.y.values), len(chosen.x.values), trials), np.nan)

    def one(cell: tuple[int, int, int]) -> list[float]:
        y, x, trial = cell
        stage = chosen.base.but(**{chosen.y.field: chosen.y.values[y], chosen.x.field: chosen.x.values[x]})
        return heard_after(ears, stage, seed + 7_919 * trial + 104_729 * (y * len(chosen.x.values) + x))

    with ThreadPoolExecutor(THREADS) as threads:
        try:
            for index, (cell, found) in enumerate(zip(cells, threads.map(one, cells), strict=True)):
                delays[(slice(None), *cell)] = found
                on_progress(index + 1, len(cells), chosen.title)
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    return [_picture(contender.name, each) for contender, each in zip(contenders, delays, strict=True)]


def by_rule(contender: Contender, trials: int = 5, seed: int = 0, on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Measure each rhythm under each kind of rule, the sounds being the same.

    Args:
        contender: whose model hears; its own threshold and rule are one column.
        trials: alarms of each rhythm, at SNRs from 0 to 20 dB.
        seed: draws them.
        on_progress: called after each alarm; may raise to stop.

    Returns:
        A slice as `described` gives it, with one picture.
    """
    own, ears = contender.detector, Ears([contender])
    columns = {"its own": (own.threshold, own.rule), **RULES}
    delays = np.full((1, len(PATTERNS), len(columns), trials), np.nan)
    for row, pattern in enumerate(PATTERNS):
        for trial, snr in enumerate(np.linspace(0, 20, trials)):
            stage = REFERENCE.but(pattern=pattern, snr_db=float(snr))
            samples = staged(stage, seed + 7_919 * trial + row, LEAD_S + WITHIN_S + 0.1)
            [heard] = ears.hear(samples)
            for column, (threshold, rule) in enumerate(columns.values()):
                active = active_hops(heard.codes, threshold, rule, heard.beats)
                delays[0, row, column, trial] = delay(active, heard.first_hop)
            on_progress(row * trials + trial + 1, len(PATTERNS) * trials, "Rhythm and rule")
    axes = Axis("pattern", tuple(columns), "rule"), Axis("pattern", PATTERNS, "rhythm")
    return described(Slice("rules", "Rhythm and rule", *axes), [_picture(contender.name, delays[0])])


def described(chosen: Slice, pictures: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a measured slice as JSON: {name, title, x: {title, values}, y: {title, values}, pictures}."""
    return {
        "name": chosen.name, "title": chosen.title,
        "x": {"title": chosen.x.title, "values": list(chosen.x.values)},
        "y": {"title": chosen.y.title, "values": list(chosen.y.values)},
        "pictures": pictures,
    }  # fmt: skip


def heard_after(ears: Ears, stage: Stage, seed: int) -> list[float]:
    """Return for each contender the seconds from the first tone to its event, NaN for none within WITHIN_S."""
    samples = staged(stage, seed, LEAD_S + WITHIN_S + 0.1)
    return [
        delay(contender.active(heard), heard.first_hop)
        for contender, heard in zip(ears.contenders, ears.hear(samples), strict=True)
    ]


def delay(active: Any, first_hop: int, onset_s: float = LEAD_S) -> float:
    """Return the seconds from an alarm's first tone to the event, NaN for none within WITHIN_S.

    An event that was on before the tone does not count until it begins anew.
    """
    starts = np.flatnonzero(np.diff(np.r_[False, active].astype(np.int8)) == 1)
    times = (first_hop + starts) * HOP_SECONDS - onset_s
    heard = times[(times >= 0) & (times <= WITHIN_S)]
    return float(heard[0]) if len(heard) else float("nan")


def _picture(name: str, delays: Any) -> dict[str, Any]:
    heard = delays[~np.isnan(delays)]
    return {
        "contender": name,
        "found": (~np.isnan(delays)).mean(axis=2).round(3).tolist(),
        "delay_s": {"median": round(float(np.median(heard)), 2), "worst": round(float(heard.max()), 2)}
        if len(heard) else None,
    }  # fmt: skip
