"""`python -m lab workshop serve`: the pages for a room, and beside them a plain page that helps to trust them.

Three doors. The room comes by https, with a certificate of this machine's own authority. A plain page on another port
explains how to trust it, and gives the certificate. On this machine itself, and through a tunnel that ends here, plain
http://localhost leads in: browsers give microphone and USB to localhost without any certificate.
"""

import asyncio
import contextlib
import http.server
import logging
import os
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path

from lab.workspace.settings import Settings
from lab.workspace.workshop import authority, state
from lab.workspace.workshop.addresses import LOOPBACK, free_port, lan_addresses
from lab.workspace.workshop.trusting import Pages

log = logging.getLogger(__name__)
ROOT = Path(__file__).resolve().parents[3]
FIRST_PORT, PLAIN_PORT, LOCAL_PORT = 8443, 8080, 8501
EVERYWHERE = "0.0.0.0"
STOP_S, LOOK_S = 15.0, 0.2
CHUNK_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Doors:
    """Where a workshop is open.

    Attributes:
        host: what the pages listen on.
        port: of the pages, https where `files` are.
        plain: port of the page that explains, or 0.
        local: port of http://localhost on this machine.
        addresses: IP addresses that the room uses; none on the loopback alone.
        files: certificate and key, or None.
    """

    host: str
    port: int
    plain: int
    local: int
    addresses: tuple[str, ...]
    files: authority.Files | None

    @property
    def urls(self) -> tuple[str, ...]:
        """Return what people type, the best first."""
        far = tuple(f"https://{address}:{self.port}" for address in self.addresses)
        plain = tuple(f"http://{address}:{self.plain}" for address in self.addresses[:1] if self.plain)
        return (*far, *plain, f"http://localhost:{self.local}")


def open_doors(config: Settings, loopback: bool, port: int | None = None) -> Doors:
    """Choose ports, and make the certificate that the room's addresses need.

    Args:
        config: of the instance.
        loopback: bind this machine only.
        port: for the pages; by default a free one.
    """
    addresses = () if loopback else lan_addresses()
    if not addresses:
        chosen = port or free_port(LOCAL_PORT, LOOPBACK)
        return Doors(LOOPBACK, chosen, 0, chosen, (), None)
    files = authority.prepare(state.folder(config.home) / "tls", addresses)
    local, plain = free_port(LOCAL_PORT, LOOPBACK), free_port(PLAIN_PORT, EVERYWHERE)
    return Doors(EVERYWHERE, port or free_port(FIRST_PORT, EVERYWHERE), plain, local, addresses, files)


def serve(config: Settings, loopback: bool = False, port: int | None = None) -> int:
    """Serve until stopped; return the pages' exit status.

    Raises:
        LabError: LAB_HOME cannot be written.
    """
    doors = open_doors(config, loopback, port)
    room = state.begin(config.home, doors.urls)
    print("Getting the pages ready …", flush=True)
    pages = subprocess.Popen(command(doors), cwd=ROOT, env=environment(config), start_new_session=True)

    def stop(_number: int, _frame: object) -> None:
        pages.terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    with contextlib.ExitStack() as beside:
        if doors.files is not None:
            beside.enter_context(explaining(doors))
            beside.enter_context(local_door(doors.local, doors.port))
        if answers(pages, doors):
            print(told(doors, room, config.home), flush=True)
        status = pages.wait()
    return 0 if status in (0, -signal.SIGTERM, -signal.SIGINT) else status


def answers(pages: "subprocess.Popen[bytes]", doors: Doors) -> bool:
    """Wait until the pages answer, which is once they are imported; False where they ended before."""
    scheme, context = ("https", _trusting_all()) if doors.files else ("http", None)
    while pages.poll() is None:
        with contextlib.suppress(OSError):
            address = f"{scheme}://{LOOPBACK}:{doors.port}/_stcore/health"
            with urllib.request.urlopen(address, timeout=STOP_S, context=context):
                return True
        time.sleep(LOOK_S)
    return False


