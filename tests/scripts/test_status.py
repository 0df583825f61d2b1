import json
from pathlib import Path

import pytest
from status import Status


def test_a_part_that_becomes_ready_loses_its_sentence_and_leaves_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_HOME", str(tmp_path / "home"))
    status = Status()
    status.set("sdk", "missing", "Set PICO_SDK_PATH.")
    status.set("emulator", "installing")
    assert json.loads(status.file.read_text()) == {
        "parts": {"sdk": "missing", "emulator": "installing"},
        "messages": {"sdk": "Set PICO_SDK_PATH."},
    }
    status.set("sdk", "ready")
    assert json.loads(status.file.read_text()) == {"parts": {"sdk": "ready", "emulator": "installing"}, "messages": {}}
    assert [path.name for path in status.home.iterdir()] == ["setup.json"]


def test_a_broken_file_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    (tmp_path / "setup.json").write_text('{"parts": ')
    Status().set("python", "ready")
    assert json.loads((tmp_path / "setup.json").read_text()) == {"parts": {"python": "ready"}, "messages": {}}
