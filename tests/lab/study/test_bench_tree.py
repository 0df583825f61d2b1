"""The tree's bench: figures from known rows, intervals, and that a second bench trains nothing anew."""

import numpy as np
import pytest

from lab.errors import BadInput
from lab.study import bench_tree
from lab.study.tree import Options, walk
from lab.study.tree.walk import Walk
from tests.lab.study.tree.problems import small
from tests.lab.study.tree.test_table import row

EXAMPLES = 400


def made(*paths, seeds=3):
    """Return a walk of (path, accuracy, gzip bytes); each seed is a little better than the last."""
    rows = [row(path, seed, accuracy + seed / 1_000, zipped) | {"accuracy_fake_int8": accuracy}
            for path, accuracy, zipped in paths for seed in range(seeds)]  # fmt: skip
    right = {
        f"{path}.{seed}": np.arange(EXAMPLES) < accuracy * EXAMPLES
        for path, accuracy, _ in paths
        for seed in range(seeds)
    }
    return Walk(rows, {}, 0, right)


KEYWORDS = (("PTQ", 0.95, 80), ("PQAT", 0.949, 58), ("prune+cluster+PTQ", 0.93, 40), ("PCQAT", 0.942, 39))


def by_key(rows):
    return {each["key"]: each for each in rows}


def test_keyword_figures_are_those_of_the_article():
    found = by_key(bench_tree.keyword_figures(made(*KEYWORDS)))
    assert (found["pcqat_gzip"]["measured"], found["pcqat_gzip"]["met"]) == (0.39, True)
    assert (found["pqat_gzip"]["measured"], found["pqat_gzip"]["published"]) == (0.58, 0.594)
    assert (found["pcqat_loss"]["measured"], found["pcqat_loss"]["met"]) == (pytest.approx(0.8), True)
    assert (found["pcqat_gain"]["measured"], found["pcqat_gain"]["met"]) == (pytest.approx(1.2), True)
    assert found["pcqat_gain"]["over"] == "3 seeds"
    assert found["pcqat_bytes"]["measured"] == 0.975


def test_with_one_seed_the_interval_is_over_examples():
    found = by_key(bench_tree.picture_figures(made(("PTQ", 0.90, 80), ("CQAT", 0.89, 60), seeds=1)))
    assert found["cqat_gzip"]["met"] is False
    lost = found["cqat_loss"]
    assert (lost["measured"], lost["over"], lost["met"]) == (pytest.approx(1.0), "400 examples, one seed", False)
    # Four of 400 differ: 1.96 standard errors of a share of 1 % are .976 points.
    assert (lost["low"], lost["high"]) == (pytest.approx(0.024, abs=0.002), pytest.approx(1.976, abs=0.002))


def test_a_path_that_is_missing_leaves_its_figures_empty():
    found = by_key(bench_tree.keyword_figures(made(KEYWORDS[0])))
    assert found["pcqat_gzip"]["measured"] is None
    assert found["pcqat_gain"]["met"] is None


def test_rounding_and_promises_are_watched_in_every_part():
    walked = made(*KEYWORDS)
    walked.rows.append(row("CQAT", 0, 0, failed="no"))
    found = by_key(bench_tree.always("keywords", walked))
    assert (found["keywords_fake_int8"]["measured"], found["keywords_broken"]["measured"]) == (pytest.approx(0.2), 1)
    assert found["keywords_broken"]["met"] is False


def test_longer_multiplies_the_epochs_and_nothing_else():
    options = bench_tree.longer(bench_tree.OPTIONS["keywords"], 2.5)
    assert (options.base_epochs, options.qat_epochs, options.clusters) == (15, 5, 8)
    assert bench_tree.longer(Options(), 3) == Options()


def test_parts_without_data_are_told_and_unknown_ones_refused():
    found = bench_tree.tree({"parts": ["keywords", "pictures"]})
    assert found["rows"] == []
    assert [each.split(":")[0] for each in found["skipped"]] == ["keywords", "pictures"]
    with pytest.raises(BadInput, match="no part 'songs'"):
        bench_tree.tree({"parts": ["songs"]})


def test_a_second_bench_trains_nothing_anew(lab_home, monkeypatch):
    monkeypatch.setitem(walk.__globals__, "on_the_board", lambda _tflite: {"cycles": None})
    monkeypatch.setattr(bench_tree, "load_problem", lambda *_args: small())
    monkeypatch.setitem(bench_tree.PATHS, "keywords", ("PTQ", "prune+PTQ"))
    short = Options(base_epochs=1, prune_epochs=1)
    monkeypatch.setitem(bench_tree.OPTIONS, "keywords", short)
    asked = {"parts": ["keywords"], "keywords": "DIR", "seeds": 1}
    assert [bench_tree.tree(asked)["trained"] for _ in range(2)] == [2, 0]
