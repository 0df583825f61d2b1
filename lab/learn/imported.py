"""A person's own Keras model: read without running anything that is in the file.

Layers come from a list; a Lambda, a custom layer or a pickle is refused by
name. Files of Keras 2 are rebuilt here; those of Keras 3, which Keras 2 cannot
read, are opened by Keras 3 in a process of its own (`lab.learn.keras3`), which
hands over layers and weights.
"""

import io
import json
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py  # type: ignore[import-untyped]
import numpy as np

from lab.errors import BadInput
from lab.learn import hdf5, keras2
from lab.learn.keras3 import LAYERS

MAX_BYTES = 256 * 2**20
TIMEOUT_S = 180
MAX_CONFIG_BYTES = 16 * 2**20
WEIGHTS = "model.weights.h5"
MODULES = ("keras", "tf_keras", "builtins")
CODE = ("Lambda", "__lambda__", "function", "__function__", "lambda")
_DAMAGED = (KeyError, zipfile.BadZipFile, zlib.error, EOFError, OSError, RuntimeError, ValueError, TypeError)
HDF5 = b"\x89HDF\r\n\x1a\n"
TFLITE = b"TFL3"


def load(path: Path) -> Any:
    """Return a Keras 2 model of a file: .h5 or .keras, of Keras 2 or 3.

    Raises:
        BadInput: no Keras file, too large, or it holds what the lab does not take; says what.
    """
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise BadInput(f"{path.name} has {size / 2**20:,.0f} MB; models up to {MAX_BYTES >> 20} MB are read.")
    with path.open("rb") as file:
        start = file.read(8)
    if start == HDF5:
        return _of_hdf5(path)
    if zipfile.is_zipfile(path):
        return _of_archive(path)
    if start[4:8] == TFLITE:
        raise BadInput(
            f"{path.name} is a .tflite, which cannot be trained on: bring the Keras model it was made from. What the "
            "file costs as it is, `audit` and `compile` tell."
        )
    raise BadInput(f"{path.name} is no Keras model: neither an HDF5 file nor a .keras archive.")


def _of_hdf5(path: Path) -> Any:
    try:
        with h5py.File(path, "r") as file:
            hdf5.check(file, path.name)
            text = file.attrs.get("model_config")
            version = str(file.attrs.get("keras_version", "2"))
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        raise BadInput(f"{path.name} is a damaged HDF5 file.") from error
    if text is None:
        raise BadInput(f"{path.name} holds weights without their model; save the whole model.")
    config = _parsed(text, path.name)
    check_layers(config, path.name)
    return _by_keras3(path) if version.startswith("3") else _by_keras2(path)


def _of_archive(path: Path) -> Any:
    try:
        with zipfile.ZipFile(path) as archive:
            _check_size(archive, path.name)
            config = _parsed(archive.read("config.json"), path.name)
            told = _parsed(archive.read("metadata.json"), path.name)
            with archive.open(WEIGHTS) as weights, h5py.File(io.BytesIO(weights.read()), "r") as file:
                hdf5.check(file, path.name)
    except _DAMAGED as error:
        raise BadInput(f"{path.name} is no .keras model: its description or weights are missing or damaged.") from error
    check_layers(config, path.name)
    return _by_keras3(path) if str(told.get("keras_version", "2")).startswith("3") else _by_keras2(path)


def _check_size(archive: zipfile.ZipFile, name: str) -> None:
    unpacked = sum(part.file_size for part in archive.infolist())
    if unpacked > hdf5.MAX_BYTES or archive.getinfo("config.json").file_size > MAX_CONFIG_BYTES:
        raise BadInput(
            f"{name} unpacks to {unpacked >> 20} MB; {hdf5.MAX_BYTES >> 20} MB are the most, of them "
            f"{MAX_CONFIG_BYTES >> 20} MB of description."
        )


def _parsed(text: Any, name: str) -> dict[str, Any]:
    try:
        config = json.loads(text)
    except (ValueError, TypeError, RecursionError) as error:
        raise BadInput(f"{name} has a damaged description.") from error
    if not isinstance(config, dict):
        raise BadInput(f"{name} has a damaged description.")
    return config


