"""How right a classifier is, from plain arrays.

Classes are numbered as in the labels; shares with nothing to divide by are
None, never 0 or NaN.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

THRESHOLDS = tuple(round(0.02 * step, 2) for step in range(1, 50))


def share(part: int, whole: int) -> float | None:
    """Return part / whole, or None of nothing."""
    return round(part / whole, 6) if whole else None


def confusion(truth: NDArray[np.integer], said: NDArray[np.integer], classes: int) -> NDArray[np.int64]:
    """Return counts by true class (rows) and predicted class (columns), shape (classes, classes)."""
    cells = np.asarray(truth, np.int64) * classes + np.asarray(said, np.int64)
    return np.bincount(cells, minlength=classes**2).reshape(classes, classes)


def binary_scores(truth: NDArray[np.bool_], said: NDArray[np.bool_]) -> dict[str, Any]:
    """Return count, accuracy, precision and recall of yes-or-no answers, shape (n,)."""
    hits = int((truth & said).sum())
    return {
        "count": len(truth),
        "accuracy": share(int((truth == said).sum()), len(truth)),
        "precision": share(hits, int(said.sum())),
        "recall": share(hits, int(truth.sum())),
    }


def class_scores(truth: NDArray[np.integer], said: NDArray[np.integer], labels: Sequence[str]) -> dict[str, Any]:
    """Return count, accuracy, mean precision and recall over classes, and the confusion matrix.

    Classes that never occur, or are never said, do not count in the means.
    """
    table = confusion(truth, said, len(labels))
    right, occur, spoken = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    return {
        "count": int(table.sum()),
        "accuracy": share(int(right.sum()), int(table.sum())),
        "precision": _mean(right[spoken > 0] / spoken[spoken > 0]),
        "recall": _mean(right[occur > 0] / occur[occur > 0]),
        "labels": list(labels),
        "confusion": table.tolist(),
    }


def _mean(values: NDArray[np.float64]) -> float | None:
    return round(float(values.mean()), 6) if len(values) else None


def threshold_curve(
    truth: NDArray[np.bool_], probability: NDArray[np.floating], thresholds: Sequence[float] = THRESHOLDS
) -> dict[str, list[float | None]]:
    """Return precision, recall and false positive rate at each threshold, as columns.

    Args:
        truth: bool, shape (n,).
        probability: of yes, shape (n,).
        thresholds: a probability that reaches one says yes.
    """
    rows = [(limit, probability >= limit) for limit in thresholds]
    return {
        "threshold": [float(limit) for limit, _ in rows],
        "precision": [share(int((truth & said).sum()), int(said.sum())) for _, said in rows],
        "recall": [share(int((truth & said).sum()), int(truth.sum())) for _, said in rows],
        "false_positive_rate": [share(int((~truth & said).sum()), int((~truth).sum())) for _, said in rows],
    }
