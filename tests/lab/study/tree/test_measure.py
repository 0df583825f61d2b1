import shutil

import numpy as np
import pytest

from lab.deploy.convert import to_int8_tflite
from lab.learn import fitting
from lab.optimize.paths import named
from lab.study.tree import Options
from lab.study.tree.measure import decided, int8_outputs, on_the_board, promises, sizes
from lab.study.tree.problems import untrained
from tests.lab.study.tree.problems import small


@pytest.fixture(scope="module")
def shipped():
    problem = small()
    model = untrained(problem, 0)
    fitting.fit(model, problem.train, problem.validate, problem.base)
    return problem, model, to_int8_tflite(model, problem.representative(), problem.spec)


def test_int8_outputs_are_near_those_of_the_model_they_came_from(shipped):
    problem, model, tflite = shipped
    got = int8_outputs(tflite, problem.score.inputs())
    assert np.abs(got - fitting.predict(model, problem.score)).max() < 0.05


def test_one_sigmoid_over_a_half_is_the_first_class():
    assert decided(np.array([[0.5], [0.49]])).tolist() == [0, 1]
    assert decided(np.array([[0.1, 0.7, 0.2]])).tolist() == [1]


def test_a_plain_file_breaks_the_promises_of_a_pruned_and_clustered_one(shipped):
    _, _, tflite = shipped
    options = Options(sparsity=0.5, clusters=4)
    rows = promises(tflite, named("PCQAT"), options)
    assert {row["promise"] for row in rows} == {"zeros", "codes", "int8"}
    assert not any(row["kept"] for row in rows if row["promise"] == "zeros")
    assert all(row["kept"] for row in rows if row["promise"] == "int8")
    assert [row["promise"] for row in promises(tflite, named("PTQ"), options)] == ["int8"]


def test_codes_are_told_by_tensor_and_by_channel_and_the_scales_decide_which_count(shipped):
    _, _, tflite = shipped
    rows = [row for row in promises(tflite, named("CQAT"), Options(clusters=4)) if row["promise"] == "codes"]
    assert rows
    for row in rows:
        assert row["codes"] >= row["codes_per_channel_max"] > 0
        assert row["found"] == (row["codes"] if row["scales"] <= 1 else row["codes_per_channel_max"])


def test_excluded_layers_promise_nothing(shipped):
    _, _, tflite = shipped
    told = promises(tflite, named("PCQAT"), Options(), excluded=("conv",))
    assert told
    assert not any("/conv/" in row["tensor"] for row in told)


def test_sizes_count_zeros_and_codes_of_the_kernels(shipped):
    _, _, tflite = shipped
    found = sizes(tflite)
    assert found["tflite_bytes"] == len(tflite)
    assert 0 <= found["sparsity"] < 0.5
    assert found["clusters"] > 4


@pytest.mark.skipif(
    not (shutil.which("arm-none-eabi-gcc") and shutil.which("node")), reason="no cross compiler or no Node"
)
def test_the_board_says_flash_ram_and_cycles(shipped):
    _, _, tflite = shipped
    found = on_the_board(tflite)
    assert found["cycles_why"] is None
    assert 1_000 < found["cycles"] < 1_000_000
    assert 500 < found["flash_bytes"] < 100_000
    assert 0 < found["ram_bytes"] < 20_000


def test_without_a_cross_compiler_cycles_are_left_out_with_the_reason(shipped, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    found = on_the_board(shipped[2])
    assert found["cycles"] is None
    assert "compiler" in found["cycles_why"]
