"""Recordings of real alarms: after how long each contender has an event."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lab.sound.clip import RATE_HZ
from lab.sound.files import stream_blocks
from lab.study.alarm.contenders import Contender, Ears
from lab.study.alarm.quiet import MANIFEST, event_times
from lab.study.evaluate import read_manifest


def heard_in(contenders: Sequence[Contender], folder: Path) -> list[dict[str, Any]]:
    """Return for each alarm that a manifest.csv below a folder names when each contender hears it.

    Args:
        contenders: who hears; a file is an alarm where its label is one of the first's positive ones.
        folder: where to look.

    Returns:
        {file, seconds, contenders: [{contender, heard_s}]}, seconds from the file's start; None for never.
    """
    ears = Ears(list(contenders))
    return [
        _heard(ears, entry.path)
        for manifest in sorted(folder.rglob(MANIFEST))
        for entry in read_manifest(manifest)
        if entry.label in contenders[0].detector.positive
    ]


def _heard(ears: Ears, path: Path) -> dict[str, Any]:
    samples = np.concatenate(list(stream_blocks(path)))
    heard = zip(ears.contenders, ears.hear(samples), strict=True)
    times = {each.name: event_times(each, made) for each, made in heard}
    return {
        "file": path.name,
        "seconds": round(len(samples) / RATE_HZ, 2),
        "contenders": [{"contender": name, "heard_s": round(at[0], 2) if at else None} for name, at in times.items()],
    }
