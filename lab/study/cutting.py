"""Trimming a clip, and cutting a long recording into clips; both can be undone."""

from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import BadInput
from lab.sound import facts
from lab.sound.clip import RATE_HZ
from lab.sound.clip import Clip as Sound
from lab.sound.files import MIN_SAMPLES, read_clip, wav_bytes
from lab.sound.segments import Segment, read_csv, read_labels
from lab.workspace.store import Clip, Store, edits


def segment_from_file(store: Store, clip: Clip, name: str, data: bytes) -> None:
    """Note a clip's segments as a file tells them: a label track of Audacity (.txt), else a table.

    Raises:
        BadInput: it cannot be read, or has no rows for the clip; nothing was changed.
    """
    found = read_labels(data) if name.lower().endswith(".txt") else read_csv(data).get(clip.name)
    if found is None:
        raise BadInput(f"The table has no rows for {clip.name}.")
    edits.set_segments(store, clip.project_id, clip.id, [each.to_json() for each in found])


def trim(store: Store, clip: Clip, start_s: float, end_s: float) -> None:
    """Keep only a stretch of a clip, under its name.

    Raises:
        BadInput: the stretch is shorter than a hop, or not in the clip.
        LabError: the disk is full; nothing was changed.
    """
    samples = _samples(store, clip)
    made = _part(store, clip, samples, Segment(start_s, end_s), clip.name)
    edits.replace(store, clip.project_id, [clip.id], [made], "trimmed")


def cut(store: Store, clip: Clip, segments: Sequence[Segment]) -> int:
    """Put a clip for each segment in the place of a long recording; they stay one recording for the split.

    Returns:
        How many clips it became.

    Raises:
        BadInput: no segments, or one that is not in the clip; nothing was cut.
        LabError: the disk is full; nothing was cut.
    """
    if not segments:
        raise BadInput("There are no segments yet; add rows of start and end, in seconds.")
    samples = _samples(store, clip)
    stem = PurePath(clip.name).stem
    made = [_part(store, clip, samples, each, f"{stem} {each.start_s:.2f}-{each.end_s:.2f} s.wav") for each in segments]
    return edits.replace(store, clip.project_id, [clip.id], made, f"cut from “{clip.name[:200]}”")


def _samples(store: Store, clip: Clip) -> NDArray[np.int16]:
    return read_clip(store.read_artifact(clip.sha256))[0].samples


def _part(store: Store, clip: Clip, samples: NDArray[np.int16], part: Segment, name: str) -> dict[str, Any]:
    """Keep a stretch as a file; return its clip's fields."""
    kept = samples[round(part.start_s * RATE_HZ) : round(part.end_s * RATE_HZ)].copy()
    if len(kept) < MIN_SAMPLES or part.end_s > clip.seconds + 0.005:
        raise BadInput(
            f"The stretch from {part.start_s:g} to {part.end_s:g} s cannot be cut: it must lie within the "
            f"{clip.seconds:.2f} s of the sound and last {MIN_SAMPLES / RATE_HZ * 1000:.0f} ms at least."
        )
    sound = Sound(kept, part.label or clip.label, clip.recording_id)
    data = wav_bytes(sound)
    return {
        **{field: getattr(clip, field) for field in edits.COPIED},
        "sha256": store.put_artifact("wav", name, data).sha256, "name": name[:300], "label": sound.label,
        "seconds": sound.seconds, "peak": facts.peak(kept), "clipped": facts.clipped(kept), "segments": [],
    }  # fmt: skip
