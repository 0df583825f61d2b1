"""`python -m lab bench alarm`: what the detector hears, and what it mistakes.

Beside it the article's features and network under the same recipe, and how the
article's board decides. Goals are printed next to what was measured.
"""

import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from lab.deploy.detector import Detector
from lab.progress import OnProgress, ignore
from lab.sound.synth.staged import QUIET_DB, Stage
from lab.study.alarm import quiet, recordings, slices
from lab.study.alarm.contenders import Contender, Ears, by_rules, usual

SLICES_SHARE, FOUND_SHARE = 60, 15
FOUND_TRIALS = 200
QUIET_HOURS = 1.0
SEED = 20_000
SHIPPED_HARD_NEGATIVES = "32 of 50 hard negatives fired with the article's own model in its own loop (measured)"


def alarm(options: Mapping[str, Any], on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Measure slices, recall and false alarms.

    Args:
        options: `detector`, a file (the prepared one by default); `folder`, sounds without an alarm; `hours` of
            synthetic ones (1); `trials` in each cell (1); `plot`, an HTML file to draw the slices into; `figures`
            asks for what `figures` returns instead.
        on_progress: called as it goes; may raise to stop.

    Returns:
        {contenders, slices: [{name, title, x, y, pictures}], found, quiet, hour_s, seconds}.
    """
    if options.get("figures"):
        return figures(options, on_progress)
    started = time.monotonic()
    named = options.get("detector")
    contenders = usual(Detector.load(named) if named else None)
    pictures = _slices(contenders, int(options.get("trials") or 1), _share(on_progress, 0, SLICES_SHARE))
    found = recall(contenders, FOUND_TRIALS, SEED, _share(on_progress, SLICES_SHARE, SLICES_SHARE + FOUND_SHARE))
    rest = _share(on_progress, SLICES_SHARE + FOUND_SHARE, 100)
    rows = [quiet.over_synthetic(contenders, float(options.get("hours") or QUIET_HOURS), on_progress=rest)]
    real = quiet.over_folder(contenders, Path(options["folder"]), rest) if options.get("folder") else []
    made: dict[str, Any] = {
        "contenders": [_described(contender) for contender in contenders],
        "slices": pictures,
        "found": found,
        "quiet": {"synthetic": quiet.summed(rows), "folder": quiet.summed(real), "sources": rows + real},
        "article": SHIPPED_HARD_NEGATIVES,
        "hour_s": hour_seconds(contenders[0].detector),
        "seconds": round(time.monotonic() - started, 1),
    }
    if options.get("plot"):
        from lab.study.alarm.drawn import write_html

        made["plot"] = str(write_html(Path(options["plot"]), made))
    return made


def figures(options: Mapping[str, Any], on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Measure one detector under its own rule and under others, all on the same draws.

    Args:
        options: `detector`, `folder` and `hours` as `alarm` takes them, the hours for fresh families and again for
            those that test; `trials`, alarms of each goal (200); `seed`, which draws (0).
        on_progress: called as it goes; may raise to stop.

    Returns:
        {contenders, found, quiet: {fresh, test, folder, sources}, recordings, seconds}.
    """
    started = time.monotonic()
    named, seed = options.get("detector"), int(options.get("seed") or 0)
    contenders = by_rules(Detector.load(named) if named else None)
    found = recall(contenders, int(options.get("trials") or FOUND_TRIALS), SEED + seed, _share(on_progress, 0, 20))
    hours = float(options.get("hours") or QUIET_HOURS)
    fresh = quiet.over_synthetic(contenders, hours, seed, "fresh", _share(on_progress, 20, 55))
    test = quiet.over_synthetic(contenders, hours, seed, "test", _share(on_progress, 55, 90))
    folder = Path(options["folder"]) if options.get("folder") else None
    real = quiet.over_folder(contenders, folder, _share(on_progress, 90, 100)) if folder else []
    return {
        "contenders": [_described(contender) for contender in contenders],
        "found": found,
        "quiet": {
            "fresh": quiet.summed([fresh]), "test": quiet.summed([test]), "folder": quiet.summed(real),
            "sources": [fresh, test, *real],
        },
        "recordings": recordings.heard_in(contenders, folder) if folder else [],
        "seconds": round(time.monotonic() - started, 1),
    }  # fmt: skip


def _described(contender: Contender) -> dict[str, Any]:
    detector = contender.detector
    return {
        "contender": contender.name, "spec": detector.spec.name, "threshold": detector.threshold,
        "rule": detector.rule.to_json(), "model_sha256": detector.model_sha256,
    }  # fmt: skip


def _slices(contenders: Sequence[Contender], trials: int, on_progress: OnProgress) -> list[dict[str, Any]]:
    sizes = [len(each.x.values) * len(each.y.values) for each in slices.SLICES.values()]
    ends = np.cumsum([0, *sizes]) * 100 // sum(sizes)
    made = [
        slices.described(
            each, slices.measure(contenders, each, trials, SEED, _share(on_progress, int(start), int(end)))
        )
        for each, start, end in zip(slices.SLICES.values(), ends[:-1], ends[1:], strict=True)
    ]
    return [*made, slices.by_rule(contenders[0], 5 * trials, SEED)]


GOALS: dict[str, tuple[str, float]] = {
    "t3": ("T3, 2.9–3.4 kHz, ≥ -40 dBFS, SNR ≥ 0 dB, held-out sounders and rooms", 0.98),
    "low": ("520 Hz ± 10 % T3, the same", 0.98),
    "faint": ("T3 and 520 Hz at -46 dBFS in quiet", 1.0),
}


def drawn_stage(name: str, rng: np.random.Generator) -> Stage:
    """Return a random alarm of a goal: "t3", "low" or "faint"."""
    low = name == "low" or (name == "faint" and rng.random() < 0.5)
    freq = float(rng.uniform(468, 572) if low else rng.uniform(2_900, 3_400))
    room = float(rng.choice([0.0, rng.uniform(0.2, 1.2)], p=[0.15, 0.85]))
    if name == "faint":
        return Stage(freq_hz=freq, level_db=-46.0, snr_db=QUIET_DB, rt60_s=room, floor_db=-80.0)
    return Stage(
        freq_hz=freq, level_db=float(rng.uniform(-40, -6)), snr_db=float(rng.uniform(0, 30)), rt60_s=room,
        floor_db=float(rng.uniform(-80, -66)),
    )  # fmt: skip


def recall(
    contenders: Sequence[Contender], trials: int, seed: int, on_progress: OnProgress = ignore
) -> list[dict[str, Any]]:
    """Return, for each goal and contender, the share of alarms found within 8 s, and the delays."""
    ears, made = Ears(list(contenders)), []
    with ThreadPoolExecutor(slices.THREADS) as threads:
        for index, (name, (title, goal)) in enumerate(GOALS.items()):
            rng = np.random.default_rng([seed, index])
            stages = [drawn_stage(name, rng) for _ in range(trials)]
            tries = [
                threads.submit(slices.heard_after, ears, stage, seed + 50_000 + k) for k, stage in enumerate(stages)
            ]
            delays = np.array([each.result() for each in tries]).T
            for contender, each in zip(contenders, delays, strict=True):
                heard = each[~np.isnan(each)]
                made.append({
                    "what": title, "contender": contender.name, "goal": goal, "alarms": trials,
                    "found": round(len(heard) / trials, 4),
                    "delay_s": {"median": round(float(np.median(heard)), 2), "worst": round(float(heard.max()), 2)}
                    if len(heard) else None,
                })  # fmt: skip
            on_progress(index + 1, len(GOALS), title)
    return made


def hour_seconds(detector: Detector) -> float:
    """Return how long this machine takes over one hour of sound, a decision every hop, in seconds."""
    from lab.deploy.twin import Twin

    twin = Twin(detector)
    ten_minutes = np.random.default_rng(0).integers(-3_000, 3_000, 600 * 16_000).astype(np.int16)
    twin.hear(ten_minutes[:160_000])
    started = time.perf_counter()
    twin.hear_blocks(ten_minutes for _ in range(6))
    return round(time.perf_counter() - started, 2)


def _share(on_progress: OnProgress, start: int, end: int) -> OnProgress:
    return lambda done, total, message: on_progress(start + (end - start) * done // max(1, total), 100, message)
