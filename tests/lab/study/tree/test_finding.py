"""The search through the levels, on a tree whose accuracy and bytes are known; and once on a real small model."""

import numpy as np
import pytest

from lab.errors import BadInput, Cancelled, LabError
from lab.optimize.paths import CLUSTER, PRUNE
from lab.study.tree import Options, finding, walk
from lab.study.tree.finding import find, wilson
from lab.study.tree.goal import Goal
from lab.study.tree.kept import Kept
from lab.study.tree.walk import Walk
from lab.workspace.store import open_store
from tests.lab.study.tree.problems import small


def known_size(path, options):
    """Return bytes: pruned weights cost nothing, clustered ones half."""
    share = (1 - options.sparsity) if PRUNE in path.steps else 1.0
    return 10_000 * share * (np.log2(options.clusters) / 8 if CLUSTER in path.steps else 1.0)


def known_accuracy(path, options):
    lost = 0.2 * max(0, options.sparsity - 0.5) * (PRUNE in path.steps) + 0.04 * (CLUSTER in path.steps)
    return 0.95 - (0.25 * lost if path.is_qat else lost)


@pytest.fixture
def tree(monkeypatch):
    """Walk a tree of known figures; return the leaves asked for, in order."""
    asked = []

    def walked(problem, paths, options, seeds, kept, on_progress, on_state):
        (path,) = paths
        asked.append((path.label, options))
        on_progress(1, 1, "done")
        # The same share of right answers on both halves, whichever they are.
        right = np.full(len(problem.score), known_accuracy(path, options))
        row = {"path": path.label, "seed": 0, "failed": None, "kept": True, "gzip_bytes": known_size(path, options),
               "cycles": None, "cycles_why": "no virtual board here"}  # fmt: skip
        return Walk([row], {f"{path.label}.0": b"file"}, 1, {f"{path.label}.0": right})

    monkeypatch.setattr(finding, "walk", walked)
    return asked


def labels(asked):
    return [label for label, _ in asked]


def test_the_first_level_that_suffices_ends_the_search(tree):
    found = find(small(), Goal(0.94, ceiling=20_000), Options())
    assert (found.met, found.best.path.label, labels(tree)) == (True, "PTQ", ["PTQ"])


def test_what_is_small_enough_but_not_accurate_enough_trains_with_rounding(tree):
    found = find(small(), Goal(0.90, ceiling=3_100), Options(sparsity=0.7))
    assert found.met
    assert labels(tree)[:2] == ["PTQ", "prune+PTQ"]
    assert found.best.path.label == "prune+PTQ"
    found = find(small(), Goal(0.935, ceiling=3_100), Options(sparsity=0.7))
    assert (found.met, found.best.path.label, found.best.options.sparsity) == (True, "PQAT", 0.7)


def test_it_goes_to_the_third_level_when_the_second_is_too_large(tree):
    found = find(small(), Goal(0.93, ceiling=1_500, trials=20), Options())
    assert found.met
    assert found.best.path.label == "PCQAT"
    assert found.best.amount <= 1_500
    assert not any(label in ("PQAT", "CQAT") for label in labels(tree)[:2])


def test_a_goal_out_of_reach_names_the_nearest_and_what_would_help(tree):
    found = find(small(), Goal(0.949, ceiling=1_000), Options())
    assert not found.met
    assert "Not met" in found.said[-2]
    assert "lower the floor" in found.said[-2]
    assert "raise the ceiling to" in found.said[-2]


def test_without_a_ceiling_every_level_is_walked_and_the_smallest_wins(tree):
    found = find(small(), Goal(0.90, trials=10), Options())
    assert found.met
    assert {label.split("+PTQ")[0] for label in labels(tree)} >= {"PTQ", "prune", "cluster", "prune+cluster"}
    good = [each.amount for each in found.tries if each.accuracy >= 0.90]
    assert found.best.amount == min(good)


def test_the_persons_settings_are_tried_first_and_nothing_is_tried_twice(tree):
    find(small(), Goal(0.99, ceiling=1, trials=12), Options(sparsity=0.8, clusters=8))
    pruned = [options.sparsity for label, options in tree if label == "prune+PTQ"]
    assert pruned[0] == 0.8
    assert len(pruned) == len(set(pruned))


def test_the_same_search_asks_the_same_again(tree):
    find(small(), Goal(0.99, ceiling=1), Options())
    first = list(tree)
    tree.clear()
    find(small(), Goal(0.99, ceiling=1), Options())
    assert tree == first


def test_each_sentence_is_told_when_it_is_known(tree):
    told = []
    found = find(small(), Goal(0.93, ceiling=1_500, trials=20), Options(), on_state=told.append)
    assert [each["said"] for each in told if "said" in each] == found.said
    assert found.said[0].startswith("Level 1, quantize only: PTQ has 95.0% in 10,000 gzip bytes, 8,500 gzip bytes over")
    assert found.said[-2].startswith("Found: PCQAT to ")


def test_what_cannot_be_measured_fails_with_its_reason(tree):
    with pytest.raises(LabError, match=r"Nothing could be tried: no virtual board here"):
        find(small(), Goal(0.9, "cycles", 1_000), Options())


@pytest.mark.parametrize(("fields", "says"), [
    ({"floor": 0}, "floor of 0"), ({"floor": 90}, "floor of 90"), ({"floor": 0.9, "measure": "kilos"}, "no measure"),
    ({"floor": 0.9, "ceiling": 0}, "ceiling of 0"), ({"floor": 0.9, "trials": 0}, "0 trials"),
    ({"floor": 0.9, "trials": 99}, "99 trials"), ({"colour": 1}, "goal cannot be read"), ({}, "goal cannot be read"),
])  # fmt: skip
def test_a_goal_that_cannot_be_is_one_clear_sentence(fields, says):
    with pytest.raises(BadInput, match=says):
        Goal.from_json(fields)


def test_wilsons_interval_is_the_textbooks():
    low, high = wilson(8, 10)
    assert (low, high) == (pytest.approx(0.4902, abs=1e-3), pytest.approx(0.9433, abs=1e-3))


def test_a_real_search_that_was_stopped_goes_on_over_kept_nodes(lab_home, monkeypatch):
    monkeypatch.setitem(walk.__globals__, "on_the_board", lambda _tflite: {"cycles": None})
    options = Options(sparsity=0.5, clusters=4, prune_epochs=1, cluster_epochs=1, qat_epochs=1, base_epochs=2)
    goal = Goal(0.3, ceiling=1, trials=1)

    def stop(_done, _total, message):
        if "prune" in message:
            raise Cancelled

    with pytest.raises(Cancelled):
        find(small(), goal, options, kept=Kept(open_store()), on_progress=stop)
    found = find(small(), goal, options, kept=Kept(open_store()))
    assert found.tries[0].made.trained == 0  # the float model was kept
    assert found.tries[0].amount == found.tries[0].rows[0]["gzip_bytes"]
    assert found.to_json(goal)["tries"][0]["path"] == "PTQ"
    assert not found.met
    assert 20 < found.confirmed["examples"] < 40