def check_layers(config: dict[str, Any], name: str) -> None:
    """Refuse a model with a layer that is not on the list, or with anything that Keras would look for elsewhere.

    Raises:
        BadInput: names the layer.
    """
    if config.get("class_name") not in ("Functional", "Sequential", "Model"):
        given = str(config.get("class_name"))
        raise BadInput(f"{name} is a {given[:60]!a}; the lab takes Sequential and functional models.")
    inside = config.get("config")
    layers = inside.get("layers") if isinstance(inside, dict) else None
    if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers):
        raise BadInput(f"{name} has a damaged description: it has no list of layers.")
    for layer in layers:
        kind = str(layer.get("class_name"))
        if kind == "Lambda":
            raise BadInput(f"{name} has a Lambda layer, which is code: the lab does not run code that comes in a file.")
        if kind not in LAYERS:
            raise BadInput(
                f"{name} has a layer {kind[:60]!a}, which the lab does not take; it takes {', '.join(LAYERS)}."
            )
    for part in _parts(config):
        _check_part(part, name)


def _parts(config: Any) -> Iterator[dict[str, Any]]:
    """Yield every object of a description, but for how it was compiled: that is never looked at."""
    left = [config]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            yield each
            left += [value for key, value in each.items() if key != "compile_config"]
        elif isinstance(each, list):
            left += each


def _check_part(part: dict[str, Any], name: str) -> None:
    """Refuse an object that Keras would import from elsewhere, or make a function of."""
    module, kind, registered = (str(part.get(key) or "") for key in ("module", "class_name", "registered_name"))
    if kind in CODE:
        raise BadInput(f"{name} has a function among its settings: the lab does not run code that comes in a file.")
    if (module and module.split(".")[0] not in MODULES) or ">" in registered:
        named = (registered or module)[:60]
        raise BadInput(f"{name} names {named!a}, which is not Keras's own; the lab takes no other.")


def _by_keras2(path: Path) -> Any:
    try:
        with keras2.quiet():
            return keras2.keras().models.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # whatever Keras says of a damaged or foreign file
        raise BadInput(f"{path.name} cannot be read: {_said(str(error))}") from error


def _said(error: str) -> str:
    """Return the heart of what Keras said, as the end of a sentence."""
    words = " ".join(error.split()).rpartition("Exception encountered: ")[2]
    heart = "".join(each if each.isprintable() else " " for each in words.partition(". ")[0])[:160].rstrip(" .")
    return f"Keras says “{heart or 'nothing'}”."


def _by_keras3(path: Path) -> Any:
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-keras3-") as folder:
        out = Path(folder) / "model.npz"
        try:
            done = subprocess.run(
                [sys.executable, "-m", "lab.learn.keras3", str(path.resolve()), str(out)],
                capture_output=True, text=True, timeout=TIMEOUT_S, check=False, cwd=Path(__file__).resolve().parents[2],
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise BadInput(f"{path.name} took Keras more than {TIMEOUT_S} s to read; bring a smaller model.") from error
        if done.returncode:
            last = (done.stderr.strip().splitlines() or [""])[-1].partition(": ")[2]
            raise BadInput(f"{path.name} cannot be read: {_said(last)}")
        with np.load(out, allow_pickle=False) as file:
            graph = json.loads(str(file["graph"]))
            weights = [file[f"weight{index}"] for index in range(len(file.files) - 1)]
    return _rebuilt(graph, weights)


def _rebuilt(graph: dict[str, Any], weights: list[np.ndarray[Any, Any]]) -> Any:
    """Return a Keras 2 model of layers told in running order, each with the names of those it reads."""
    keras = keras2.keras()
    tensors: dict[str, Any] = {}
    inputs = None
    for row in graph["layers"]:
        if row["kind"] == "InputLayer":
            inputs = tensors[row["name"]] = keras.Input(tuple(row["shape"]), name=row["name"])
            continue
        layer = getattr(keras.layers, row["kind"])(name=row["name"], **row["config"])
        read = [tensors[name] for name in row["inputs"]]
        tensors[row["name"]] = layer(read[0] if len(read) == 1 else read)
        layer.set_weights([weights[index] for index in row["weights"]])
    return keras.Model(inputs, tensors[graph["output"]])
