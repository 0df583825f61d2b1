"""The device bench: stored cycles as a gate, the table's keys, the dispatcher."""

import json
import sys
from pathlib import Path

import pytest

from lab import cli
from lab.deploy import cycles
from lab.errors import BadInput
from lab.study import bench_device, benches
from lab.study.bench_rows import ROWS

sys.path.insert(0, str(Path(__file__).parents[1] / "deploy" / "compiler"))
from tflite_models import article_model

STORED = Path(__file__).with_name("cycles.json")
KEYS = {
    "published_model_cycles", "column_cycles", "hop_cycles_small", "hop_cycles", "hop_cycles_greatest", "pdm_cycles",
    "pcqat_over_ptq", "model_flash_bytes", "arena_bytes", "ds_cnn_s_cycles_per_mac",
    "firmware_flash_bytes", "firmware_ram_bytes", "rebuild_s",
}  # fmt: skip


@pytest.fixture(scope="module")
def measured(virtual_board):
    """Return what needs no TensorFlow."""
    if not cycles.BUNDLE.exists():
        pytest.skip("the virtual board is not built")
    article = cycles.invoke_cycles(article_model()).total
    return {"column_cycles": bench_device.column_cycles(), "article_model_cycles": article} | (
        bench_device.default_firmware()
    )


def test_no_stage_takes_more_cycles_than_stored(measured):
    worse, better = bench_device.against(measured, json.loads(STORED.read_text()))
    print("\n".join(better))
    assert worse == []


def test_the_default_detector_stays_within_its_goals(measured):
    goals = {row.key: row.goal for row in ROWS}
    for key in ("column_cycles", "pdm_cycles", "hop_cycles", "hop_cycles_greatest", "arena_bytes",
                "model_flash_bytes", "firmware_flash_bytes", "firmware_ram_bytes"):  # fmt: skip
        assert measured[key] <= goals[key]
    assert measured["features_cycles"] <= 220_000


def test_what_became_worse_and_better_is_said():
    worse, better = bench_device.against({"a": 103, "b": 97, "c": 101.9, "d": None}, dict.fromkeys("abcd", 100))
    assert worse == ["a is 103, stored 100 (+3.0 %)"]
    assert better == ["b is 97, stored 100 (-3.0 %): store it"]


def test_every_row_has_a_goal_and_says_what_limits_it():
    assert {row.key for row in ROWS} == KEYS
    for row in ROWS:
        assert row.goal > 0
        assert row.limit.endswith(".")
    assert ROWS[0].to_json(240_000) | {"measured": 240_000, "met": True} == ROWS[0].to_json(240_000)
    assert ROWS[0].to_json(260_000)["met"] is False
    assert ROWS[0].to_json(None)["met"] is None


def test_the_command_runs_a_bench_by_name(monkeypatch, capfd):
    monkeypatch.setattr(bench_device, "device", lambda options, on_progress: {"plot": options["plot"]})
    assert cli.main(["bench", "device", "--json", "--plot", "x.svg"]) == 0
    assert json.loads(capfd.readouterr().out) == {"plot": "x.svg"}
    with pytest.raises(BadInput, match=r"choose one of .*device"):
        benches.run("nothing")
