"""`python -m lab bench tree`: the article's figures, measured on one's own machine.

Every node is kept under what made it: a bench that was stopped goes on, and one with more seeds adds to what is there.
A faster machine trains longer by the same command and `--longer`; with a GPU, set CUDA_VISIBLE_DEVICES.
"""

import os
import time
from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

import numpy as np

from lab.errors import BadInput
from lab.optimize.paths import LEGAL, named
from lab.progress import OnProgress, ignore
from lab.study.optimize import load_problem, share
from lab.study.tree import Options, walk
from lab.study.tree.kept import Kept
from lab.study.tree.options import MAX_EPOCHS, seeds_of
from lab.study.tree.outcome import machine
from lab.study.tree.table import Row, interval, summary
from lab.study.tree.walk import Walk
from lab.workspace.store import open_store

PARTS = ("alarm", "keywords", "pictures")
SEEDS = {"keywords": 3, "pictures": 1}
PATHS = {
    "keywords": ("PTQ", "PQAT", "prune+cluster+PTQ", "PCQAT"),
    "pictures": ("PTQ", "QAT", "cluster+PTQ", "CQAT"),
}
OPTIONS = {
    "keywords": Options(0.5, clusters=8, base_epochs=6, prune_epochs=3, cluster_epochs=2, qat_epochs=2),
    "pictures": Options(clusters=16, base_epochs=8, cluster_epochs=2, qat_epochs=1),
}
ALARM_S, FITS, FAKE_APART = 240.0, 8, 0.005
Z95 = 1.96


