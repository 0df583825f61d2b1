"""A taught detector's network in two halves, so that nobody waits for a C compiler.

Lessons change the dense layers alone. What comes before them is the same C for every detector taught from one
another, compiled once; the few dense layers after it are run by TensorFlow Lite's reference kernels. Both equal the
whole model's generated C bit for bit.
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lab.deploy.reference import ReferenceModel
from lab.deploy.rehead import Headless
from lab.deploy.twin import Model, host_model
from lab.errors import BadInput


@lru_cache(maxsize=16)
def body_model(body: bytes) -> Model:
    """Return what runs a model's body on this machine; kept, because even finding its compiled C takes a while."""
    return host_model(body)


def in_halves(tflite: bytes) -> Model:
    """Return what runs an int8 model: in halves where it ends in dense layers and one sigmoid, else whole."""
    try:
        headless = Headless(tflite)
    except BadInput:
        return host_model(tflite)
    body, head = body_model(headless.body()), ReferenceModel(headless.head())

    def run(inputs: NDArray[np.int8]) -> NDArray[np.int8]:
        codes = body(inputs)
        return head.run(codes.reshape(len(codes), *head.input_shape))

    return run
