"""Weight clustering: each kernel keeps few distinct values, which train together."""

from collections.abc import Collection
from typing import Any

import numpy as np

from lab.errors import BadInput
from lab.learn import fitting, keras2
from lab.learn.examples import Examples, class_weights
from lab.learn.schedule import Schedule
from lab.optimize.techniques.kernels import Kept, kernels, shrinkable
from lab.optimize.techniques.toolkit import fresh, toolkit
from lab.progress import OnEpoch, OnProgress, ignore, ignore_epoch

INITS = ("kmeans++", "linear", "density", "random")
LEAST, MOST = 2, 256
ENUM = {"kmeans++": "KMEANS_PLUS_PLUS", "linear": "LINEAR", "density": "DENSITY_BASED", "random": "RANDOM"}


def cluster(
    model: Any,
    train: Examples,
    validate: Examples,
    clusters: int,
    schedule: Schedule,
    init: str = "kmeans++",
    kept: Kept | None = None,
    excluded: Collection[str] = (),
    seed: int = 0,
    on_epoch: OnEpoch = ignore_epoch,
    on_progress: OnProgress = ignore,
) -> Any:
    """Return a copy of a model in which every kernel has few distinct values.

    Args:
        model: a trained float model; it stays as it is.
        train, validate: examples.
        clusters: distinct values in a kernel, zero among them.
        schedule: how to train.
        init: where centroids begin: "kmeans++", "linear", "density" or "random".
        kept: zeros of pruning to keep; clustering after pruning always keeps them.
        excluded: layers to leave as they are, besides those that cannot be clustered.
        seed: of the order of examples.
        on_epoch, on_progress: called after each epoch.

    Returns:
        Plain Keras model, without the toolkit's wrappers.

    Raises:
        BadInput: an impossible number of clusters, more than any kernel has weights, or no layer to cluster.
    """
    names = shrinkable(model, excluded)
    chosen = _chosen(model, names, clusters, init)
    kit = toolkit().clustering.keras
    from tensorflow_model_optimization.python.core.clustering.keras.experimental import cluster as experimental

    zeros = kept is not None and kept.zeros
    how = {
        "number_of_clusters": clusters, "preserve_sparsity": zeros,
        "cluster_centroids_init": getattr(kit.CentroidInitialization, ENUM[init]),
    }  # fmt: skip
    with keras2.quiet():
        marked = keras2.keras().models.clone_model(model, clone_function=fresh)
        marked.set_weights(model.get_weights())
        marked = keras2.keras().models.clone_model(
            marked,
            clone_function=lambda layer: experimental.cluster_weights(layer, **how) if layer.name in chosen else layer,
        )
    keras2.reseed(seed)
    weights = class_weights(train.classes, max(2, model.output_shape[-1]))
    before = kernels(model, names)
    fitting.fit(marked, train, validate, schedule, weights, seed, on_epoch, on_progress)
    with keras2.quiet():
        stripped = kit.strip_clustering(marked)
    for layer in stripped.layers:
        if layer.name in names and zeros:
            _keep_zeros(layer, before[layer.name] == 0)
    return stripped


def _chosen(model: Any, names: Collection[str], clusters: int, init: str) -> list[str]:
    """Return the layers that clustering changes; one with no more values than clusters is clustered as it is.

    Raises:
        BadInput: as `cluster`.
    """
    if init not in INITS:
        raise BadInput(f"There is no centroid initialisation {init!r}; there are {', '.join(INITS)}.")
    if not LEAST <= clusters <= MOST:
        raise BadInput(f"{clusters} clusters cannot be; choose {LEAST} to {MOST}.")
    if not names:
        raise BadInput(
            "This model has no layer that can be clustered: a convolution or dense layer that is not excluded."
        )
    counts = {name: len(np.unique(values)) for name, values in kernels(model, names).items()}
    if max(counts.values()) <= clusters:
        raise BadInput(
            f"No kernel has more than {max(counts.values())} weights; ask for fewer than {clusters} clusters."
        )
    return [name for name, count in counts.items() if count > clusters]


def _keep_zeros(layer: Any, zero: np.ndarray[Any, np.dtype[np.bool_]]) -> None:
    """Make sure pruned weights are zero."""
    values = layer.kernel.numpy()
    values[zero] = 0
    layer.kernel.assign(values)
