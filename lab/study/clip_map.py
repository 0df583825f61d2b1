"""A map of a project's sounds: those that are alike, as the board hears them, lie together.

Each sound becomes 64 numbers, the mean and the spread of each of the 32 bands of the default features; the map shows
the two directions in which these differ most (principal components). Labels play no part, so a sound among those of
another label deserves a second listening.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import BadInput
from lab.progress import OnProgress, ignore
from lab.sound import features
from lab.sound.clip import RATE_HZ
from lab.sound.features import DEFAULT
from lab.sound.files import read_clip
from lab.workspace.store import Store

LEAST_CLIPS, MOST_CLIPS = 3, 2_000
MOST_S = 60.0
"""Of a longer sound the beginning stands for all."""


def draw(store: Store, project_id: int, on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Place a project's sounds; of very many, evenly chosen ones.

    Returns:
        `points`, a row [clip number, x, y] each; `explained`, the share of the differences that the map shows;
        `shown` and `all`.

    Raises:
        BadInput: there are too few.
    """
    clips = store.clips(project_id)
    chosen = clips[:: -(-len(clips) // MOST_CLIPS) or 1]
    if len(chosen) < LEAST_CLIPS:
        raise BadInput(f"A map needs {LEAST_CLIPS} sounds or more; this project has {len(chosen)}.")
    made = []
    for number, clip in enumerate(chosen):
        on_progress(number, len(chosen), clip.name)
        made.append(describe(read_clip(store.read_artifact(clip.sha256))[0].samples))
    places, explained = principal(np.stack(made))
    points = [[clip.id, round(float(x), 3), round(float(y), 3)] for clip, (x, y) in zip(chosen, places, strict=True)]
    return {"points": points, "explained": round(explained, 4), "shown": len(chosen), "all": len(clips)}


def describe(samples: NDArray[np.int16]) -> NDArray[np.float64]:
    """Return a sound's 64 numbers: mean and spread of each band's codes, shape (64,).

    A sound shorter than a window is followed by silence.
    """
    part = samples[: round(MOST_S * RATE_HZ)]
    if len(part) < DEFAULT.window_len:
        part = np.pad(part, (0, DEFAULT.window_len - len(part)))
    rows = features.windows(part, DEFAULT, stride=RATE_HZ).reshape(-1, DEFAULT.bands).astype(np.float64)
    return np.concatenate([rows.mean(axis=0), rows.std(axis=0)])


def principal(rows: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return each row's place along the two directions of most difference, and the share of it that they hold.

    Args:
        rows: shape (n, k); each column counts alike.
    """
    spread = rows.std(axis=0)
    scaled = (rows - rows.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
    left, weights, _ = np.linalg.svd(scaled, full_matrices=False)
    total = float((weights**2).sum())
    places = left[:, :2] * weights[:2]
    return _facing(places), float((weights[:2] ** 2).sum()) / total if total else 1.0


def _facing(places: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn each axis so that its farthest point is positive: which way it runs is chance."""
    far = np.abs(places).argmax(axis=0)
    signs = np.sign(places[far, np.arange(places.shape[1])])
    turned: NDArray[np.float64] = places * np.where(signs == 0, 1.0, signs)
    return turned
