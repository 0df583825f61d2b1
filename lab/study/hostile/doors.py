"""The doors: the functions that pages call with uploads, the tasks they submit, and the command line itself."""

import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from lab.study.hostile.offer import Offer
from lab.workspace.context import JobContext, find_task
from lab.workspace.settings import settings
from lab.workspace.store import Clip, Store, open_store

PROJECT = "Hostile"


def _command(*argv: str) -> Any:
    """Run one command of the command line as `main` does, but let errors out."""
    from lab.cli import parser

    args = parser().parse_args([*argv])
    return args.run(args)


def _task(name: str, **args: Any) -> Any:
    """Run a task as a worker's process does, without one."""
    context = JobContext(0, None, settings(), lambda said: None, lambda: False)
    return find_task(f"lab.study.tasks:{name}")(args, context)


def _project(store: Store) -> int:
    return store.project(PROJECT).id


def _upload(path: Path, offer: Offer) -> None:
    from lab.study.uploads import take_in

    store = open_store()
    take_in(store, _project(store), path.name, path.read_bytes(), offer.text)


def _filename(path: Path, offer: Offer) -> None:
    from lab.study.uploads import take_in

    store = open_store()
    take_in(store, _project(store), offer.text, path.read_bytes(), "noise")
    store.labels(_project(store))


def _restore(path: Path, offer: Offer) -> None:
    home = settings().home
    os.environ["LAB_HOME"] = str(home / f"restored {uuid.uuid4().hex}")  # only an empty instance takes a backup
    try:
        _command("restore", str(path))
    finally:
        os.environ["LAB_HOME"] = str(home)


def _segments(path: Path, offer: Offer) -> None:
    from lab.study.cutting import segment_from_file

    store = open_store()
    segment_from_file(store, _clip(store), path.name, path.read_bytes())


def _clip(store: Store) -> Clip:
    """Return the sound that tables are about."""
    from lab.study.hostile.sounds import tone
    from lab.study.uploads import take_in

    project = _project(store)
    take_in(store, project, "sound.wav", tone("wav"), "noise")
    return store.clips(project)[0]


def _evaluate(path: Path, offer: Offer) -> None:
    from lab.deploy.prepared import prepared_detector

    detector = path.with_name("prepared.detector")
    detector.write_bytes(prepared_detector().to_bytes())
    _command("evaluate", str(detector), "--manifest", str(path))


def _heard(path: Path, offer: Offer) -> None:
    manifest = path.with_name("manifest.csv")
    manifest.write_text("file,label\nsound.wav,alarm\n")
    _command("evaluate", str(path), "--manifest", str(manifest))


def _own(path: Path, offer: Offer) -> None:
    data = path.with_name("data.npz")
    data.write_bytes(b"")
    _command("optimize", "--model", str(path), "--data", str(data), "--out", _out(path))


def _out(path: Path) -> str:
    return str(settings().home / "out")


def _examples(path: Path, offer: Offer) -> None:
    from lab.study.tree.data import arrays

    arrays(path, (31, 32, 1))


def _infer(path: Path, offer: Offer) -> None:
    import numpy as np

    inputs = path.with_name("in.npy")
    np.save(inputs, np.zeros((1, 31, 32, 1), np.int8))
    _command("infer", str(path), str(inputs), f"{_out(path)}.npy", "--engine", "compiled")


def _array(path: Path, offer: Offer) -> None:
    from lab.deploy.prepared import prepared_detector

    model = path.with_name("model.tflite")
    model.write_bytes(prepared_detector().model)
    _command("infer", str(model), str(path), f"{_out(path)}.npy", "--engine", "reference")


DOORS: dict[str, Callable[[Path, Offer], Any]] = {
    "upload": _upload,
    "filename": _filename,
    "labelled": lambda path, offer: _command("data", "add", PROJECT, str(path), f"--label={offer.text}"),
    "named": lambda path, offer: _command("data", "add", "--label=noise", "--", offer.text, str(path)),
    "data": lambda path, offer: _command("data", "add", PROJECT, str(path)),
    "job": lambda path, offer: _task("add_files", project_id=_project(open_store()), paths=[str(path)]),
    "project": lambda path, offer: _command("project", "import", str(path)),
    "project job": lambda path, offer: _task("import_project", path=str(path), owner="local"),
    "restore": _restore,
    "features": lambda path, offer: _command("features", str(path), f"{_out(path)}.npy"),
    "segments": _segments,
    "evaluate": _evaluate,
    "augment": lambda path, offer: _command(
        "train", "baseline", "--data", "no such project", "--augment", str(path), "--out", _out(path)
    ),
    "own": _own,
    "examples": _examples,
    "audit": lambda path, offer: _command("audit", str(path)),
    "infer": _infer,
    "array": _array,
    "detector": lambda path, offer: _command("compile", str(path), "--out", _out(path)),
    "heard": _heard,
    "emulate": lambda path, offer: _command("emulate", str(path), "--wav", str(path.with_name("sound.wav"))),
}
"""Name → what takes an offer's first file in."""
