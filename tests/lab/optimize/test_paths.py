import pytest

from lab.errors import BadInput
from lab.optimize.paths import CLUSTER, LEGAL, PRUNE, QAT, Path, named

LABELS = ["PTQ", "QAT", "prune+PTQ", "PQAT", "cluster+PTQ", "CQAT", "prune+cluster+PTQ", "PCQAT"]


def test_there_are_eight_paths_of_the_command_tables_names():
    assert {path.label for path in LEGAL} == set(LABELS)
    assert len(LEGAL) == 8


def test_qat_after_prune_and_cluster_is_called_pcqat():
    assert Path((PRUNE, CLUSTER, QAT)).label == "PCQAT"


def test_each_path_knows_its_parent_which_comes_before_it():
    for index, path in enumerate(LEGAL):
        assert path.parent is None or path.parent in LEGAL[:index]
    assert [path.label for path in LEGAL if path.parent is None] == ["PTQ"]
    assert Path((PRUNE, QAT)).parent == Path((PRUNE,))


@pytest.mark.parametrize("steps", [(CLUSTER, PRUNE), (QAT, PRUNE), (PRUNE, PRUNE), ("distil",)])
def test_other_orders_are_not_legal(steps):
    with pytest.raises(BadInput, match="not legal"):
        Path(steps)


@pytest.mark.parametrize("label", LABELS)
def test_a_label_names_its_path(label):
    assert named(label).label == label


def test_an_unknown_label_is_refused_with_those_there_are():
    with pytest.raises(BadInput, match="PCQAT"):
        named("PTQAT")
