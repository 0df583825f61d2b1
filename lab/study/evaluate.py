"""How well a detector hears labelled files: windows, events and their bounds."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.deploy.detector import Detector
from lab.deploy.events import threshold_code
from lab.deploy.twin import Hearing, Twin
from lab.errors import BadInput
from lab.progress import OnProgress, ignore
from lab.sound import features
from lab.sound.clip import RATE_HZ
from lab.sound.files import stream_blocks
from lab.sound.layouts import is_file

ALARM_MIN_S = 0.25
"""Alarm tone that makes a window positive; less, but some, drops it."""

SEGMENTS_FILE = "alarm_segments.csv"
Segments = list[tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a manifest.

    Attributes:
        file: as the manifest names it.
        path: where it lies.
        label: what is heard in it.
        segments: where the label sounds, in seconds; None means everywhere.
    """

    file: str
    path: Path
    label: str
    segments: Segments | None = None


def read_manifest(path: Path) -> list[Entry]:
    """Read a CSV of `file,label[,…]`, paths relative to it.

    A file `alarm_segments.csv` (file,start_s,end_s) beside it tells where in
    a recording the alarm sounds.

    Raises:
        BadInput: no such file, a missing column, no rows, or a file that is not there.
    """
    rows = _rows(path, {"file", "label"})
    if not rows:
        raise BadInput(f"{path} lists no files.")
    beside = path.parent / SEGMENTS_FILE
    segments: dict[str, Segments] = {}
    for row in _rows(beside, {"file", "start_s", "end_s"}) if beside.exists() else []:
        segments.setdefault(row["file"], []).append(_segment(row, beside))
    entries = [Entry(row["file"], path.parent / row["file"], row["label"], segments.get(row["file"])) for row in rows]
    for entry in entries:
        if not is_file(entry.path):
            raise BadInput(f"{path} names {entry.file[:80]!r}, which is not there.")
    return entries


def _rows(path: Path, needed: set[str]) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            missing = needed - set(reader.fieldnames or ())
            if missing:
                raise BadInput(
                    f"{path} has no column {', '.join(sorted(missing))}; it needs {', '.join(sorted(needed))}."
                )
            return [{key: value or "" for key, value in row.items() if isinstance(key, str)} for row in reader]
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadInput(f"{path} is not a CSV file in UTF-8.") from error


def _segment(row: dict[str, str], path: Path) -> tuple[float, float]:
    try:
        return float(row["start_s"]), float(row["end_s"])
    except ValueError as error:
        raise BadInput(f"{path} has a segment that is not two numbers: {row}.") from error


def alarm_seconds(segments: Segments, start_s: float, end_s: float) -> float:
    """Return how much of a stretch the segments cover, in seconds."""
    return sum(max(0.0, min(end_s, b) - max(start_s, a)) for a, b in segments)


def window_truth(segments: Segments, starts: NDArray[np.int64], window_len: int) -> NDArray[np.int8]:
    """Return 1 where a window holds enough alarm, 0 where none, -1 between.

    Args:
        segments: (start_s, end_s) of alarm tone.
        starts: first sample of each window.
        window_len: samples in a window.
    """
    seconds = [alarm_seconds(segments, s / RATE_HZ, (s + window_len) / RATE_HZ) for s in starts.tolist()]
    truth = [1 if heard >= ALARM_MIN_S - 1e-9 else 0 if heard <= 1e-9 else -1 for heard in seconds]
    return np.asarray(truth, np.int8)


def poisson_upper_95(count: int) -> float:
    """Return the one-sided 95 % upper bound of a Poisson mean, given a count."""
    from scipy.stats import chi2

    return float(chi2.ppf(0.95, 2 * (count + 1)) / 2)


