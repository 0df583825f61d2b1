"""What `python -m lab bench NAME` can measure: name → (task, one line of help).

A task is "module:function"; it takes the options of the command line as a
mapping and a progress callback, and returns the object that is printed.
"""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

from lab.errors import BadInput
from lab.progress import OnProgress, ignore

BENCHES = {
    "alarm": ("lab.study.bench_alarm:alarm", "what the detector hears, and what it mistakes, beside the article's"),
    "app": ("lab.study.bench_app:app", "a page of 10,000 sounds, the import of 2,000, a day of use, hostile uploads"),
    "board": ("lab.study.bench_board:board", "a minute on the virtual board beside its host twin, code by code"),
    "chaos": ("lab.study.bench_chaos:chaos", "a team's set-up whose parts are killed while people work"),
    "features": ("lab.study.bench_features:features", "the feature engine beside cmsisdsp frame by frame"),
    "streaming": ("lab.study.bench_streaming:streaming", "an hour of sound row by row beside window by window"),
    "flash": ("lab.study.bench_flash:flash", "from compile to a board that runs, flashed onto a model of the boot ROM"),
    "tree": ("lab.study.bench_tree:tree", "the optimization article's figures, on your data, with intervals"),
    "workshop": (
        "lab.study.bench_workshop:room",
        "forty scripted people at once, each over a real session",
    ),
    "device": ("lab.study.bench_device:device", "cycles, flash and RAM on the virtual board, beside goals and peers"),
}


def run(name: str, options: Mapping[str, Any] | None = None, on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Run one bench and return its figures.

    Raises:
        BadInput: there is none of that name.
    """
    if name not in BENCHES:
        raise BadInput(f"There is no bench {name!r}; choose one of {', '.join(BENCHES)}.")
    module, _, function = BENCHES[name][0].partition(":")
    found: dict[str, Any] = getattr(import_module(module), function)(dict(options or {}), on_progress)
    return found
