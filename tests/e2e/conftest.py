"""One demo, run from the command line, that several tests look at."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def lab(*args, home, timeout=600):
    """Run `python -m lab` as a person would; return the finished process."""
    return subprocess.run(
        [sys.executable, "-m", "lab", *map(str, args)],
        cwd=ROOT, capture_output=True, text=True, timeout=timeout, check=False,
        env={**os.environ, "LAB_HOME": str(home)},
    )  # fmt: skip


@pytest.fixture(scope="session")
def demo_run(tmp_path_factory):
    """Return (result, folder) of one `python -m lab demo --json`."""
    folder = tmp_path_factory.mktemp("demo")
    done = lab("demo", "--json", "--out", folder, home=folder / "home")
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout), folder
