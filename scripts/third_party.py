"""Writes docs/third_party.md: whose work is in the image and in firmware, under which licence.

    .venv/bin/python scripts/third_party.py

Python packages are those of requirements.txt that are installed here, as their own metadata tells. A test holds the
page against them, so run this after `make requirements`.
"""

import re
from importlib.metadata import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "third_party.md"
BEGIN, END = "| package | licence |\n|---|---|\n", "\n\n## "
CLASSIFIER = "License :: OSI Approved :: "
SHORT = {
    "MIT License": "MIT", "Apache Software License": "Apache-2.0", "BSD License": "BSD", "ISC License (ISCL)": "ISC",
    "Python Software Foundation License": "PSF-2.0", "Mozilla Public License 2.0 (MPL 2.0)": "MPL-2.0",
    "Apache License 2.0": "Apache-2.0", "Apache 2.0": "Apache-2.0", "Apache 2": "Apache-2.0",
    "3-Clause BSD License": "BSD-3-Clause",
}  # fmt: skip


def pinned(text: str) -> list[str]:
    """Return the packages of a requirements file that this Python and system take, in its order."""
    wanted = [Requirement(line) for line in text.splitlines() if re.match(r"[a-z0-9]", line)]
    return [each.name for each in wanted if each.marker is None or each.marker.evaluate()]


def licence(name: str) -> str:
    """Return a package's licence in a few words, as its metadata tells it.

    Raises:
        importlib.metadata.PackageNotFoundError: it is not installed.
    """
    told = metadata(name)
    if expression := told.get("License-Expression"):
        return str(expression)
    classified = [
        each.removeprefix(CLASSIFIER) for each in told.get_all("Classifier", []) if each.startswith(CLASSIFIER)
    ]
    said = (told.get("License") or "").strip().splitlines()
    words = [SHORT.get(each, each) for each in classified] or [
        SHORT.get(each, each) for each in said[:1] if len(each) < 60
    ]
    return " AND ".join(dict.fromkeys(words)) or "not told"


def table() -> str:
    """Return the table's rows."""
    names = pinned((ROOT / "requirements.txt").read_text("utf-8"))
    return "\n".join(f"| {name} | {licence(name)} |" for name in names)


def page(old: str) -> str:
    """Return the page with a fresh table."""
    before, rest = old.split(BEGIN)
    return f"{before}{BEGIN}{table()}{END}{rest.split(END, 1)[1]}"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text("utf-8")), "utf-8")
