"""The generated C on this machine: compiled with cc, called through ctypes."""

import ctypes
import functools
import hashlib
import os
import shutil
import subprocess
import tempfile
import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lab.atomic import write_bytes
from lab.deploy.batches import as_batch
from lab.deploy.compiler import CompiledC, compile_model
from lab.errors import LabError, Missing

FLAGS = ("-std=c11", "-O3", "-shared", "-fPIC", "-Wall", "-Wextra", "-Wpedantic", "-Werror")
BUILD_TIMEOUT_S = 300
_BATCH = """
#include <string.h>
#include "model.h"

void model_run(const int8_t *in, int8_t *out, int64_t count);

void model_run(const int8_t *in, int8_t *out, int64_t count) {
    for (; count > 0; count--, in += MODEL_INPUT_LEN, out += MODEL_OUTPUT_LEN) {
        memcpy(model_input(), in, MODEL_INPUT_LEN);
        model_invoke();
        memcpy(out, model_output(), MODEL_OUTPUT_LEN);
    }
}
"""


class HostModel:
    """An int8 model as generated C, built for this host.

    Args:
        tflite: the file's bytes.

    Raises:
        BadInput: the compiler does not take this model.
        Missing: no C compiler.
    """

    def __init__(self, tflite: bytes) -> None:
        self.compiled = compile_model(tflite)
        self._library, self._lock = _load(_build(self.compiled))

    def run(self, inputs: NDArray[np.int8]) -> NDArray[np.int8]:
        """Return the outputs for a batch of inputs, one inference each.

        Args:
            inputs: int8, shape (n, …the model's input without its batch of one).

        Returns:
            int8, shape (n, …the model's output without its batch of one).

        Raises:
            BadInput: another shape or type.
        """
        batch = as_batch(inputs, self.compiled.input_shape)
        outputs = np.empty((len(batch), *self.compiled.output_shape[1:]), np.int8)
        with self._lock:  # the arena is static: one inference at a time
            self._library.model_run(
                batch.ctypes.data_as(ctypes.c_void_p), outputs.ctypes.data_as(ctypes.c_void_p), len(batch)
            )
        return outputs


def cache_dir() -> Path:
    """Return where built models are kept, under the user's cache."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base) / "tinyml-lab" / "host-models"


@functools.lru_cache(maxsize=64)
def _load(path: Path) -> tuple[ctypes.CDLL, threading.Lock]:
    library = ctypes.CDLL(str(path))
    library.model_run.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
    library.model_run.restype = None
    return library, threading.Lock()


def _build(compiled: CompiledC) -> Path:
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise Missing("No C compiler: `cc` is not on this machine. Install gcc, or use the reference engine.")
    files = {**compiled.files, "batch.c": _BATCH}
    text = "\0".join((compiler, *FLAGS, *(part for item in sorted(files.items()) for part in item)))
    path = cache_dir() / f"{hashlib.sha256(text.encode()).hexdigest()[:32]}.so"
    return path if path.exists() else _compile(compiler, files, path)


def _compile(compiler: str, files: dict[str, str], path: Path) -> Path:
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-") as folder:
        for name, text in files.items():
            (Path(folder) / name).write_text(text, "utf-8")
        command = [compiler, *FLAGS, "-o", "model.so", "model.c", "batch.c"]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=BUILD_TIMEOUT_S)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise LabError(f"The C compiler could not build the model: {error}.") from error
        if done.returncode:
            raise LabError(f"The C compiler refused the model: {done.stderr.strip()[-2000:]}")
        return write_bytes(path, (Path(folder) / "model.so").read_bytes())
