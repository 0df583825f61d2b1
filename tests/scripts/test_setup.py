import json
import os
import socket
from pathlib import Path

import pytest
import setup
from status import Status


def test_the_page_starts_with_the_wheels_tools_and_parts_put_in_by_hand_are_ready(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAB_HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/bin")
    Status().set("compiler", "missing", "Run apt-get.")
    monkeypatch.setattr(setup.python_env, "install", lambda root, requirements: None)
    monkeypatch.setattr(setup.parts, "all_ready", lambda root: True)
    began: list[list[str]] = []
    monkeypatch.setattr(setup.os, "chdir", lambda folder: None)
    monkeypatch.setattr(setup.os, "execv", lambda program, arguments: began.append(arguments))
    setup.run(Status())
    told = json.loads((tmp_path / "setup.json").read_text())
    assert told == {"parts": dict.fromkeys(("compiler", "python", "sdk", "emulator"), "ready"), "messages": {}}
    assert os.environ["PATH"] == f"{setup.ROOT / '.venv' / 'bin'}{os.pathsep}/bin"
    assert began[0][1:5] == ["-m", "streamlit", "run", "streamlit_app.py"]


def test_a_port_that_is_taken_is_passed_over() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert port < setup.free_port(port) < port + setup.PORTS
