"""DS-CNN, the keyword networks of Arm in three sizes, on 49 × 10 coefficients.

One convolution, then depthwise and pointwise ones, each with batch
normalization and ReLU; one average; one dense layer. Source of the shapes:
"Hello Edge" (arXiv 1711.07128), table of DS-CNN S, M and L.
"""

from dataclasses import dataclass
from typing import Any

from lab.learn import keras2
from lab.learn.models import HEAD
from lab.sound.features.mfcc import SHAPE

KERNEL = (10, 4)


@dataclass(frozen=True, slots=True)
class DsCnn:
    """One size.

    Attributes:
        filters: of every convolution.
        blocks: pairs of depthwise and pointwise convolutions.
        stride: of the first convolution.
        block_stride: of the first depthwise convolution.
    """

    filters: int
    blocks: int
    stride: tuple[int, int]
    block_stride: tuple[int, int]


MOMENTUM = 0.9
"""Of batch normalization: a few thousand clips are too few steps an epoch for the usual 0.99 to settle."""

SIZES = {
    "ds_cnn_s": DsCnn(64, 4, (2, 2), (1, 1)),
    "ds_cnn_m": DsCnn(172, 4, (2, 1), (2, 2)),
    "ds_cnn_l": DsCnn(276, 5, (2, 1), (2, 2)),
}


def build_ds_cnn(size: DsCnn, classes: int, dropout: float = 0.2) -> Any:
    """Return an untrained Keras model of windows (49, 10, 1), with a softmax.

    Args:
        size: one of SIZES, or your own.
        classes: outputs.
        dropout: share left out before the last layer.
    """
    layers = keras2.keras().layers
    inputs = keras2.keras().Input((*SHAPE, 1), name="window")
    x = layers.Conv2D(size.filters, KERNEL, strides=size.stride, padding="same", use_bias=False, name="conv")(inputs)
    x = _normalized(x, "conv", layers)
    for index in range(1, size.blocks + 1):
        stride = size.block_stride if index == 1 else (1, 1)
        name = f"depthwise{index}"
        x = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False, name=name)(x)
        x = _normalized(x, name, layers)
        name = f"pointwise{index}"
        x = _normalized(layers.Conv2D(size.filters, 1, use_bias=False, name=name)(x), name, layers)
    x = layers.Dropout(dropout, name="dropout")(x)
    x = layers.AveragePooling2D(tuple(x.shape[1:3]), name="average")(x)
    x = layers.Flatten(name="flatten")(x)
    return keras2.keras().Model(inputs, layers.Dense(classes, activation="softmax", name=HEAD)(x))


def _normalized(x: Any, name: str, layers: Any) -> Any:
    return layers.ReLU(name=f"{name}_relu")(layers.BatchNormalization(momentum=MOMENTUM, name=f"{name}_norm")(x))
