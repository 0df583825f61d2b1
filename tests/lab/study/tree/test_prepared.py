import io
import json
import zipfile

from lab.deploy.detector import Detector
from lab.deploy.tflite import read_graph
from lab.optimize.paths import LEGAL
from lab.study.tree.prepared import ASKED, packed, prepared_leaf, prepared_tree
from lab.workspace.store import open_store


def test_all_eight_leaves_of_the_alarm_detector_are_measured_already():
    result = prepared_tree()
    assert [row["path"] for row in result["summary"]] == ASKED["paths"] == [path.label for path in LEGAL]
    for row in result["summary"]:
        assert row["kept"]
        assert row["seeds"] == 1
        assert row["cycles"] > 0
    assert result["densities"]


def test_a_prepared_leaf_ships_what_its_row_measured():
    store = open_store()
    for row in prepared_tree()["rows"]:
        name, files = f"{row['path']}.{row['seed']}", prepared_leaf(store, row["path"])
        tflite = store.read_artifact(files[f"{name}.tflite"])
        assert len(tflite) == row["tflite_bytes"]
        assert Detector.from_bytes(store.read_artifact(files[f"{name}.detector"])).model == tflite
        assert read_graph(tflite).operators


def test_packing_gives_the_same_bytes_again_and_rounds_figures():
    store = open_store()
    made = store.put_artifact("csv", "table.csv", b"path").sha256
    result = {"rows": [{"share": 1 / 3}], "artifacts": {"table.csv": made, "PTQ.0.tflite": made}, "run_id": 4}
    data = packed(store, result)
    assert data == packed(store, result)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.namelist() == ["result.json", "table.csv"]
        assert json.loads(archive.read("result.json")) == {"rows": [{"share": 0.33333}]}
