"""C for this machine, from text that strangers had a hand in."""

import pytest

from lab import hostcc
from lab.errors import LabError
from lab.limits import Limits


def heavy(words):
    """Return C whose compilation takes long, or much, for its size: macros that double."""
    lines = [
        "#define A0 1 +",
        *(f"#define A{n} A{n - 1} A{n - 1}" for n in range(1, 31)),
        f"int f(void) {{ return {words} 1; }}",
    ]
    return {"a.c": "\n".join(lines)}


def test_c_that_never_ends_is_stopped_and_said_so(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(hostcc, "LIMITS", Limits(seconds=2))
    with pytest.raises(LabError, match="took more than 2 s and was stopped"):
        hostcc.shared_library(heavy("A30"))
    assert list(tmp_path.rglob("*.so")) == []


def test_c_that_takes_too_much_memory_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(hostcc, "LIMITS", Limits(seconds=60, memory_bytes=2**28))
    with pytest.raises(LabError, match="The C compiler refused its input"):
        hostcc.shared_library(heavy("A26"))
    assert list(tmp_path.rglob("*.so")) == []


def test_c_that_is_fine_is_compiled_once(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = hostcc.shared_library({"a.c": "int f(void);\nint f(void) { return 7; }\n"})
    monkeypatch.setattr(hostcc, "LIMITS", Limits(seconds=0))
    assert hostcc.shared_library({"a.c": "int f(void);\nint f(void) { return 7; }\n"}) == made
