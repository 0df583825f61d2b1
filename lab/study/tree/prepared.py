"""The tree of the fire alarm's network, walked before: what Optimize shows until somebody walks one.

Made from synthetic sound alone, with the settings that the page begins with, by
    python -m lab.study.tree.prepared [--seeds 3]
It holds the whole outcome, and the first seed's leaves as detectors: they compile and run like any other.
"""

import io
import json
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from lab.atomic import write_bytes
from lab.errors import BadInput
from lab.progress import OnProgress, ignore

PREPARED_FILE = Path(__file__).with_name("prepared_tree.zip")
COMMAND = "python -m lab.study.tree.prepared"
OUTCOME = "outcome.json"
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True, eq=False)
class PreparedTree:
    """A walk that came with the lab.

    Attributes:
        outcome: as `lab.study.tree.outcome` gives it, with `command` and `seconds`, of the whole walk.
        detectors: .detector files of the first seed by "LABEL.SEED".
    """

    outcome: dict[str, Any]
    detectors: dict[str, bytes]


@lru_cache(maxsize=1)
def prepared_tree() -> PreparedTree | None:
    """Return the walk that came with this copy, or None.

    Raises:
        BadInput: the file is damaged.
    """
    if not PREPARED_FILE.exists():
        return None
    try:
        with zipfile.ZipFile(PREPARED_FILE) as archive:
            outcome = json.loads(archive.read(OUTCOME))
            names = [name for name in archive.namelist() if name.endswith(".detector")]
            return PreparedTree(outcome, {name.removesuffix(".detector"): archive.read(name) for name in names})
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise BadInput("The prepared tree of this copy is damaged; walk one yourself.") from error


def make(seeds: int, on_progress: OnProgress = ignore) -> bytes:
    """Walk all eight leaves of the alarm detector's network on synthetic sound; return the file.

    Args:
        seeds: everything is trained once for each.
        on_progress: called after each epoch.
    """
    import time

    from lab.optimize.paths import LEGAL
    from lab.study.optimize import as_detector, load_problem, share
    from lab.study.tree.density import densities
    from lab.study.tree.kept import Kept
    from lab.study.tree.options import Options, seeds_of
    from lab.study.tree.outcome import outcome
    from lab.study.tree.walk import walk

    started, kept, options, chosen = time.monotonic(), Kept(), Options(), seeds_of(seeds)
    problem = load_problem("alarm", None, "default", 1.0, on_progress)
    made = walk(problem, LEGAL, options, chosen, kept, share(on_progress, 10, 100))
    weights = densities(problem, LEGAL, options, chosen[0], kept, made.files)
    told = outcome(problem, made, options, weights) | {
        "command": COMMAND, "seconds": round(time.monotonic() - started),
    }  # fmt: skip
    firsts = {name: data for name, data in made.files.items() if name.endswith(f".{chosen[0]}")}
    detectors = {name: as_detector(problem, name, data) for name, data in firsts.items()}
    return packed(told, {name: each.to_bytes() for name, each in detectors.items() if each is not None})


def packed(outcome: dict[str, Any], detectors: dict[str, bytes]) -> bytes:
    """Return the file of an outcome and its detectors."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        text = json.dumps(outcome, ensure_ascii=False, separators=(",", ":")).encode()
        archive.writestr(zipfile.ZipInfo(OUTCOME, _EPOCH), text, zipfile.ZIP_DEFLATED)
        for name, data in detectors.items():
            archive.writestr(zipfile.ZipInfo(f"{name}.detector", _EPOCH), data)
    return buffer.getvalue()


def main() -> None:
    """Walk the tree anew and write the file that ships with the lab."""
    import argparse
    import sys

    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--out", type=Path, default=PREPARED_FILE)
    given = parser.parse_args()
    data = make(given.seeds, lambda done, total, message: print(f"{done}/{total} {message}", file=sys.stderr))
    write_bytes(given.out, data)
    print(f"{given.out}: {len(data):,} bytes")


if __name__ == "__main__":
    main()