def command(doors: Doors) -> list[str]:
    """Return the command that serves the pages; nothing in it asks the network for anything."""
    own = [f"https://{address}" for address in doors.addresses]
    secured = (
        [f"--server.sslCertFile={doors.files.certificate}", f"--server.sslKeyFile={doors.files.key}"]
        if doors.files
        else []
    )
    return [
        sys.executable, "-m", "streamlit", "run", "streamlit_app.py", f"--server.address={doors.host}",
        f"--server.port={doors.port}", "--server.headless=true", "--logger.hideWelcomeMessage=true",
        f"--browser.serverAddress={doors.addresses[0] if doors.addresses else 'localhost'}",
        *[f"--server.corsAllowedOrigins={each}" for each in own], *secured,
    ]  # fmt: skip


def environment(config: Settings) -> dict[str, str]:
    """Return the pages' environment: the leader's, in workshop mode."""
    return {**os.environ, "LAB_HOME": str(config.home), state.SETTING: "1"}


def told(doors: Doors, room: state.Workshop, home: Path) -> str:
    """Return what the leader reads in the terminal."""
    lines = [
        "",
        f"  Code        {room.shown_code}",
        *[f"  Join        {url}/join?code={room.code}" for url in doors.urls if url.startswith("https")],
        f"  Leader      http://localhost:{doors.local}/lead?key={room.leader_key}",
        *[f"              {url}/lead?key={room.leader_key}" for url in doors.urls if url.startswith("https")],
    ]
    if doors.files is not None:
        lines += [
            f"  Trust it    http://{doors.addresses[0]}:{doors.plain}  (certificate, and the steps for each system)",
            f"              SHA-256 of the authority: {authority.fingerprint(doors.files.authority)}",
            f"  Without it  ssh -N -L {doors.local}:localhost:{doors.local} {getuser()}@{doors.addresses[0]}",
            f"              on a laptop, then http://localhost:{doors.local}/join there",
            "  Open to everybody on this network. Only on this machine: make workshop LOOPBACK=1",
        ]
    else:
        lines += [f"  Join        http://localhost:{doors.local}/join?code={room.code}", "  Open on this machine only."]
    return "\n".join(
        [*lines, f"  Kept in     {home}", "  Stop        Ctrl+C; the same code goes on when you start again", ""]
    )


class Plain(http.server.ThreadingHTTPServer):
    """Serves the plain page to a whole room at once."""

    daemon_threads, request_queue_size = True, 128


@contextlib.contextmanager
def explaining(doors: Doors):  # type: ignore[no-untyped-def]
    """Serve the plain page while the block runs."""
    assert doors.files is not None
    pages = Pages(doors.files.authority, doors.addresses, doors.port, authority.fingerprint(doors.files.authority))
    server = Plain((doors.host, doors.plain), pages.handler())
    thread = threading.Thread(target=server.serve_forever, name="plain page", daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def local_door(local: int, port: int):  # type: ignore[no-untyped-def]
    """Lead http://localhost:`local` into the https pages on this machine while the block runs."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="local door", daemon=True)
    thread.start()
    opened = asyncio.run_coroutine_threadsafe(_door(local, port), loop).result()
    try:
        yield opened
    finally:
        loop.call_soon_threadsafe(opened.close)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(STOP_S)


def _trusting_all() -> ssl.SSLContext:
    """Return the trust of connections that never leave this machine."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


async def _door(local: int, port: int) -> asyncio.Server:
    context = _trusting_all()
    going: set[object] = set()  # nothing else holds a connection whose browser has left until it is closed, too

    async def through(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        going.add(task)
        try:
            inner_reader, inner_writer = await asyncio.open_connection(LOOPBACK, port, ssl=context)
            await asyncio.gather(_pump(reader, inner_writer), _pump(inner_reader, writer))
        except OSError:
            writer.close()
        finally:
            going.discard(task)

    return await asyncio.start_server(through, LOOPBACK, local)


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError, ssl.SSLError):
        while data := await source.read(CHUNK_BYTES):
            target.write(data)
            await target.drain()
    with contextlib.suppress(OSError, ssl.SSLError):
        target.close()
