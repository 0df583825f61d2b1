"""Examples that a small network can learn in seconds: each class has its own band."""

import numpy as np

from lab.learn.examples import Examples, LearningSet
from lab.learn.models import Architecture
from lab.sound.features import DEFAULT

TINY = Architecture("ds", filters=2, kernel=(5, 4), dense=4, dropout=0.0)


def examples(count, classes=2, seed=0, spec=DEFAULT):
    rng = np.random.default_rng(seed)
    truth = np.arange(count) % classes
    windows = rng.integers(-128, -60, (count, *spec.shape)).astype(np.int8)
    for index, label in enumerate(truth):
        windows[index, :, 8 * label : 8 * label + 3] = 127
    windows[0].flat[0] = -128
    made = windows if spec.is_codes else windows.astype(np.float32) / 4 + 32
    return Examples(made, truth.astype(np.int64), np.arange(count) // 4)


def learning_set(classes=2, spec=DEFAULT, labels=None):
    names = tuple(labels or "abcdef"[:classes])
    sides = [examples(count, classes, seed, spec) for seed, count in enumerate((240, 60, 60))]
    return LearningSet(names, spec, *sides, dataset="test")
