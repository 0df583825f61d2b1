"""Whether a container does its work: `health.py` asks the app, `health.py worker` looks for LAB_HOME's worker."""

import os
import sys
import urllib.request
from pathlib import Path

TIMEOUT_S = 4


def app_answers() -> bool:
    """Ask the app on this machine."""
    port = os.environ.get("STREAMLIT_SERVER_PORT", "8501")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=TIMEOUT_S) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def worker_serves() -> bool:
    """Look at the lock that a worker holds while it lives."""
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    from lab.workspace.daemon import running_pid
    from lab.workspace.settings import settings

    return running_pid(settings().home) is not None


if __name__ == "__main__":
    sys.exit(0 if (worker_serves() if sys.argv[1:] == ["worker"] else app_answers()) else 1)
