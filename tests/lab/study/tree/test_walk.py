from itertools import pairwise

import numpy as np
import pytest

from lab.errors import BadInput, Cancelled
from lab.optimize import techniques
from lab.optimize.paths import LEGAL, named
from lab.study.tree import Options, walk
from lab.study.tree.kept import Kept, Result
from lab.study.tree.training import Trainer
from lab.workspace.store import open_store
from tests.lab.study.tree.problems import small

OPTIONS = Options(sparsity=0.5, clusters=4, prune_epochs=1, cluster_epochs=1, qat_epochs=1, base_epochs=2)


@pytest.fixture(scope="module", autouse=True)
def no_board():
    """Leave the cross compiler and the virtual board out: tests/lab/study/tree/test_measure.py has them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(walk.__globals__, "on_the_board", lambda _tflite: {"cycles": None})
        yield


@pytest.fixture(scope="module")
def eight(no_board):
    """Return one walk to all leaves and what it told."""
    told = []
    return walk(small(), LEGAL, OPTIONS, on_state=told.append), told


def test_shared_prefixes_train_once(eight):
    made, _ = eight
    assert made.trained == 8  # base, prune, cluster, prune+cluster, QAT, PQAT, CQAT, PCQAT


def test_every_leaf_is_a_row_that_keeps_its_promises(eight):
    made, _ = eight
    assert [row["path"] for row in made.rows] == [path.label for path in LEGAL]
    for row in made.rows:
        assert row["failed"] is None
        assert row["kept"], [each for each in row["promises"] if not each["kept"]]
        assert row["gzip_bytes"] < row["tflite_bytes"]
        assert sum(map(sum, row["confusion"])) == 60
    by_path = {row["path"]: row for row in made.rows}
    assert by_path["PCQAT"]["sparsity"] >= 0.5 > by_path["PTQ"]["sparsity"]
    assert by_path["PCQAT"]["clusters"] <= 4 < by_path["PTQ"]["clusters"]
    assert by_path["PTQ"]["accuracy_fake_int8"] is None
    assert abs(by_path["QAT"]["accuracy_fake_int8"] - by_path["QAT"]["accuracy_int8"]) <= 0.05


def test_states_are_told_as_they_change(eight):
    _, told = eight
    states = [(each["node"], each["state"]) for each in told if "node" in each]
    assert states.index(("base", "running")) < states.index(("base", "done")) < states.index(("PQAT", "running"))
    assert sum("row" in each for each in told) == 8


def test_a_kept_node_is_never_trained_again_and_gives_the_same_file(lab_home):
    paths = [named("PTQ"), named("prune+PTQ"), named("PQAT")]
    first = walk(small(), paths, OPTIONS, kept=Kept(open_store()))
    again = walk(small(), paths, OPTIONS, kept=Kept(open_store()))
    assert (first.trained, again.trained) == (3, 0)
    assert again.files == first.files
    assert [row["accuracy_int8"] for row in again.rows] == [row["accuracy_int8"] for row in first.rows]


def test_a_changed_setting_trains_only_what_it_changes(lab_home):
    paths = [named("prune+PTQ"), named("cluster+PTQ")]
    kept = Kept(open_store())
    walk(small(), paths, OPTIONS, kept=kept)
    other = Options(sparsity=0.5, clusters=5, prune_epochs=1, cluster_epochs=1, qat_epochs=1, base_epochs=2)
    assert walk(small(), paths, other, kept=kept).trained == 1


def test_a_cancelled_walk_goes_on_where_it_stopped(lab_home):
    def stop(_done, _total, message):
        if message.startswith("prune:"):
            raise Cancelled

    with pytest.raises(Cancelled):
        walk(small(), LEGAL, OPTIONS, kept=Kept(open_store()), on_progress=stop)
    told = []
    walk(small(), [named("prune+PTQ")], OPTIONS, kept=Kept(open_store()), on_state=told.append)
    assert [each["node"] for each in told if each.get("state") == "running"] == ["prune"]


def test_a_failed_node_is_a_row_that_says_why_and_the_others_go_on(monkeypatch):
    def broken(*_args, **_more):
        raise ValueError("no such thing")

    monkeypatch.setattr(techniques, "prune", broken)
    made = walk(small(), [named("PTQ"), named("prune+PTQ"), named("PQAT")], OPTIONS)
    reasons = [row["failed"] for row in made.rows]
    assert reasons == [None, "prune: no such thing", "prune: no such thing"]
    assert set(made.files) == {"PTQ.0"}


def test_a_loss_that_is_no_number_fails_the_node():
    def poisoned():
        model = small().build()
        head = model.layers[-1]
        head.set_weights([np.full_like(values, np.nan) for values in head.get_weights()])
        return model

    made = walk(small(key="poisoned", build=poisoned), [named("PTQ")], OPTIONS)
    assert "The loss is no number any more" in made.rows[0]["failed"]


def test_a_layer_to_leave_out_that_is_not_there_is_refused():
    with pytest.raises(BadInput, match="small has no layer 'conf' to leave out; pruning and clustering work on conv"):
        walk(small(), [named("PQAT")], Options(excluded=("conf",)))


def test_progress_ends_at_its_total():
    steps = []
    walk(small(), [named("PTQ"), named("QAT")], OPTIONS, on_progress=lambda *step: steps.append(step))
    assert steps[-1][0] == steps[-1][1]
    assert all(before[0] <= after[0] for before, after in pairwise(steps))


def test_progress_counts_the_epochs_of_nodes_that_were_kept(monkeypatch):
    runner = walk.__globals__["_Runner"]
    monkeypatch.setattr(Trainer, "train", lambda *_: Result(0.5, 0.0, weights=[], tflite=b""))
    monkeypatch.setattr(runner, "_converted", lambda *_: b"")
    monkeypatch.setattr(runner, "_measured", lambda *_: {})
    kept, problem = Kept(), small()

    def told(*paths):
        steps = []
        walk(
            problem,
            [named(each) for each in paths],
            OPTIONS,
            kept=kept,
            on_progress=lambda *step: steps.append(step[:2]),
        )
        return steps

    told("PCQAT")
    assert told("PTQ", "PCQAT") == [(3, 7), (7, 7)]  # base's two epochs and a leaf; three steps of an epoch, and a leaf
    assert told("PCQAT") == [(6, 6)]  # base and prune are not even asked for
    assert told("QAT", "PCQAT") == [(4, 8), (8, 8)]


def test_a_path_that_is_not_in_the_tree_is_refused():
    with pytest.raises(BadInput, match="There is no path 'cluster"):
        named("cluster+prune")
