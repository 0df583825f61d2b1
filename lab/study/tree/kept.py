"""Results of finished nodes, by what made them: nobody on the instance trains the same node twice."""

import io
import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.workspace.store import Store

Weights = list[NDArray[np.float32]]


@dataclass(frozen=True, slots=True, eq=False)
class Result:
    """What one training gave.

    Attributes:
        accuracy: of the float model, or of the model with rounding ("fake int8"), on held-out examples.
        seconds: it took to train.
        history: one row an epoch.
        weights: of the float model; None after QAT, which nothing follows.
        tflite: int8 file of a QAT node; None before it is converted.
    """

    accuracy: float
    seconds: float
    history: list[dict[str, Any]] = field(default_factory=list)
    weights: Weights | None = None
    tflite: bytes | None = None


class Kept:
    """The finished nodes of an instance.

    Args:
        store: whose files they lie among; None keeps them for this process only.
    """

    def __init__(self, store: Store | None = None) -> None:
        self._store = store
        self._here: dict[str, Result] = {}

    def get(self, key: str) -> Result | None:
        """Return the result of a key, or None."""
        if key in self._here or self._store is None:
            return self._here.get(key)
        text = self._store.files.named(f"nodes/{key}.json")
        return None if text is None else self._read(json.loads(text))

    def put(self, key: str, result: Result) -> None:
        """Keep a result: its files first, then the note that names them."""
        self._here[key] = result
        if self._store is None:
            return
        files = {}
        if result.weights is not None:
            files["weights"] = self._store.put_artifact("weights", f"{key[:12]}.npz", packed(result.weights)).sha256
        if result.tflite is not None:
            files["tflite"] = self._store.put_artifact("tflite", f"{key[:12]}.tflite", result.tflite).sha256
        told = {"accuracy": result.accuracy, "seconds": result.seconds, "history": result.history, "files": files}
        self._store.files.name(f"nodes/{key}.json", json.dumps(told).encode())

    def _read(self, told: dict[str, Any]) -> Result:
        assert self._store is not None
        files = {name: self._store.files.get(sha256) for name, sha256 in told["files"].items()}  # whoever trained it
        weights = unpacked(files["weights"]) if "weights" in files else None
        return Result(told["accuracy"], told["seconds"], told["history"], weights, files.get("tflite"))


def packed(weights: Weights) -> bytes:
    """Return arrays as the bytes of an .npz."""
    buffer = io.BytesIO()
    named: dict[str, Any] = {f"w{index:04d}": value for index, value in enumerate(weights)}
    np.savez_compressed(buffer, **named)
    return buffer.getvalue()


def unpacked(data: bytes) -> Weights:
    """Return the arrays of `packed`."""
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        return [file[name] for name in sorted(file.files)]
