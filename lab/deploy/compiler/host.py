"""The generated C on this machine: compiled with cc, called through ctypes."""

import ctypes
import functools
import threading
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lab.deploy.batches import as_batch
from lab.deploy.compiler import compile_model
from lab.hostcc import shared_library

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
        self._library, self._lock = _load(shared_library({**self.compiled.files, "batch.c": _BATCH}))

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


@functools.lru_cache(maxsize=64)
def _load(path: Path) -> tuple[ctypes.CDLL, threading.Lock]:
    library = ctypes.CDLL(str(path))
    library.model_run.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
    library.model_run.restype = None
    return library, threading.Lock()
