"""Models that the device bench measures: shapes that count, weights by chance, nothing trained."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.deploy.convert import to_int8_tflite
from lab.learn import keras2
from lab.learn.models import ARTICLE, build
from lab.sound.features.spec import DEFAULT, PUBLISHED

CLUSTERS = 8
SPARSITY = 0.5
SAMPLES = 32


@dataclass(frozen=True, slots=True)
class BenchModels:
    """int8 .tflite files.

    Attributes:
        published: the article's network on the article's features.
        published_pcqat: the same, half of its convolution's weights zero, the others of few values.
        small: the article's network on default features.
        ds_cnn_s: the small keyword network, or None where this build has none.
    """

    published: bytes
    published_pcqat: bytes
    small: bytes
    ds_cnn_s: bytes | None


def bench_models() -> BenchModels:
    """Return the models; needs TensorFlow."""
    keras2.seed(0)
    rng = np.random.default_rng(0)
    magnitudes = np.abs(rng.normal(0, 2, (SAMPLES, *PUBLISHED.shape, 1))).astype(np.float32)
    codes = (rng.integers(-128, 128, (SAMPLES, *DEFAULT.shape, 1)) / 128).astype(np.float32)
    article = build(ARTICLE, PUBLISHED, 1)
    plain = to_int8_tflite(article, magnitudes)
    _prune_and_cluster(article.get_layer("conv"))
    return BenchModels(
        plain,
        to_int8_tflite(article, magnitudes),
        to_int8_tflite(build(ARTICLE, DEFAULT, 1), codes, DEFAULT),
        _ds_cnn(rng),
    )


def _prune_and_cluster(layer: Any) -> None:
    """Set the least half of a layer's weights to 0 and the others to the middles of 7 equal groups."""
    weights, bias = layer.get_weights()
    order = np.argsort(np.abs(weights), axis=None)
    flat: NDArray[np.float32] = weights.ravel().copy()
    flat[order[: int(SPARSITY * flat.size)]] = 0
    kept = np.flatnonzero(flat)
    for group in np.array_split(kept[np.argsort(flat[kept])], CLUSTERS - 1):
        flat[group] = flat[group].mean()
    layer.set_weights([flat.reshape(weights.shape), bias])


def _ds_cnn(rng: np.random.Generator) -> bytes | None:
    try:
        from lab.learn.keywords import SIZES, build_ds_cnn
    except ImportError:
        return None
    model = build_ds_cnn(SIZES["ds_cnn_s"], 12)
    sample = rng.normal(0, 1, (SAMPLES, *model.input_shape[1:])).astype(np.float32)
    return to_int8_tflite(model, sample)
