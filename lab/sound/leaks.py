"""What a random split of windows would give away, as the article's does.

Windows of one recording sound alike and overlap. Where some train and others
test, the test asks what the training has told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

WINDOW_S, STRIDE_S = 1.0, 0.25
TEST_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class Leaks:
    """What a random split of windows does.

    Attributes:
        windows: all of them.
        tested: those that the split would test on.
        leaked: of these, how many have a window of their own recording in training.
    """

    windows: int
    tested: int
    leaked: int


def leaks(clips: Iterable[tuple[str, float]], test_share: float = TEST_SHARE, seed: int = 0) -> Leaks:
    """Split windows at random and count those whose recording is on both sides.

    Args:
        clips: recording and length in seconds, a clip.
        test_share: of the windows.
        seed: another seed, another split.
    """
    numbers: dict[str, int] = {}
    recordings: list[int] = []
    for recording, seconds in clips:
        place = numbers.setdefault(recording, len(numbers))
        recordings += [place] * window_count(seconds)
    return _split(recordings, test_share, seed)


def window_count(seconds: float) -> int:
    """Return how many windows a clip has: one a quarter second, none shorter than a second."""
    return max(0, int((seconds - WINDOW_S) / STRIDE_S + 1e-9) + 1) if seconds >= WINDOW_S else 0


def _split(recordings: Sequence[int], test_share: float, seed: int) -> Leaks:
    owners = np.array(recordings, np.int64)
    order = np.random.default_rng(seed).permutation(len(owners))
    tested = order[: round(test_share * len(owners))]
    trained = order[len(tested) :]
    leaked = int(np.isin(owners[tested], owners[trained]).sum())
    return Leaks(len(owners), len(tested), leaked)
