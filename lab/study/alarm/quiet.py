"""False alarms over hours of sound in which there is no alarm."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.deploy.events import HOP_SECONDS
from lab.deploy.twin import Hearing
from lab.errors import BadInput
from lab.progress import OnProgress, ignore
from lab.sound import synth
from lab.sound.clip import RATE_HZ
from lab.sound.files import SUFFIXES, stream_blocks
from lab.sound.synth.scenes import Split
from lab.study.alarm.contenders import Contender, Ears
from lab.study.evaluate import poisson_upper_95, read_manifest

MANIFEST = "manifest.csv"
SCENE_S = 10.0
CHUNK_SCENES = 60
"""Ten minutes of synthetic sound at a time."""
THREADS = 2
Block = NDArray[np.int16]


def over_folder(
    contenders: Sequence[Contender], folder: Path, on_progress: OnProgress = ignore
) -> list[dict[str, Any]]:
    """Count the events over all sound files below a folder, those of one folder played one after another.

    Where a folder has a manifest.csv, its files that carry one of the
    detector's positive labels are left out. Files may be hours long.

    Args:
        contenders: who hears.
        folder: where to look.
        on_progress: called after each file; may raise to stop.

    Returns:
        For each folder {source, hours, contenders: [{contender, false_alarms, at: [{file, t_s}]}]}.

    Raises:
        BadInput: no folder, or no sound in it.
    """
    sources = _sources(folder, {label for each in contenders for label in each.detector.positive})
    ears = Ears(list(contenders))
    told = _Told(sum(map(len, sources.values())) * len(ears), on_progress)
    return [{"source": source, **_counted(ears, files, told)} for source, files in sources.items()]


class _Told:
    """Counts the files that were heard, and tells."""

    def __init__(self, total: int, on_progress: OnProgress) -> None:
        self._done, self._total, self._on_progress = 0, total, on_progress

    def heard(self, path: Path) -> None:
        self._done += 1
        self._on_progress(self._done, self._total, f"listening to {path.name}")


def _sources(folder: Path, positive: set[str]) -> dict[str, list[Path]]:
    if not folder.is_dir():
        raise BadInput(f"{folder} is not a folder.")
    alarms: set[Path] = set()
    for manifest in sorted(folder.rglob(MANIFEST)):
        alarms |= {entry.path for entry in read_manifest(manifest) if entry.label in positive}
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.rglob("*")):
        if path.suffix.lower() in SUFFIXES and path.is_file() and path not in alarms:
            parts = path.relative_to(folder).parts
            found.setdefault(parts[0] if len(parts) > 1 else folder.name, []).append(path)
    if not found:
        raise BadInput(f"{folder} holds no sound but alarms; files end in {', '.join(SUFFIXES)}.")
    return found


def _counted(ears: Ears, files: list[Path], told: _Told) -> dict[str, Any]:
    lengths: list[int] = []

    def blocks() -> Iterator[Block]:
        lengths.clear()
        for path in files:
            lengths.append(0)
            for block in stream_blocks(path):
                lengths[-1] += len(block)
                yield block
            told.heard(path)

    rows = []
    for contender, heard in zip(ears.contenders, ears.hear_blocks(blocks), strict=True):
        found = places(event_times(contender, heard), lengths)
        at = [{"file": files[place].name, "t_s": t} for place, t in found]
        rows.append({"contender": contender.name, "false_alarms": len(at), "at": at})
    return {"hours": round(sum(lengths) / RATE_HZ / 3600, 4), "contenders": rows}


def places(times_s: Sequence[float], lengths: Sequence[int]) -> list[tuple[int, float]]:
    """Return in which of some sounds, played one after another, each moment lies, and when in it.

    Args:
        times_s: seconds from the start of the first.
        lengths: of the sounds, in samples.
    """
    starts = np.cumsum([0, *lengths[:-1]])
    found = np.maximum(0, np.searchsorted(starts, np.asarray(times_s) * RATE_HZ, side="right") - 1).tolist()
    return [(place, round(t - int(starts[place]) / RATE_HZ, 2)) for place, t in zip(found, times_s, strict=True)]


def event_times(contender: Contender, heard: Hearing) -> list[float]:
    """Return when events started, in seconds."""
    starts = np.flatnonzero(np.diff(np.r_[False, contender.active(heard)].astype(np.int8)) == 1)
    return [float((heard.first_hop + start) * HOP_SECONDS) for start in starts]


def over_synthetic(
    contenders: Sequence[Contender], hours: float, seed: int = 0, split: Split = "test",
    on_progress: OnProgress = ignore,
) -> dict[str, Any]:  # fmt: skip
    """Count the events over synthetic sounds that are no fire alarm, of held-out families by default.

    Args:
        contenders: who hears.
        hours: how much, rounded up to ten minutes.
        seed, split: which scenes.
        on_progress: called after each ten minutes; may raise to stop.

    Returns:
        {source, hours, contenders: [{contender, false_alarms, at: [{family, times}]}]}, most mistaken family first.
    """
    chunks = max(1, int(np.ceil(hours * 3600 / SCENE_S / CHUNK_SCENES)))
    ears, counts = Ears(list(contenders)), [dict[str, int]() for _ in contenders]

    def one(chunk: int) -> list[list[str]]:
        families, samples = synthetic_chunk(chunk, seed, split)
        return [
            [families[min(len(families) - 1, int((t - 0.5) / SCENE_S))] for t in event_times(contender, heard)]
            for contender, heard in zip(contenders, ears.hear(samples), strict=True)
        ]

    with ThreadPoolExecutor(THREADS) as threads:
        try:
            for index, found in enumerate(threads.map(one, range(chunks))):
                for count, families in zip(counts, found, strict=True):
                    for family in families:
                        count[family] = count.get(family, 0) + 1
                on_progress(index + 1, chunks, "listening to made-up sounds")
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise
    rows = [
        {"contender": contender.name, "false_alarms": sum(count.values()),
         "at": [{"family": family, "times": times} for family, times in sorted(count.items(), key=lambda e: -e[1])]}
        for contender, count in zip(contenders, counts, strict=True)
    ]  # fmt: skip
    return {
        "source": f"synthetic, {split} families",
        "hours": chunks * CHUNK_SCENES * SCENE_S / 3600,
        "contenders": rows,
    }


def synthetic_chunk(chunk: int, seed: int, split: Split) -> tuple[list[str], Block]:
    """Return ten minutes of synthetic sound without a fire alarm, and the family of each scene."""
    plan = synth.plan(CHUNK_SCENES, seed * 100_003 + chunk, split, alarms=0.0)
    return [family for family, _ in plan], np.concatenate(
        [synth.render(family, each, SCENE_S).samples for family, each in plan]
    )


def summed(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return for each contender {contender, hours, false_alarms, per_hour, upper_bound_95} over all rows."""
    hours = sum(row["hours"] for row in rows)
    names = [each["contender"] for each in rows[0]["contenders"]] if rows else []
    made = []
    for index, name in enumerate(names):
        count = sum(row["contenders"][index]["false_alarms"] for row in rows)
        made.append({
            "contender": name, "hours": round(hours, 3), "false_alarms": count,
            "per_hour": round(count / hours, 3), "upper_bound_95": round(poisson_upper_95(count) / hours, 3),
        })  # fmt: skip
    return made
