"""Pruning, clustering and quantization-aware training: the one room that uses the model optimization toolkit.

Each technique takes a plain Keras model and gives a plain Keras model (QAT: one that only
`lab.deploy.convert` reads), and keeps what the steps before it made. Where the toolkit loses it,
the loss is mended here, and a test says which.
"""

from lab.optimize.techniques.clustering import cluster
from lab.optimize.techniques.kernels import Kept, kernels, shrinkable
from lab.optimize.techniques.pruning import prune
from lab.optimize.techniques.quantizing import ONE_EPOCH, qat

__all__ = ["ONE_EPOCH", "Kept", "cluster", "kernels", "prune", "qat", "shrinkable"]
