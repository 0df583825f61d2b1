"""A workshop as a room has it, with https and all its doors, on the loopback alone."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.servers import free_port

ROOT = Path(__file__).resolve().parents[1]
SERVE = """
import sys
from lab.workspace.settings import settings
from lab.workspace.workshop import serving
serving.lan_addresses = lambda: ("127.0.0.1",)
serving.EVERYWHERE = "127.0.0.1"
serving.FIRST_PORT, serving.PLAIN_PORT, serving.LOCAL_PORT = map(int, sys.argv[1:])
sys.exit(serving.serve(settings()))
"""
"""127.0.0.1 stands in for the address of a room: tests send nothing elsewhere."""


@dataclass(frozen=True)
class Room:
    """Ports of https, the plain page and http://localhost, and what the leader reads in the terminal."""

    port: int
    plain: int
    local: int
    said: str


@contextlib.contextmanager
def room(home: Path) -> Iterator[Room]:
    """Serve a workshop while the block runs; no worker starts."""
    ports = [free_port() for _ in range(3)]
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE, *map(str, ports)], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env={**os.environ, "LAB_HOME": str(home), "LAB_WORKERS": "0"},
    )  # fmt: skip
    assert process.stdout is not None
    said = []
    read = threading.Thread(target=deque, args=(process.stdout, 0))  # a server stops in a print that nobody reads
    try:
        for line in process.stdout:
            said.append(line)
            if line.startswith("  Stop"):
                break
        read.start()
        yield Room(*ports, "".join(said))
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(30)
        if read.ident:
            read.join(30)
        process.stdout.close()
    assert status == 0
