"""Programs within limits: what a compiler fed by strangers can take, and what it cannot reach."""

import os
import socket
import sys
import time

import pytest

from lab import limits
from lab.limits import Limits, TooLong

LIMITS = Limits(seconds=60)


def python(script, folder, allowed=LIMITS, **more):
    return limits.run([sys.executable, "-c", script], folder, allowed, **more)


def test_words_of_a_command_meet_no_shell(tmp_path):
    words = ["$(touch owned)", "`touch owned`", "; touch owned", "a b", "", "\\n", '"', "*"]
    status, said = limits.run([sys.executable, "-c", "import sys; print(sys.argv[1:])", *words], tmp_path, LIMITS)
    assert (status, said.strip()) == (0, repr(words))
    assert list(tmp_path.iterdir()) == []


def test_it_sees_nothing_of_the_environment_and_has_a_temporary_folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("LAB_TURN_SECRET", "hush")
    script = "import os, tempfile; print('LAB_TURN_SECRET' in os.environ, tempfile.mkdtemp())"
    status, said = python(script, tmp_path)
    seen, folder = said.split()
    assert (status, seen) == (0, "False")
    assert not os.path.exists(folder)


def test_it_spins_no_longer_than_its_processor_time(tmp_path):
    started = time.process_time()
    status, _ = python("while True: pass", tmp_path, Limits(seconds=60, cpu_seconds=1))
    assert status not in (0, None)
    assert time.process_time() - started < 1


def test_what_it_started_ends_with_it_and_holds_nobody_up(tmp_path):
    """A compiler's driver starts the compiler proper, which holds the pipe open after the driver is gone."""
    child = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(600)'])"
    started = time.monotonic()
    with pytest.raises(TooLong):
        python(child, tmp_path, Limits(seconds=1))
    assert time.monotonic() - started < 30


def test_it_writes_no_file_longer_than_it_may(tmp_path):
    status, _ = python("open('large', 'wb').write(bytes(2**22))", tmp_path, Limits(seconds=60, file_bytes=2**20))
    assert status != 0
    assert (tmp_path / "large").stat().st_size <= 2**20


@pytest.mark.skipif(not limits._alone(), reason="the kernel gives no network of its own")
def test_it_reaches_no_server_of_this_machine(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        script = f"import socket; socket.create_connection(('127.0.0.1', {server.getsockname()[1]}), 5)"
        status, said = python(script, tmp_path)
    assert status != 0
    assert "unreachable" in said


def test_a_held_file_stays_open_in_all_it_starts(tmp_path):
    with (tmp_path / "lock").open("w") as lock:
        status, said = python(f"import os; print(os.fstat({lock.fileno()}).st_ino)", tmp_path, held=[lock.fileno()])
        assert (status, int(said)) == (0, os.fstat(lock.fileno()).st_ino)
