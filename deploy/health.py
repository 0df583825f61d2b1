"""Whether a container does its work, asked from within.

health.py            the app answers, and its database, file store, worker and disk are well (`/healthz`)
health.py worker     a worker holds LAB_HOME's lock
health.py dask PORT  the Dask scheduler or worker that tells its health there answers
"""

import os
import sys
import urllib.request
from pathlib import Path

TIMEOUT_S = 4


def app_answers() -> bool:
    """Ask the app on this machine how the instance is."""
    return is_well(os.environ.get("STREAMLIT_SERVER_PORT", "8501"), "/healthz")


def is_well(port: str, path: str = "/health") -> bool:
    """Ask a server of this machine for a path."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=TIMEOUT_S) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def worker_serves() -> bool:
    """Look at the lock that a worker holds while it lives."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from lab.workspace.daemon import running_pid
    from lab.workspace.settings import settings

    return running_pid(settings().home) is not None


CHECKS = {"app": app_answers, "worker": worker_serves, "dask": is_well}

if __name__ == "__main__":
    what, *given = sys.argv[1:] or ["app"]
    sys.exit(0 if CHECKS[what](*given) else 1)
