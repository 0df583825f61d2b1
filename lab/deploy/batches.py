"""The shape of what engines take: raw int8 codes, one model input an item."""

import math

import numpy as np
from numpy.typing import NDArray

from lab.errors import BadInput


def as_batch(inputs: NDArray[np.int8], shape: tuple[int, ...]) -> NDArray[np.int8]:
    """Return inputs as contiguous rows, one a model input.

    Args:
        inputs: int8, shape (n, …shape without its first dimension).
        shape: the model's input, whose first dimension is 1.

    Returns:
        int8, shape (n, elements of one input).

    Raises:
        BadInput: another type or shape.
    """
    if not shape or shape[0] != 1:
        raise BadInput(f"The model's input has the shape {shape}; its first dimension must be a batch of one.")
    if inputs.dtype != np.int8:
        raise BadInput(f"The model takes int8 codes; the array holds {inputs.dtype}.")
    if inputs.ndim == 0 or inputs.shape[1:] != shape[1:]:
        need = ", ".join(str(size) for size in ("n", *shape[1:]))
        raise BadInput(f"The model takes ({need}); the array has shape {inputs.shape}.")
    return np.ascontiguousarray(inputs).reshape(len(inputs), math.prod(shape))