def evaluate(detector: Detector, entries: Iterable[Entry], on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Return window and event scores over labelled files.

    Labels that are not the detector's positives count as negative. Files of
    any length are streamed.

    Returns:
        The object that `python -m lab evaluate --json` prints.
    """
    twin = Twin(detector)
    entries = list(entries)
    files: list[dict[str, Any]] = []
    truth, calls = [], []
    seconds = 0.0
    for index, entry in enumerate(entries):
        on_progress(index, len(entries), entry.file)
        positive = entry.label in detector.positive
        hearing, length, windows = hear_file(twin, entry.path)
        files.append(_file_row(entry, hearing))
        seconds += 0 if positive else length / RATE_HZ
        truth.append(_truth(entry, positive, len(windows), detector.spec.window_len))
        calls.append(windows >= threshold_code(detector.threshold))
    on_progress(len(entries), len(entries), "done")
    return {
        "files": files,
        "windows": window_scores(np.concatenate(truth), np.concatenate(calls)),
        "events": event_scores(files, detector.positive, seconds / 3600),
    }


def hear_file(twin: Twin, path: Path) -> tuple[Hearing, int, NDArray[np.int8]]:
    """Return what the twin heard, the length in samples, and the codes of its one-second windows."""
    lengths: list[int] = []
    window_codes: list[NDArray[np.int8]] = []
    window_len = twin.detector.spec.window_len

    def watched() -> Iterable[NDArray[np.int16]]:
        held = np.zeros(0, np.int16)
        for block in stream_blocks(path):
            lengths.append(len(block))
            held = np.concatenate([held, block])
            whole = len(held) // window_len * window_len
            if whole:
                window_codes.append(_non_overlapping(twin, held[:whole]))
                held = held[whole:]
            yield block

    hearing = twin.hear_blocks(watched())
    return hearing, sum(lengths), np.concatenate([np.zeros(0, np.int8), *window_codes])


def _non_overlapping(twin: Twin, samples: NDArray[np.int16]) -> NDArray[np.int8]:
    spec = twin.detector.spec
    return twin.window_codes(features.windows(samples, spec, stride=spec.window_len))


def _truth(entry: Entry, positive: bool, count: int, window_len: int) -> NDArray[np.int8]:
    if not positive or entry.segments is None:
        return np.full(count, int(positive), np.int8)
    return window_truth(entry.segments, np.arange(count) * window_len, window_len)


def _file_row(entry: Entry, hearing: Hearing) -> dict[str, Any]:
    return {
        "file": entry.file,
        "label": entry.label,
        "max_probability": float(hearing.probabilities.max()) if len(hearing.codes) else None,
        "events": [{"start_s": event.start_s, "end_s": event.end_s} for event in hearing.events],
    }


def window_scores(truth: NDArray[np.int8], calls: NDArray[np.bool_]) -> dict[str, Any]:
    """Return count, accuracy, precision and recall of window decisions.

    Args:
        truth: 1 alarm, 0 none, -1 left out; shape (n,).
        calls: what the detector said, shape (n,).
    """
    kept = truth >= 0
    alarm, said = truth[kept] == 1, calls[kept]
    hits = int((alarm & said).sum())
    return {
        "count": int(kept.sum()),
        "accuracy": _share(int((alarm == said).sum()), int(kept.sum())),
        "precision": _share(hits, int(said.sum())),
        "recall": _share(hits, int(alarm.sum())),
    }


def event_scores(files: list[dict[str, Any]], positive: tuple[str, ...], hours: float) -> dict[str, Any]:
    """Return recall over positive files and false alarms over the others.

    Args:
        files: rows with `label` and `events`.
        positive: labels that should raise an event.
        hours: length of the other files.
    """
    alarms = [row for row in files if row["label"] in positive]
    false_alarms = sum(len(row["events"]) for row in files if row["label"] not in positive)
    return {
        "recall": _share(sum(bool(row["events"]) for row in alarms), len(alarms)),
        "false_alarms": false_alarms,
        "hours": round(hours, 4),
        "false_alarms_per_hour": round(false_alarms / hours, 3) if hours else None,
        "upper_bound_95": round(poisson_upper_95(false_alarms) / hours, 3) if hours else None,
    }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
