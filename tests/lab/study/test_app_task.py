"""Firmware that is no detector, built as a job."""

from types import SimpleNamespace

import pytest

from lab.errors import BadInput
from lab.study import firmware, tasks
from lab.workspace.store import open_store


@pytest.fixture
def context(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    return SimpleNamespace(store=open_store(), progress=lambda done, total, message: None)


def test_what_was_built_is_kept_with_its_report(context, monkeypatch):
    def built(app, path, out, board, on_progress):
        (out / f"{app}_{board}.uf2").write_bytes(b"firmware")
        return {"flash_bytes": 8}

    monkeypatch.setattr(firmware, "compile_app", built)
    result = tasks.compile_app({"app": "selftest", "board": "pico"}, context)
    assert context.store.read_artifact(result["artifacts"]["selftest_pico.uf2"]) == b"firmware"
    assert (result["report"], result["app"], result["board"]) == ({"flash_bytes": 8}, "selftest", "pico")


def test_an_app_that_is_not_there_is_refused_before_anything_is_built(context):
    with pytest.raises(BadInput, match="no firmware 'detector'; choose one of usb_microphone, selftest"):
        tasks.compile_app({"app": "detector"}, context)
