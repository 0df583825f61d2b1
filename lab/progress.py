"""How long work tells where it is.

`on_progress(done, total, message)` is called between steps, from the thread
that does the work. It may raise `lab.errors.Cancelled`; callers let it pass.
"""

from collections.abc import Callable
from typing import Protocol

OnEpoch = Callable[[dict[str, float]], None]
"""Called after each training epoch with its number, stage and metrics."""


class OnProgress(Protocol):
    """Called with steps done, steps in all and what is being done now."""

    def __call__(self, done: int, total: int, message: str) -> None: ...


def ignore(done: int, total: int, message: str) -> None:
    """Report to nobody."""


def ignore_epoch(metrics: dict[str, float]) -> None:
    """Report an epoch to nobody."""
