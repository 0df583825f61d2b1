"""A trained baseline as one file: a zip of its description and weights, no code inside."""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from lab.atomic import write_bytes
from lab.errors import BadInput
from lab.learn import models
from lab.learn.models import Architecture, Scale
from lab.learn.training import Learned
from lab.sound.features.spec import FeatureSpec

SCHEMA = 1
MAX_BYTES = 256 * 2**20
_EPOCH = (1980, 1, 1, 0, 0, 0)


def to_bytes(learned: Learned) -> bytes:
    """Return the file of a trained network; equal networks give equal bytes."""
    card = {
        "schema": SCHEMA, "arch": learned.arch.to_json(), "spec": learned.spec.to_json(),
        "scale": [learned.scale.mean, learned.scale.variance], "labels": list(learned.labels),
        "positive": list(learned.positive), "dataset": learned.dataset, "scores": learned.scores,
        "augmentation": learned.augmentation, "licences": list(learned.licences),
    }  # fmt: skip
    weights = io.BytesIO()
    for array in learned.model.get_weights():
        np.save(weights, array)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in (("baseline.json", json.dumps(card, indent=2).encode()), ("weights.npy", weights.getvalue())):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), data, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def save(learned: Learned, path: Path) -> Path:
    """Write a trained network's file."""
    return write_bytes(path, to_bytes(learned))


def load(path: Path) -> Learned:
    """Read a trained network's file.

    Raises:
        BadInput: no such file, or not one of ours.
    """
    try:
        return from_bytes(path.read_bytes())
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error


def from_bytes(data: bytes) -> Learned:
    """Read what `to_bytes` wrote.

    Raises:
        BadInput: not such a file, or weights that do not fit the description.
    """
    card, weights = _parts(data)
    try:
        arch, spec = Architecture.from_json(card["arch"]), FeatureSpec.from_json(card["spec"])
        scale = Scale(*(float(value) for value in card["scale"]))
        labels, positive = tuple(card["labels"]), tuple(card["positive"])
        single = len(labels) == 2 and len(positive) == 1
        model = models.build(arch, spec, 1 if single else len(labels), scale)
        model.set_weights(weights)
    except (KeyError, TypeError, ValueError) as error:
        raise BadInput(f"The baseline cannot be read: {error}.") from error
    return Learned(
        model,
        arch,
        spec,
        scale,
        labels,
        positive,
        scores=dict(card.get("scores", {})),
        dataset=str(card.get("dataset", "")),
        augmentation=dict(card.get("augmentation", {})),
        licences=tuple(str(licence) for licence in card.get("licences", ())),
    )


def _parts(data: bytes) -> tuple[dict[str, Any], list[np.ndarray[Any, Any]]]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(info.file_size for info in archive.infolist()) > MAX_BYTES:
                raise BadInput("The baseline unpacks to more than 256 MiB.")
            card = json.loads(archive.read("baseline.json"))
            stream = io.BytesIO(archive.read("weights.npy"))
        weights = []
        while stream.tell() < len(stream.getvalue()):
            weights.append(np.load(stream, allow_pickle=False))
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError, NotImplementedError, RuntimeError) as error:
        raise BadInput("This is not a baseline: it should be a file that `train baseline` wrote.") from error
    if not isinstance(card, dict) or card.get("schema") != SCHEMA:
        raise BadInput(f"The baseline's schema is not {SCHEMA}.")
    return card, weights
