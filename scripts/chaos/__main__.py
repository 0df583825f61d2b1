"""`python -m scripts.chaos KILLS SEED FOLDER`: prints one JSON object of what became of people's work."""

import contextlib
import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any

from scripts.chaos.aftermath import found
from scripts.chaos.instance import SLOTS, Instance
from tests import servers


def main(kills: int, seed: int, folder: Path) -> dict[str, Any]:
    """Start everything, let people work, kill, wait for the end, and look at what is there."""
    folder.mkdir(parents=True, exist_ok=True)
    with servers.postgresql() as database, environment(folder, database.database()):
        made = Instance(folder, database)
        try:
            made.run(kills, random.Random(seed))
            return {"kills": dict(made.kills), "seed": seed, **found(made)}
        finally:
            made.close()


@contextlib.contextmanager
def environment(folder: Path, url: str) -> Any:
    """Let this process and those that it starts be one instance."""
    turn, scheduler = servers.free_port(), servers.free_port()
    mine = {
        "LAB_HOME": str(folder / "home"), "DATABASE_URL": url, "LAB_WORKERS": str(SLOTS), "LAB_MLFLOW": "off",
        "DASK_SCHEDULER_ADDRESS": f"tcp://127.0.0.1:{scheduler}",
        "LAB_TURN_URL": f"turn:127.0.0.1:{turn}?transport=udp",
        "LAB_TURN_USER": "lab", "LAB_TURN_SECRET": "lab", "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    old = dict(os.environ)
    os.environ.update(mine)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(old)


if __name__ == "__main__":
    started = time.monotonic()
    told = main(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
    json.dump({**told, "seconds": round(time.monotonic() - started)}, sys.stdout)
