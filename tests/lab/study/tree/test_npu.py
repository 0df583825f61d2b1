"""Vela itself says what a leaf costs on an Ethos-U."""

import sys
from pathlib import Path

import pytest

from lab.errors import BadInput
from lab.study.tree import Options, npu

sys.path.insert(0, str(Path(__file__).parents[2] / "deploy" / "compiler"))
from tflite_models import article_model


def test_vela_tells_encoded_weights_and_time():
    found = npu.on_the_npu(article_model(), "ethos-u55-128")
    assert found["npu_why"] is None
    assert 300 < found["npu_weights_bytes"] < 3_000  # 800 weights, padded by Vela to its block
    assert 0.001 < found["npu_ms"] < 1


def test_what_vela_cannot_read_is_told_in_a_sentence():
    found = npu.on_the_npu(b"no model", "ethos-u55-128")
    assert found["npu_ms"] is None
    assert found["npu_why"].startswith("Vela cannot compile it: ")


def test_without_vela_the_reason_names_the_package(monkeypatch):
    monkeypatch.setattr(npu, "find_spec", lambda _name: None)
    assert "ethos-u-vela" in npu.on_the_npu(b"", "ethos-u55-128")["npu_why"]


def test_an_unknown_accelerator_is_refused():
    with pytest.raises(BadInput, match="Vela does not know 'ethos-u99'"):
        Options(npu="ethos-u99")


def test_asking_vela_trains_nothing_anew():
    assert Options(npu="ethos-u55-128").of_step("prune") == Options().of_step("prune")
