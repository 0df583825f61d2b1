"""A day of use: `python -m scripts.day PAGE_RUNS` starts the app on LAB_HOME and prints its memory as JSON.

Visits come one after another by real WebSockets, each of them a new session that opens every page; in between the app
is left alone. Memory is the resident size of the server's process alone.
"""

import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil

from scripts.chaos.visitor import Visit
from tests.servers import end, free_port

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("", "listen", "record", "sounds", "augment", "train", "optimize", "alarm_bench", "firmware", "board")
START_S, REST_S, IDLE_S = 120.0, 0.2, 10.0
MB = 2**20


def main(runs: int) -> dict[str, object]:
    """Run the day."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    app = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "streamlit_app.py", "--server.headless=true",
         f"--server.port={port}"],
        cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=dict(os.environ),
    )  # fmt: skip
    try:
        wait(url, app)
        process = psutil.Process(app.pid)
        asyncio.run(Visit(url).walk(PAGES, len(PAGES)))
        time.sleep(IDLE_S)
        idle = process.memory_info().rss
        samples = []
        for _ in range(max(8, round(runs / len(PAGES)))):
            asyncio.run(Visit(url).walk(PAGES, len(PAGES)))
            time.sleep(REST_S)
            samples.append(process.memory_info().rss)
        return {"idle_mb": round(idle / MB), "page_runs": len(samples) * len(PAGES), **flatness(samples)}
    finally:
        end(app)


def flatness(samples: list[int]) -> dict[str, object]:
    """Return how the last quarter of a day compares with its second, when everything has been loaded."""
    quarter = len(samples) // 4
    early, late = statistics.median(samples[quarter : 2 * quarter]), statistics.median(samples[-quarter:])
    return {
        "early_mb": round(early / MB), "late_mb": round(late / MB), "growth": round(late / early - 1, 3),
        "most_mb": round(max(samples) / MB),
    }  # fmt: skip


def wait(url: str, app: "subprocess.Popen[bytes]") -> None:
    """Wait until the app answers."""
    deadline = time.monotonic() + START_S
    while True:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=2).close()
            return
        except OSError:
            assert app.poll() is None, "the app ended"
            assert time.monotonic() < deadline, "the app does not answer"
            time.sleep(0.1)


if __name__ == "__main__":
    json.dump(main(int(sys.argv[1])), sys.stdout)
