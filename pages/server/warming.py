"""Imports and bundles what pages need before anybody comes: a room arrives all at once and would wait for it."""

import ast
import contextlib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from lab.errors import LabError
from lab.workspace.store import open_store

PAGES = Path(__file__).resolve().parents[1]
BUNDLES = ("board", "flash", "monitor")


def warm() -> None:
    """Import all that pages import, what they leave for later too; what is missing here is told where it is needed."""
    for name in sorted(_imported()):
        with contextlib.suppress(ImportError):
            import_module(name)
    from pages.ui import bundles

    for name in BUNDLES:
        with contextlib.suppress(LabError):
            bundles.component(name)
    open_store()


def _imported() -> Iterator[str]:
    """Yield the modules that pages and their parts name."""
    for path in (*PAGES.glob("*.py"), *PAGES.glob("ui/*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from (each.name for each in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                yield from (f"{node.module}.{each.name}" for each in node.names if node.module.startswith("pages"))
