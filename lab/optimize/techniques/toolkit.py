"""The toolkit, imported late and in the right order."""

import os
from typing import Any

from lab.learn import keras2


def toolkit() -> Any:
    """Return the tensorflow_model_optimization module."""
    keras2.tensorflow()
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    with keras2.quiet():
        import tensorflow_model_optimization as tfmot

    return tfmot


def fresh(layer: Any) -> Any:
    """Return a new layer like another one, without its weights."""
    return layer.__class__.from_config(layer.get_config())
