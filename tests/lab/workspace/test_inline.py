"""A task is the same function in a job and on the command line."""

import pytest

from lab.errors import BadInput, Cancelled
from lab.workspace.context import run_inline
from lab.workspace.settings import settings

TASKS = "tests.lab.workspace.tasks"


def test_a_task_runs_inline_with_its_progress_and_metrics():
    steps, metrics = [], []
    result = run_inline(f"{TASKS}:add", {"a": 2, "b": 3}, settings(), lambda *step: steps.append(step), metrics.append)
    assert result == {"sum": 5}
    assert steps == [(1, 2, "half way")]
    assert metrics == [{"epoch": 1.0, "loss": 0.5}]


def test_an_inline_task_raises_what_it_raises():
    with pytest.raises(BadInput, match="Two labels"):
        run_inline(f"{TASKS}:refuse", {}, settings())


def test_an_inline_task_stops_when_progress_says_so():
    def stop(_done, _total, _message):
        raise Cancelled

    with pytest.raises(Cancelled):
        run_inline(f"{TASKS}:until_stopped", {}, settings(), stop)
