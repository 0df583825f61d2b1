"""Small commands that read and write files around one call."""

from pathlib import Path
from tokenize import TokenError
from typing import Any

import numpy as np

from lab.atomic import write_bytes
from lab.errors import BadInput
from lab.sound.features import windows
from lab.sound.features.spec import SPECS
from lab.sound.files import read_clip


def features(wav: Path, out: Path, spec: str) -> dict[str, Any]:
    """Write a sound file's windows as .npy and describe them."""
    clip, notes = read_clip(wav, label="", recording_id=wav.name)
    made = windows(clip.samples, SPECS[spec])
    save_array(out, made)
    return {"out": str(out), "spec": spec, "shape": list(made.shape), "dtype": str(made.dtype), "notes": notes}


def infer(model: bytes, source: Path, out: Path, engine: str) -> dict[str, Any]:
    """Write a model's raw int8 outputs for raw int8 inputs."""
    from lab.deploy.compiler.host import HostModel
    from lab.deploy.reference import ReferenceModel

    inputs = load_array(source)
    if inputs.dtype != np.int8:
        raise BadInput(f"{source} holds {inputs.dtype}; the model takes int8.")
    outputs = (HostModel if engine == "compiled" else ReferenceModel)(model).run(inputs)
    save_array(out, outputs)
    return {"out": str(out), "engine": engine, "shape": list(outputs.shape)}


def emulate(firmware: Path, wav: Path, mic: str) -> dict[str, Any]:
    """Run firmware on the virtual board with a sound file at its microphone."""
    from dataclasses import asdict

    from lab.deploy import emulator

    clip, _ = read_clip(wav, label="", recording_id=wav.name)
    return asdict(emulator.emulate(firmware, clip.samples, mic))


def load_array(path: Path) -> np.ndarray[Any, Any]:
    """Read a .npy file, refusing pickles.

    Raises:
        BadInput: not there, or not an array.
    """
    try:
        return np.load(path, allow_pickle=False)  # type: ignore[no-any-return]
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror or 'not a .npy file'}.") from error
    except (ValueError, EOFError, TokenError, SyntaxError, MemoryError, RecursionError) as error:
        raise BadInput(f"{path} is not a .npy file of plain numbers.") from error


def save_array(path: Path, array: np.ndarray[Any, Any]) -> None:
    """Write a .npy file whole or not at all."""
    import io

    buffer = io.BytesIO()
    np.save(buffer, array)
    write_bytes(path, buffer.getvalue())
