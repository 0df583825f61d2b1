"""The tree that ships with the lab: the fire alarm detector's leaves, already measured.

Made from the embedded sounds alone, by the walk that the page would take, on two cores in some minutes:
    python -m lab.study.tree.prepared
"""

import io
import json
import tempfile
import zipfile
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from lab.atomic import write_bytes
from lab.deploy.detector import Detector
from lab.optimize.paths import LEGAL
from lab.workspace.context import run_inline
from lab.workspace.settings import settings
from lab.workspace.store import Store

PREPARED_FILE = Path(__file__).with_name("prepared_tree.zip")
RESULT = "result.json"
TASK = "lab.study.tree.task:optimize"
ASKED = {"model": "alarm", "data": "embedded", "paths": [path.label for path in LEGAL], "seeds": 1}
"""What a person who presses the button at once asks for."""
DETECTOR, TABLES = ".detector", ("table.csv", "table.md")
SHIPPED = (DETECTOR, ".py", *TABLES)
"""A leaf's .tflite lies within its detector."""
DIGITS = 5
_EPOCH = (1980, 1, 1, 0, 0, 0)


def packed(store: Store, result: dict[str, Any]) -> bytes:
    """Return a walk's result with its detectors, tables and scripts as one zip; equal input gives equal bytes."""
    names = sorted(name for name in result["artifacts"] if name.endswith(SHIPPED))
    told = {key: value for key, value in result.items() if key not in ("artifacts", "run_id", "trained")}
    text = json.dumps(_rounded(told), ensure_ascii=False, separators=(",", ":"))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in [RESULT, *names]:
            data = text.encode() if name == RESULT else store.read_artifact(result["artifacts"][name])
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, DIGITS)
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list) else value


@lru_cache(maxsize=1)
def _files() -> dict[str, bytes]:
    if not PREPARED_FILE.exists():
        return {}
    with zipfile.ZipFile(PREPARED_FILE) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def prepared_tree() -> dict[str, Any] | None:
    """Return the prepared walk as the job would have given it, but without files; None in a copy without it."""
    files = _files()
    return {**json.loads(files[RESULT]), "artifacts": {}} if files else None


def prepared_leaf(store: Store, path: str) -> dict[str, str]:
    """Put one leaf's files into a store: its model, detector and script, and the tables; return name → hash."""
    files = _files()
    wanted = [f"{path}.0{DETECTOR}", f"{path}.py", *TABLES]
    made = {name: store.put_artifact(name.rsplit(".", 1)[-1], name, files[name]).sha256 for name in wanted}
    tflite = f"{path}.0.tflite"
    model = Detector.from_bytes(files[wanted[0]]).model
    return {tflite: store.put_artifact("tflite", tflite, model).sha256, **made}


def main() -> None:
    """Walk the tree in a folder of its own and write the prepared file."""
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-tree-") as folder:
        home = Path(folder)
        url, files = f"sqlite:///{home / 'lab.sqlite'}", (home / "artifacts").as_uri()
        config = replace(settings(), home=home, database_url=url, artifacts_url=files)
        store = Store(config)
        result = run_inline(TASK, ASKED, config, lambda done, total, text: print(f"{done} of {total}: {text}"))
        write_bytes(PREPARED_FILE, packed(store, result))
        store.engine.dispose()


if __name__ == "__main__":
    main()
