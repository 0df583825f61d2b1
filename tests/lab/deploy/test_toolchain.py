"""The toolchain: where it is looked for, and the limits it runs within."""

import sys
import time

import pytest

from lab.deploy import toolchain
from lab.deploy.toolchain import Toolchain, ToolFailed, find_sdk, run_tool
from lab.errors import LabError
from lab.limits import Limits


@pytest.fixture
def tools(tmp_path):
    return Toolchain("/usr/bin/cmake", "/usr/bin/ninja", "/usr/bin/arm-none-eabi-gcc", tmp_path)


def test_an_sdk_named_by_the_environment_wins(tmp_path, monkeypatch):
    (tmp_path / "pico_sdk_init.cmake").touch()
    monkeypatch.setenv("PICO_SDK_PATH", str(tmp_path))
    assert find_sdk() == tmp_path.resolve()


def test_an_sdk_in_the_users_cache_is_found(tmp_path, monkeypatch):
    own = tmp_path / "tinyml-lab" / "pico-sdk" / "root" / "usr" / "src" / "pico-sdk"
    own.mkdir(parents=True)
    (own / "pico_sdk_init.cmake").touch()
    monkeypatch.setenv("PICO_SDK_PATH", str(tmp_path / "nothing"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(toolchain, "SDK_PLACES", ())
    assert find_sdk() == own.resolve()


def test_a_build_sees_no_secrets_of_the_environment(tools, monkeypatch):
    monkeypatch.setenv("LAB_TURN_SECRET", "hush")
    assert "LAB_TURN_SECRET" not in tools.environment()
    assert tools.environment()["PICO_SDK_PATH"] == str(tools.sdk)


def test_a_failing_tool_is_one_sentence_and_keeps_its_output(tools, tmp_path):
    script = "import sys; print('noise'); print('model.c:1: error: too odd'); sys.exit(3)"
    with pytest.raises(ToolFailed, match=r"^Compiling failed: model.c:1: error: too odd$") as raised:
        run_tool([sys.executable, "-c", script], tmp_path, tools, "Compiling")
    assert raised.value.output.startswith("noise\n")


def test_a_tool_that_takes_too_long_ends_with_all_it_started(tools, tmp_path, monkeypatch):
    monkeypatch.setattr(toolchain, "LIMITS", Limits(seconds=2))
    child = "import time; time.sleep(600)"
    script = f"import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', {child!r}]); "
    script += "open('child', 'w').write(str(p.pid)); p.wait()"
    with pytest.raises(LabError, match="took more than 2 s and was stopped"):
        run_tool([sys.executable, "-c", script], tmp_path, tools, "Compiling")
    pid = int((tmp_path / "child").read_text())
    deadline = time.monotonic() + 10
    while _runs(pid):
        assert time.monotonic() < deadline, "the child outlived its parent"


def _runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def test_a_tool_that_takes_too_much_memory_fails(tools, tmp_path, monkeypatch):
    monkeypatch.setattr(toolchain, "LIMITS", Limits(seconds=60, memory_bytes=2**29))
    with pytest.raises(ToolFailed, match="MemoryError"):
        run_tool([sys.executable, "-c", "bytearray(2**30)"], tmp_path, tools, "Compiling")


def test_tools_that_wheels_put_beside_python_are_found(tmp_path, monkeypatch):
    (tmp_path / "ninja").touch()
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(toolchain.sys, "executable", str(tmp_path / "python"))
    assert toolchain.find_program("ninja") == str(tmp_path / "ninja")
    assert toolchain.find_program("cmake") is None
