"""Makes in the image what would else be made when a person first asks for it: compiled SDK, host C, page bundles."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from lab.deploy import build, twin
from lab.deploy.boards import BOARDS
from lab.deploy.prepared import prepared_detector
from pages.ui import bundles


def main() -> None:
    """Fill the cache."""
    for board in BOARDS:
        build.prepare(board)
        print(f"firmware for {board}", flush=True)
    for name in sorted(folder.name for folder in bundles.COMPONENTS.iterdir() if (folder / "main.mjs").exists()):
        bundles.component(name)
        print(f"bundle of {name}", flush=True)
    twin.Twin(prepared_detector())
    print("the prepared detector's twin", flush=True)


if __name__ == "__main__":
    main()
