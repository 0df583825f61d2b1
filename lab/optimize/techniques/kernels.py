"""Which weights pruning and clustering work on, and what they left in them."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

SHRINKABLE = ("Conv2D", "Dense")
"""Layers with a kernel that all three techniques support. The toolkit neither clusters nor keeps depthwise kernels."""


def shrinkable(model: Any, excluded: Collection[str] = ()) -> list[str]:
    """Return the names of the layers that pruning and clustering work on.

    Args:
        model: Keras model.
        excluded: names of layers to leave as they are.
    """
    return [layer.name for layer in model.layers if type(layer).__name__ in SHRINKABLE and layer.name not in excluded]


def kernels(model: Any, names: Collection[str]) -> dict[str, NDArray[np.float32]]:
    """Return the kernel of each named layer, float32."""
    return {layer.name: layer.kernel.numpy() for layer in model.layers if layer.name in names}


@dataclass(frozen=True, slots=True)
class Kept:
    """What a later step must keep of earlier ones.

    Attributes:
        layers: names of the layers that were pruned or clustered.
        zeros: pruned weights stay zero.
        clusters: each kernel keeps no more distinct values than it has.
    """

    layers: tuple[str, ...] = ()
    zeros: bool = False
    clusters: bool = False

    @property
    def anything(self) -> bool:
        """Whether there is something to keep."""
        return bool(self.layers) and (self.zeros or self.clusters)


def snapped(values: NDArray[np.float32], before: NDArray[np.float32], kept: Kept) -> NDArray[np.float32]:
    """Return a kernel put back on what it must keep.

    Args:
        values: the kernel after a step.
        before: the same kernel before the step, whose zeros and clusters count.
        kept: which of both.

    Returns:
        float32 of the same shape: zero where `before` was, if zeros are kept; and, if clusters
        are kept and it has more values than before, each cluster's weights at their mean.
    """
    made = values.copy()
    if kept.clusters and len(np.unique(made)) > len(np.unique(before)):
        _, member = np.unique(before, return_inverse=True)
        member = member.reshape(-1)
        means = np.bincount(member, made.reshape(-1).astype(np.float64)) / np.bincount(member)
        made = means.astype(np.float32)[member].reshape(made.shape)
    if kept.zeros:
        made[before == 0] = 0
    return made
