"""Sets the lab up and starts it, with nothing but Python's standard library.

    python3 scripts/setup.py run    the page, as soon as the Python parts are in; the rest arrives behind it
    python3 scripts/setup.py workshop [--loopback]   the same for a room: code, places, https
    python3 scripts/setup.py test   everything, and what the tests need besides
    python3 scripts/setup.py all    everything, then stop
    python3 scripts/setup.py parts  compiler, Pico SDK and virtual board only
    python3 scripts/setup.py uv     the Python environment's installer only

Each part is skipped when it is there already. Packages come from the indexes
that this machine's pip, apt and npm are configured for.
"""

import argparse
import os
import socket
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import parts
import python_env
from status import Status

ROOT = Path(__file__).resolve().parents[1]
FIRST_PORT, PORTS = 8501, 50


def main() -> int:
    """Do what the command line asks."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", choices=("run", "workshop", "test", "all", "parts", "uv"))
    parser.add_argument("--loopback", action="store_true", help="workshop: on this machine only")
    args = parser.parse_args()
    what = args.what
    status = Status()
    try:
        if what == "uv":
            python_env.installer(ROOT)
        elif what == "parts":
            parts.install_all(ROOT, status)
        elif what == "run":
            return run(status)
        elif what == "workshop":
            return workshop(status, args.loopback)
        else:
            python_env.install(ROOT, "requirements-dev.txt" if what == "test" else "requirements.txt")
            status.set("python", "ready")
            parts.install_all(ROOT, status)
            if what == "test":
                parts.install_browser()
                parts.install_servers()
    except python_env.SetupError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def run(status: Status) -> int:
    """Install what is missing, and become the page's server."""
    port = free_port(FIRST_PORT)
    python = ready(status)
    print(f"The lab opens at http://localhost:{port}", flush=True)
    os.execv(python, [python, "-m", "streamlit", "run", "streamlit_app.py", f"--server.port={port}"])


def workshop(status: Status, loopback: bool) -> int:
    """Install what is missing, and become the server of a workshop."""
    python = ready(status)
    os.execv(python, [python, "-m", "lab", "workshop", "serve", *(["--loopback"] if loopback else [])])


def ready(status: Status) -> str:
    """Install the Python parts, start the rest in the background, and return the environment's Python."""
    python_env.install(ROOT, "requirements.txt")
    status.set("python", "ready")
    if parts.all_ready(ROOT):
        for part in ("compiler", "sdk", "emulator"):  # a person may have installed what was missing by hand
            status.set(part, "ready")
    else:
        start_parts(status)
    python = str(python_env.python(ROOT))
    os.chdir(ROOT)
    beside = str(Path(python).parent)  # cmake, ninja and node may have come as wheels
    os.environ["PATH"] = f"{beside}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    return python


def start_parts(status: Status) -> None:
    """Install the other parts in a process of its own, which outlives this one."""
    log_file = status.home / "logs" / "setup.log"
    log_file.parent.mkdir(parents=True, exist_ok=True)
    print(f"Compiler and virtual board arrive in the background; the page says how far. Log: {log_file}", flush=True)
    with log_file.open("ab") as out:
        subprocess.Popen(
            [sys.executable, str(Path(__file__).resolve()), "parts"],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
        )  # fmt: skip


def free_port(first: int) -> int:
    """Return the first port from `first` on that nothing listens on."""
    for port in range(first, first + PORTS):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    return first


if __name__ == "__main__":
    sys.exit(main())
