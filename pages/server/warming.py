"""Does what pages and lessons begin with before anybody comes: a room arrives all at once and would wait for it."""

import ast
import contextlib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from lab.deploy.prepared import prepared_detector
from lab.errors import LabError
from lab.workspace import jobs
from lab.workspace.daemon import ensure_worker
from lab.workspace.store import Store, open_store

PAGES = Path(__file__).resolve().parents[1]
BUNDLES = ("board", "flash", "monitor")
BY_A_PAGE = "streamlit_webrtc"
"""Registers its component only where a page imports it; most of what it costs is aiortc."""
GET_READY = "lab.study.tasks:get_ready"


def warm() -> None:
    """Import all that pages import, what they leave for later too; what is missing here is told where it is needed."""
    for name in sorted({*_imported(), "aiortc"}):
        if name.startswith(BY_A_PAGE):
            continue
        with contextlib.suppress(ImportError):
            import_module(name)
    from pages.ui import bundles

    for name in BUNDLES:
        with contextlib.suppress(LabError):
            bundles.component(name)
    with contextlib.suppress(LabError):
        lessons(open_store())


def lessons(store: Store) -> None:
    """Start the worker, and let each of its processes prepare lessons of the detector that everybody begins with.

    Raises:
        LabError: the detector is not in this copy, or the store cannot be written.
    """
    detector = store.put_artifact("detector", "prepared.detector", prepared_detector().to_bytes()).sha256
    for place in range(store.config.workers):
        jobs.submit(store, GET_READY, {"detector": detector, "process": place})
    ensure_worker(store.config)


def _imported() -> Iterator[str]:
    """Yield the modules that pages and their parts name."""
    for path in (*PAGES.glob("*.py"), *PAGES.glob("ui/*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                yield from (each.name for each in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                yield node.module
                yield from (f"{node.module}.{each.name}" for each in node.names if node.module.startswith("pages"))
