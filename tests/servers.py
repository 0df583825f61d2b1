"""Servers that a team runs, started for tests on the loopback from Debian's packages."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[1]
WAIT_S = 30.0
RECOVERY_S = 120.0
POSTGRES = shutil.which("postgres") or next(
    (str(found) for found in sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), reverse=True)), None
)
UNPRIVILEGED = "nobody"
"""PostgreSQL refuses to run as root."""


def free_port() -> int:
    """Return a port of the loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, process: "subprocess.Popen[bytes]", limit_s: float = WAIT_S) -> None:
    """Wait until something answers on a port."""
    deadline = time.monotonic() + limit_s
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert process.poll() is None, f"{process.args!r} ended with {process.returncode}"
        assert time.monotonic() < deadline, f"nothing answers on port {port}"
        time.sleep(0.05)


def end(process: "subprocess.Popen[bytes]") -> None:
    """Ask a process to end, and make it."""
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(15)


@dataclass(slots=True)
class PostgreSQL:
    """A running PostgreSQL.

    Attributes:
        folder: of its data.
        port: on the loopback.
        process: the server.
    """

    folder: Path
    port: int
    process: "subprocess.Popen[bytes]"

    def url(self, name: str) -> str:
        """Return the address of a database."""
        return f"postgresql://lab@127.0.0.1:{self.port}/{name}"

    def database(self) -> str:
        """Make an empty database and return its address."""
        name = f"lab_{uuid.uuid4().hex[:12]}"
        self.run("postgres", f"CREATE DATABASE {name}")
        return self.url(name)

    def run(self, name: str, statement: str) -> None:
        """Run one statement as the server's owner, once it has started."""
        import psycopg

        deadline = time.monotonic() + WAIT_S
        while True:
            try:
                with psycopg.connect(self.url(name), autocommit=True) as connection:
                    connection.execute(statement)
                return
            except psycopg.OperationalError as error:
                if "starting up" not in str(error) or time.monotonic() > deadline:
                    raise
                time.sleep(0.1)

    def restart(self) -> None:
        """Kill the server as a power cut would, and start it again on the same data."""
        self.kill()
        self.start()

    def kill(self) -> None:
        """Kill the server as a power cut would."""
        server = psutil.Process(self.process.pid)
        parts = [server, *server.children(recursive=True)]  # one that lingers would keep a new server from starting
        for part in parts:
            with contextlib.suppress(psutil.NoSuchProcess):
                part.kill()
        self.process.wait(15)
        psutil.wait_procs(parts, 15)

    def start(self) -> None:
        """Start the server again on the data of the one that was killed."""
        (self.folder / "postmaster.pid").unlink(missing_ok=True)
        self.process = _started(self.folder, self.port)
        self._recovered()

    def _recovered(self) -> None:
        """Wait until it takes statements: it listens before it has read its log again."""
        import psycopg

        deadline = time.monotonic() + RECOVERY_S
        while True:
            try:
                return self.run("postgres", "SELECT 1")
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)


@contextlib.contextmanager
def postgresql() -> Iterator[PostgreSQL]:
    """Run PostgreSQL on fresh data."""
    assert POSTGRES, "no PostgreSQL (apt-get install postgresql)"
    top = Path(tempfile.mkdtemp(prefix="tinyml-postgresql-", dir="/tmp"))
    user = {"user": UNPRIVILEGED} if os.getuid() == 0 else {}
    try:
        if user:
            shutil.chown(top, UNPRIVILEGED)
        folder = top / "data"
        subprocess.run(
            [Path(POSTGRES).resolve().parent / "initdb", "-D", folder, "-U", "lab", "-A", "trust", "-E", "UTF8",
             "--locale", "C.UTF-8", "--no-sync"],
            check=True, stdout=subprocess.DEVNULL, cwd=top, **user,
        )  # fmt: skip
        port = free_port()
        server = PostgreSQL(folder, port, _started(folder, port))
        try:
            yield server
        finally:
            end(server.process)
    finally:
        shutil.rmtree(top, ignore_errors=True)


@contextlib.contextmanager
def s3() -> Iterator[str]:
    """Run moto's S3 with an empty store; yield its address. Any keys open it."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        wait_for(port, process)
        yield f"http://127.0.0.1:{port}"
    finally:
        end(process)


def s3_bucket(address: str) -> str:
    """Make an empty bucket and return its name."""
    import urllib.request

    name = f"lab-{uuid.uuid4().hex[:12]}"
    urllib.request.urlopen(urllib.request.Request(f"{address}/{name}", method="PUT"), timeout=WAIT_S).close()
    return name


@contextlib.contextmanager
def mlflow(folder: Path) -> Iterator[str]:
    """Run an MLflow tracking server that keeps runs and files below a folder; yield its address."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1",
         "--backend-store-uri", f"sqlite:///{folder / 'server.db'}", "--artifacts-destination", str(folder / "files")],
        cwd=folder, env=os.environ | {"MLFLOW_DISABLE_TELEMETRY": "true"}, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        wait_for(port, process, 4 * WAIT_S)
        yield f"http://127.0.0.1:{port}"
    finally:
        os.killpg(process.pid, signal.SIGTERM)  # it has workers of its own
        end(process)


def _started(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    user = {"user": UNPRIVILEGED} if os.getuid() == 0 else {}
    with (folder.parent / "log").open("ab") as told:
        process = subprocess.Popen(
            [POSTGRES, "-D", folder, "-p", str(port), "-h", "127.0.0.1", "-k", folder.parent],
            stdout=subprocess.DEVNULL, stderr=told, cwd=folder.parent, **user,
        )  # fmt: skip
    wait_for(port, process)
    return process
