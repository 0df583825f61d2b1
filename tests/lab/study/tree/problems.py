"""A small problem: windows that a small network tells apart in seconds."""

from lab.learn.models import build
from lab.learn.schedule import Schedule
from lab.study.tree.problems import Problem
from tests.lab.learn.sounds import TINY, learning_set

LABELS = ("alarm", "rest", "other")


def small(key="small", **changes):
    data = learning_set(3, labels=LABELS)
    fields = {
        "name": "small", "key": key, "labels": data.labels, "train": data.train, "validate": data.validate,
        "score": data.test, "build": lambda: build(TINY, data.spec, 3), "base": Schedule("base", 2, 5e-3, batch=32),
        "batch": 32, "spec": data.spec, "dataset": data.dataset,
    }  # fmt: skip
    return Problem(**(fields | changes))
