"""A model that somebody brings: an int8 .tflite of their own and a folder of sounds, without moving anything here."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lab.deploy.detector import Detector
from lab.deploy.tflite import read_graph
from lab.errors import BadInput, LabError
from lab.sound import features
from lab.sound.datasets import Item, find_items
from lab.sound.features.spec import SPECS, FeatureSpec
from lab.sound.files import read_clip
from lab.study.evaluate import Entry, Segments

COMPARED = 500
"""Windows on which the generated C is held against TensorFlow Lite's reference kernels."""
OTHER = "other"


def detector_of(
    path: Path, spec: str | None, labels: Sequence[str], positive: Sequence[str], threshold: float
) -> Detector:
    """Return a .tflite as a detector.

    Args:
        path: of the int8 .tflite.
        spec: name of its features; None takes the one of its input's shape.
        labels: one an output, in order; a model of one output needs only `positive`.
        positive: labels that raise an event.
        threshold: probability from 0 to 1.

    Raises:
        BadInput: no such file, no .tflite, or names that do not fit it.
    """
    try:
        tflite = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    graph = read_graph(tflite)
    shape = tuple(size for size in graph.tensors[graph.inputs[0]].shape if size != 1)
    outputs = int(np.prod(graph.tensors[graph.outputs[0]].shape))
    named = tuple(labels) or ((positive[0], OTHER) if outputs == 1 and positive else ())
    if not named or (outputs > 1 and len(named) != outputs):
        raise BadInput(f"{path.name} has {outputs} outputs; name a label for each, in order, with --labels.")
    return Detector(path.stem, tflite, _spec(path.name, shape, spec), named, tuple(positive), threshold)


def _spec(name: str, shape: tuple[int, ...], wanted: str | None) -> FeatureSpec:
    if wanted is not None:
        return SPECS[wanted]
    fitting = [spec for spec in SPECS.values() if spec.shape == shape]
    if not fitting:
        known = ", ".join(f"{spec.shape} for {spec.name!r}" for spec in SPECS.values())
        raise BadInput(f"{name} takes inputs of {shape}; the lab's features have {known}.")
    return fitting[0]


def folder_entries(folder: Path) -> list[Entry]:
    """Return a folder's sound files, labelled by their subfolders or tables.

    Raises:
        BadInput: nothing there, no sound files, or one without a label.
    """
    return [
        Entry(str(item.source.relative_to(folder)), item.source, item.label, _segments(item))
        for item in find_items(folder)
        if isinstance(item.source, Path)
    ]


def _segments(item: Item) -> Segments | None:
    return [(each.start_s, each.end_s) for each in item.segments] or None


def costs(detector: Detector, entries: Sequence[Entry]) -> dict[str, Any]:
    """Return what a detector's model takes, and whether its generated C equals TensorFlow Lite's reference kernels.

    Returns:
        tflite_bytes, gzip_bytes, flash_bytes, ram_bytes, cycles, cycles_why (null where there are cycles), and exact:
        {windows, outputs, differ, why}, compared on the sounds themselves; `differ` is null where `why` says so.
    """
    from lab.study.tree.measure import on_the_board, sizes

    found = sizes(detector.model)
    return {
        "tflite_bytes": found["tflite_bytes"], "gzip_bytes": found["gzip_bytes"], **on_the_board(detector.model),
        "exact": exactness(detector, entries),
    }  # fmt: skip


def exactness(detector: Detector, entries: Sequence[Entry]) -> dict[str, Any]:
    """Return on how many outputs the generated C and the reference kernels differ, over windows of the sounds."""
    from lab.deploy.compiler.host import HostModel
    from lab.deploy.reference import ReferenceModel
    from lab.deploy.twin import Twin

    windows: list[Any] = []
    for entry in entries:
        if sum(map(len, windows)) >= COMPARED:
            break
        windows.append(features.windows(read_clip(entry.path, "", "")[0].samples, detector.spec))
    some = np.concatenate(windows)[:COMPARED]
    try:
        reference = ReferenceModel(detector.model)
        inputs = Twin(detector, reference.run).inputs(some)
        made, wanted = HostModel(detector.model).run(inputs), reference.run(inputs)
    except LabError as error:
        return {"windows": len(some), "outputs": 0, "differ": None, "why": str(error)}
    return {"windows": len(some), "outputs": int(wanted.size), "differ": int((made != wanted).sum()), "why": None}
