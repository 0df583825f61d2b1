"""The generated C on this machine: compiled with cc, called through ctypes."""

import ctypes
import functools
import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lab.deploy.batches import as_batch
from lab.deploy.compiler import compile_model
from lab.errors import BadInput
from lab.hostcc import shared_library

FLAGS = ("-O1",)
"""Straight-line code runs as fast as with -O3, and compiles in a quarter of the time."""

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
        flash_bytes: as compile_model takes it.

    Raises:
        BadInput: the compiler does not take this model.
        Missing: no C compiler.
    """

    def __init__(self, tflite: bytes, flash_bytes: int | None = None) -> None:
        self.compiled = compile_model(tflite, flash_bytes=flash_bytes)
        single = len(self.compiled.inputs) == len(self.compiled.outputs) == 1
        batch = {"batch.c": _BATCH} if single else {}
        self._library, self._lock = _load(shared_library({**self.compiled.files, **batch}, FLAGS))

    def run(self, inputs: NDArray[np.int8]) -> NDArray[np.int8]:
        """Return the outputs for a batch of inputs, one inference each.

        Args:
            inputs: int8, shape (n, …the model's input without its batch of one).

        Returns:
            int8, shape (n, …the model's output without its batch of one).

        Raises:
            BadInput: another shape or type.
        """
        if len(self.compiled.inputs) != 1 or len(self.compiled.outputs) != 1:
            raise BadInput("The model has several inputs or outputs; a batch needs one of each.")
        batch = as_batch(inputs, self.compiled.input_shape)
        outputs = np.empty((len(batch), *self.compiled.output_shape[1:]), np.int8)
        with self._lock:  # the arena is static: one inference at a time
            self._library.model_run(
                batch.ctypes.data_as(ctypes.c_void_p), outputs.ctypes.data_as(ctypes.c_void_p), len(batch)
            )
        return outputs

    def run_ends(self, inputs: Sequence[NDArray[np.int8]]) -> list[NDArray[np.int8]]:
        """Return every output of one inference of a model with any number of inputs and outputs.

        Args:
            inputs: int8, each of its input's whole shape.

        Raises:
            BadInput: another number, shape or type.
        """
        takes, gives = self.compiled.inputs, self.compiled.outputs
        given = [f"{array.dtype} {array.shape}" for array in inputs]
        wanted = [f"int8 {end.shape}" for end in takes]
        if given != wanted:
            raise BadInput(f"The model takes {', '.join(wanted)}; it was given {', '.join(given) or 'nothing'}.")
        outputs = [np.empty(end.shape, np.int8) for end in gives]
        with self._lock:
            for number, array in enumerate(inputs):
                source = np.ascontiguousarray(array)
                ctypes.memmove(self._library.model_input(number), source.ctypes.data, source.nbytes)
            self._library.model_invoke()
            for number, array in enumerate(outputs):
                ctypes.memmove(array.ctypes.data, self._library.model_output(number), array.nbytes)
        return outputs


@functools.lru_cache(maxsize=64)
def _load(path: Path) -> tuple[ctypes.CDLL, threading.Lock]:
    library = ctypes.CDLL(str(path))
    if hasattr(library, "model_run"):
        library.model_run.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
        library.model_run.restype = None
    for function in (library.model_input, library.model_output):
        function.restype = ctypes.c_void_p
    return library, threading.Lock()
