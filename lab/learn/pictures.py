"""MobileNetV1 on 32 × 32 pictures: the image network of the collaborative optimization article.

Strides are those of the small-picture variant: the first two that halve are
left out, so that 32 × 32 shrink to 4 × 4 and not to 1 × 1. Source of the
blocks: arXiv 1704.04861.
"""

from typing import Any

from lab.errors import BadInput
from lab.learn import keras2
from lab.learn.models import HEAD

SHAPE = (32, 32, 3)
BLOCKS = ((64, 1), (128, 1), (128, 1), (256, 2), (256, 1), (512, 2), *((512, 1),) * 5, (1_024, 2), (1_024, 1))
"""Filters at α = 1 and stride of each depthwise and pointwise pair."""
FIRST = 32
ALPHAS = (0.25, 1.0)
"""Least and greatest width."""


def build_mobilenet(alpha: float, classes: int, dropout: float = 0.1) -> Any:
    """Return an untrained Keras model of pictures (32, 32, 3) from -1 to 1, with a softmax.

    Args:
        alpha: width, 0.25 to 1: share of the filters of each layer.
        classes: outputs.
        dropout: share left out before the last layer.

    Raises:
        BadInput: another width.
    """
    if not ALPHAS[0] <= alpha <= ALPHAS[1]:
        raise BadInput(f"MobileNetV1 comes in widths of {ALPHAS[0]:g} to {ALPHAS[1]:g}; it got {alpha:g}.")
    layers = keras2.keras().layers
    inputs = keras2.keras().Input(SHAPE, name="picture")
    x = layers.Conv2D(int(FIRST * alpha), 3, padding="same", use_bias=False, name="conv")(inputs)
    x = _normalized(x, "conv", layers)
    for index, (filters, stride) in enumerate(BLOCKS, start=1):
        name = f"depthwise{index}"
        x = layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False, name=name)(x)
        x = _normalized(x, name, layers)
        name = f"pointwise{index}"
        x = _normalized(layers.Conv2D(int(filters * alpha), 1, use_bias=False, name=name)(x), name, layers)
    x = layers.AveragePooling2D(tuple(x.shape[1:3]), name="average")(x)
    x = layers.Flatten(name="flatten")(x)
    x = layers.Dropout(dropout, name="dropout")(x)
    return keras2.keras().Model(inputs, layers.Dense(classes, activation="softmax", name=HEAD)(x))


def _normalized(x: Any, name: str, layers: Any) -> Any:
    return layers.ReLU(name=f"{name}_relu")(layers.BatchNormalization(name=f"{name}_norm")(x))
