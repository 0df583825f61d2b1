"""The tree that comes with the lab holds what its command wrote: figures of the very files beside them."""

import pytest

from lab.deploy.detector import Detector
from lab.errors import BadInput
from lab.optimize.paths import LEGAL, named
from lab.study.tree import prepared
from lab.study.tree.measure import promises, sizes
from lab.study.tree.options import Options
from lab.study.tree.table import summary

TREE = prepared.prepared_tree()


def test_all_eight_leaves_are_there_with_several_seeds_and_how_they_were_made():
    assert {row["path"] for row in TREE.outcome["summary"]} == {path.label for path in LEGAL}
    assert {row["seeds"] for row in TREE.outcome["summary"]} == {3}
    assert TREE.outcome["command"] == prepared.COMMAND
    assert {"day", "machine", "versions"} <= set(TREE.outcome["on"])


@pytest.mark.parametrize("path", [path.label for path in LEGAL])
def test_each_leafs_row_tells_of_the_file_beside_it(path):
    tflite = Detector.from_bytes(TREE.detectors[f"{path}.0"]).model
    row = next(row for row in TREE.outcome["rows"] if (row["path"], row["seed"]) == (path, 0))
    assert sizes(tflite) == {name: row[name] for name in ("tflite_bytes", "gzip_bytes", "sparsity", "clusters")}
    options = Options.from_json(dict(TREE.outcome["options"]))
    assert promises(tflite, named(path), options) == row["promises"]
    assert row["kept"] is True


def test_its_table_is_that_of_its_rows():
    for made, told in zip(summary(TREE.outcome["rows"]), TREE.outcome["summary"], strict=True):
        assert made == pytest.approx(told)


def test_its_weights_show_zeros_and_few_values():
    steps = {row["step"]: row for row in TREE.outcome["densities"]["conv"]}
    assert steps["base"]["zeros"] < 0.1 < 0.5 <= steps["prune+cluster"]["zeros"]
    assert steps["prune+cluster"]["values"] <= 16 < steps["base"]["values"]
    assert steps["PCQAT (int8)"]["values"] <= 16


def test_a_damaged_file_is_one_sentence(tmp_path, monkeypatch):
    (tmp_path / "prepared_tree.zip").write_bytes(prepared.PREPARED_FILE.read_bytes()[:2_000])
    monkeypatch.setattr(prepared, "PREPARED_FILE", tmp_path / "prepared_tree.zip")
    with pytest.raises(BadInput, match="is damaged; walk one yourself"):
        prepared.prepared_tree.__wrapped__()
