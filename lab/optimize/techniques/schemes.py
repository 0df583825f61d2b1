"""Quantization schemes that keep zeros and clusters, with what the toolkit gets wrong about them mended.

Mended here, each with a test in tests/lab/optimize:

- Layers without weights, such as Normalization, pass the collaborative registries' `supports` and then have no
  configuration: only what the plain 8-bit registry knows is supported.
- One weight quantizer serves all layers, and a layer without zeros switches sparsity off for every later one: each
  layer gets its own.
- Clusters are taken as one set a channel wherever channels happen to have about equally many: they are one set a
  kernel, as clustering made them, always.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lab.optimize.techniques.kernels import Kept
from lab.optimize.techniques.toolkit import toolkit


def scheme_for(kept: Kept) -> Any:
    """Return the quantization scheme that keeps zeros, clusters or both.

    Args:
        kept: what; `anything` must hold.
    """
    toolkit()
    if kept.clusters:
        from tensorflow_model_optimization.python.core.quantization.keras.collab_opts.cluster_preserve import (
            cluster_preserve_quantize_registry as registry,
        )
        from tensorflow_model_optimization.python.core.quantization.keras.collab_opts.cluster_preserve import (
            default_8bit_cluster_preserve_quantize_scheme as scheme,
        )

        base = scheme.Default8BitClusterPreserveQuantizeScheme
        return _scheme(base, lambda: registry.Default8bitClusterPreserveQuantizeRegistry(kept.zeros), kept)
    from tensorflow_model_optimization.python.core.quantization.keras.collab_opts.prune_preserve import (
        default_8bit_prune_preserve_quantize_scheme as scheme,
    )
    from tensorflow_model_optimization.python.core.quantization.keras.collab_opts.prune_preserve import (
        prune_preserve_quantize_registry as registry,
    )

    base = scheme.Default8BitPrunePreserveQuantizeScheme
    return _scheme(base, registry.Default8bitPrunePreserveQuantizeRegistry, kept)


def _scheme(base: Any, new_registry: Any, kept: Kept) -> Any:
    class Keeping(base):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()

        def get_quantize_registry(self) -> Any:
            return _Registry(new_registry, kept)

    return Keeping()


class _Registry:
    """The plain 8-bit registry for most layers, the keeping one for those that were pruned or clustered."""

    def __init__(self, new_registry: Any, kept: Kept) -> None:
        from tensorflow_model_optimization.python.core.quantization.keras.default_8bit import (
            default_8bit_quantize_registry as plain,
        )

        self._plain = plain.Default8BitQuantizeRegistry()
        self._new = new_registry
        self._kept = kept

    def supports(self, layer: Any) -> bool:
        return bool(self._plain.supports(layer))

    def get_quantize_config(self, layer: Any) -> Any:
        if layer.name in self._kept.layers:
            return self._new().get_quantize_config(layer)
        return self._plain.get_quantize_config(layer)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plain, name)


@contextmanager
def one_set_a_kernel() -> Iterator[None]:
    """While a model is being wrapped, take each kernel's clusters as one set."""
    from tensorflow_model_optimization.python.core.quantization.keras.collab_opts.cluster_preserve import (
        cluster_preserve_quantize_registry as registry,
    )

    from lab.learn import keras2

    tf = keras2.tensorflow()
    theirs = registry.get_centroids

    def centroids(_layer: Any, weight: Any, _data_format: Any) -> tuple[Any, Any, Any, bool]:
        values, index = registry.get_unique(weight)
        return values, tf.size(values), index, False

    registry.get_centroids = centroids
    try:
        yield
    finally:
        registry.get_centroids = theirs