def tree(options: Mapping[str, Any], on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Walk the alarm model's tree and, where their data are named, those of DS-CNN-L and MobileNetV1.

    Args:
        options: `parts`, some of PARTS; `keywords`, a folder in Speech Commands' layout; `pictures`, CIFAR-10's;
            `alpha`, width of MobileNetV1 (0.25); `seeds`; `longer`, so many times the epochs.
        on_progress: called as it goes; may raise to stop: finished nodes stay kept.

    Returns:
        {"rows": [{key, what, unit, goal, measured, met, low, high, over, published}], "tables": one a part, "machine",
        "skipped", "trained", "seconds": of training, those kept from before included}.

    Raises:
        BadInput: an unknown part, or settings that cannot be.
    """
    wanted = tuple(options.get("parts") or PARTS)
    unknown = [part for part in wanted if part not in PARTS]
    if unknown:
        raise BadInput(f"There is no part {unknown[0]!r}; there are {', '.join(PARTS)}.")
    rows: list[Row] = []
    tables: dict[str, list[Row]] = {}
    skipped, trained, seconds = [], 0, 0.0
    for place, part in enumerate(wanted):
        told = share(on_progress, 100 * place // len(wanted), 100 * (place + 1) // len(wanted))
        if part == "alarm":
            figures, made = _alarm(told)
        elif not options.get(part):
            skipped.append(f"{part}: no data named; give --{part} DIR.")
            continue
        else:
            figures, made = _walked(part, options, told)
        rows += [*figures, *always(part, made)]
        tables[part] = summary(made.rows)
        trained += made.trained
        seconds += sum(row.get("seconds") or 0.0 for row in made.rows)
    return {"rows": rows, "tables": tables, "machine": machine(), "skipped": skipped, "trained": trained,
            "seconds": round(seconds, 1)}  # fmt: skip


def _alarm(on_progress: OnProgress) -> tuple[list[Row], Walk]:
    """Walk all eight leaves with nothing kept, because the time is what counts."""
    problem = load_problem("alarm", None, "default", 1.0, on_progress)
    started, used = time.monotonic(), os.times()
    made = walk(problem, LEGAL, Options(), on_progress=share(on_progress, 10, 100))
    now = os.times()
    cpu_s = sum(now[:4]) - sum(used[:4])
    return [
        figure("alarm_s", "alarm model, all eight leaves", "s", ALARM_S, time.monotonic() - started),
        figure("alarm_cpu_s", "the same, processor time of both cores", "s", 2 * ALARM_S, cpu_s),
        figure("alarm_fits", "trainings that ran, of 8 distinct nodes", "fits", FITS, made.trained),
    ], made


def _walked(part: str, options: Mapping[str, Any], on_progress: OnProgress) -> tuple[list[Row], Walk]:
    model = "ds_cnn_l" if part == "keywords" else "mobilenet_v1"
    problem = load_problem(model, str(options[part]), "default", float(options.get("alpha") or 0.25), on_progress)
    seeds = seeds_of(int(options.get("seeds") or SEEDS[part]))
    chosen = [named(label) for label in PATHS[part]]
    told = share(on_progress, 10, 100)
    made = walk(problem, chosen, longer(OPTIONS[part], options.get("longer")), seeds, Kept(open_store()), told)
    return (keyword_figures if part == "keywords" else picture_figures)(made), made


def longer(options: Options, times: float | None) -> Options:
    """Return options with so many times the epochs."""
    given = options.to_json()
    for name, epochs in given.items():
        if name.endswith("_epochs") and epochs:
            given[name] = min(MAX_EPOCHS, max(1, round(epochs * (times or 1))))
    return Options.from_json(given)


def keyword_figures(made: Walk) -> list[Row]:
    """Return the figures of DS-CNN-L at 50 % zeros and 8 clusters."""
    gain = figure("pcqat_gain", "PCQAT over prune+cluster+PTQ, INT8", "points", 0.0, None, published=0.85)
    return [
        figure("pcqat_gzip", "gzip(PCQAT) over PTQ's plain bytes", "ratio", 0.40,
               ratio(made, "PCQAT", "gzip_bytes", "PTQ", "tflite_bytes"), published=0.398),
        figure("pqat_gzip", "gzip(PQAT) over PTQ's plain bytes", "ratio", 0.60,
               ratio(made, "PQAT", "gzip_bytes", "PTQ", "tflite_bytes"), published=0.594),
        loss(made, "pcqat_loss", "PCQAT", "PTQ", 1.0, 0.29),
        loss(made, "pqat_loss", "PQAT", "PTQ", 1.0, 0.35),
        gain | points(made, "PCQAT", "prune+cluster+PTQ", 1, lambda low: low > 0),
        figure("pcqat_bytes", "gzip(PCQAT) over gzip(prune+cluster+PTQ)", "ratio", 1.02,
               ratio(made, "PCQAT", "gzip_bytes", "prune+cluster+PTQ", "gzip_bytes"), published=0.983),
    ]  # fmt: skip


def picture_figures(made: Walk) -> list[Row]:
    """Return the figures of MobileNetV1 at 16 clusters."""
    return [
        figure("cqat_gzip", "gzip(CQAT) over PTQ's gzip", "ratio", 0.65,
               ratio(made, "CQAT", "gzip_bytes", "PTQ", "gzip_bytes"), published=0.647),
        loss(made, "cqat_loss", "CQAT", "PTQ", 0.13, 0.13),
    ]  # fmt: skip


def always(part: str, made: Walk) -> list[Row]:
    """Return what holds for every model: rounding as trained is rounding as shipped, and promises are kept."""
    apart = [
        abs(row["accuracy_fake_int8"] - row["accuracy_int8"])
        for row in made.rows
        if not row["failed"] and row["accuracy_fake_int8"] is not None
    ]
    broken = sum(1 for row in made.rows if row["failed"] or not row["kept"])
    return [
        figure(f"{part}_fake_int8", "fake INT8 and INT8 apart, at most", "points", 100 * FAKE_APART,
               100 * max(apart) if apart else None),
        figure(f"{part}_broken", "leaves that failed or broke a promise", "leaves", 0, broken),
    ]  # fmt: skip


def figure(key: str, what: str, unit: str, goal: float, measured: float | None, published: float | None = None) -> Row:
    """Return one row; `met` is whether the figure is at most its goal, or null where there is none."""
    value = None if measured is None else round(measured, 4)
    return {"key": key, "what": what, "unit": unit, "goal": goal, "measured": value,
            "met": None if value is None else value <= goal, "low": None, "high": None, "over": None,
            "published": published}  # fmt: skip


def loss(made: Walk, key: str, path: str, over: str, goal: float, published: float) -> Row:
    """Return how many points less accurate one path is than another, with its interval."""
    row = figure(key, f"INT8 lost by {path} against {over}", "points", goal, None, published)
    return row | points(made, path, over, -1, None, goal)


def points(made: Walk, path: str, over: str, sign: int, sure: Any, goal: float = 0.0) -> Row:
    """Return `measured`, `low`, `high`, `over` and `met` of a difference in points, paired.

    Args:
        made: the walk.
        path, over: what is compared.
        sign: 1 for what is gained, -1 for what is lost.
        sure: asked about the lower end where the whole interval must hold; else the figure must be at most `goal`.
        goal: in points.
    """
    found = interval(made.rows, path, over) or by_examples(made, path, over)
    if found is None:
        return {}
    ends = sorted((sign * 100 * found["low"], sign * 100 * found["high"]))
    value = round(sign * 100 * found["mean"], 3)
    said = f"{found['seeds']} seeds" if "seeds" in found else f"{found['examples']:,} examples, one seed"
    return {"measured": value, "low": round(ends[0], 3), "high": round(ends[1], 3), "over": said,
            "met": bool(sure(ends[0])) if sure else value <= goal}  # fmt: skip


def by_examples(made: Walk, path: str, over: str) -> dict[str, float] | None:
    """Return the paired difference over examples where one seed is all there is, with its 95 % interval."""
    pairs = [(f"{path}.{row['seed']}", f"{over}.{row['seed']}") for row in made.rows if row["path"] == path]
    both = [(made.right[one], made.right[two]) for one, two in pairs if one in made.right and two in made.right]
    if not both:
        return None
    apart = np.mean([one.astype(np.float64) - two for one, two in both], axis=0)
    half = Z95 * float(apart.std(ddof=1)) / len(apart) ** 0.5
    middle = float(apart.mean())
    return {"mean": middle, "low": middle - half, "high": middle + half, "examples": len(apart)}


def ratio(made: Walk, path: str, name: str, over: str, under: str) -> float | None:
    """Return the mean ratio of a column of two paths, seed by seed; None where a path is missing."""
    good: Sequence[Row] = [row for row in made.rows if not row["failed"]]
    above, below = ({row["seed"]: row for row in good if row["path"] == each} for each in (path, over))
    ratios = [above[seed][name] / below[seed][under] for seed in above if seed in below]
    return mean(ratios) if ratios else None
