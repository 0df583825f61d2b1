"""What a .tflite really holds: zeros, distinct codes and bytes, tensor by tensor.

It answers whether pruning and clustering survived: a zero that is not stored
as a zero, or a seventeenth code, is promised memory that nobody gets.
"""

import gzip
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.deploy.tflite import Graph, Tensor, read_graph
from lab.errors import BadInput

MAX_VALUES = 2**26


def audit(tflite: bytes) -> dict[str, Any]:
    """Return what a .tflite file holds.

    Args:
        tflite: the file's bytes, quantized or not.

    Returns:
        `operators` in running order; `tflite_bytes`, `gzip_bytes`; and `tensors`, one a constant of numbers:
        name, operator that reads it, shape, dtype, `zeros` (share of values that mean zero), `codes` (distinct
        values), `codes_per_channel_max` (the most in one channel) and `scales` (how many).

    Raises:
        BadInput: not a readable .tflite file.
    """
    graph = read_graph(tflite)
    if sum(tensor.size for tensor, _ in _constants(graph)) > MAX_VALUES:
        raise BadInput(f"The model names more than {MAX_VALUES} constants, some of them many times.")
    return {
        "operators": [operator.name for operator in graph.operators],
        "tflite_bytes": len(tflite),
        "gzip_bytes": len(gzip.compress(tflite, mtime=0)),
        "tensors": [_row(tensor, name) for tensor, name in _constants(graph)],
    }


def _constants(graph: Graph) -> list[tuple[Tensor, str]]:
    readers: dict[int, str] = {}
    for operator in graph.operators:
        for index in operator.inputs:
            readers.setdefault(index, operator.name)
    return [
        (tensor, readers[tensor.index])
        for tensor in graph.tensors
        if tensor.data is not None and tensor.size and tensor.index in readers
    ]


def _row(tensor: Tensor, operator: str) -> dict[str, Any]:
    assert tensor.data is not None
    channels = _by_channel(tensor, tensor.data)
    return {
        "name": tensor.name,
        "operator": operator,
        "shape": list(tensor.shape),
        "dtype": tensor.dtype,
        "zeros": round(float(np.mean(channels == _zero_codes(tensor))), 6),
        "codes": len(np.unique(tensor.data)),
        "codes_per_channel_max": max(len(np.unique(channel)) for channel in channels),
        "scales": len(tensor.scales),
    }


def _by_channel(tensor: Tensor, data: NDArray[Any]) -> NDArray[Any]:
    """Return values as (channels, values a channel); one channel where the scale is one."""
    if len(tensor.scales) < 2:
        return data.reshape(1, -1)
    return np.moveaxis(data, tensor.channel_axis, 0).reshape(len(tensor.scales), -1)


def _zero_codes(tensor: Tensor) -> NDArray[np.int64]:
    if not len(tensor.zero_points):
        return np.zeros((1, 1), np.int64)
    return tensor.zero_points.reshape(-1, 1)
