"""Quantization-aware training: the one module that uses the TensorFlow Model Optimization toolkit."""

import os
from typing import Any

import numpy as np

from lab.learn import fitting, keras2
from lab.learn.examples import Examples, class_weights
from lab.learn.schedule import Schedule
from lab.progress import OnEpoch, OnProgress, ignore, ignore_epoch

ONE_EPOCH = Schedule("QAT", epochs=1, rate=1e-4)
"""The article's."""
QUANTIZED = ("Conv2D", "DepthwiseConv2D", "Dense", "MaxPooling2D", "AveragePooling2D", "Flatten", "Dropout")
CODE_RANGE = (-1.0, 127 / 128)


def qat(
    model: Any,
    train: Examples,
    validate: Examples,
    schedule: Schedule = ONE_EPOCH,
    seed: int = 0,
    on_epoch: OnEpoch = ignore_epoch,
    on_progress: OnProgress = ignore,
) -> Any:
    """Return a copy of a model, trained on with int8 rounding in its forward pass.

    Preprocessing layers (Resizing, Normalization) stay as they are in the
    same model: the toolkit rejects the one, and a core split off from them
    would be quantized with a wrong scale.

    Args:
        model: a trained float model; it stays as it is.
        train, validate: what to train on, the person's own recordings included.
        schedule: one epoch at 1e-4 by default.
        seed: of the order of examples.
        on_epoch, on_progress: called after each epoch.

    Returns:
        Keras model for `lab.deploy.convert.to_int8_tflite`.
    """
    with keras2.quiet():
        quantized = _annotated(model)
    if train.windows.dtype == np.int8:
        _pin_input(quantized)
    weights = class_weights(train.classes, max(2, model.output_shape[-1]))
    fitting.fit(quantized, train, validate, schedule, weights, seed, on_epoch, on_progress)
    return quantized


def _annotated(model: Any) -> Any:
    keras = keras2.keras()
    toolkit = _toolkit()
    marked = keras.models.clone_model(
        model,
        clone_function=lambda layer: (
            toolkit.quantize_annotate_layer(_fresh(layer)) if type(layer).__name__ in QUANTIZED else _fresh(layer)
        ),
    )
    marked.set_weights(model.get_weights())
    return toolkit.quantize_apply(marked)


def _fresh(layer: Any) -> Any:
    return layer.__class__.from_config(layer.get_config())


def _toolkit() -> Any:
    keras2.tensorflow()
    os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")
    import tensorflow_model_optimization as tfmot

    return tfmot.quantization.keras


def _pin_input(quantized: Any) -> None:
    """Give the input exactly the range of codes, so that its scale is 1/128 and its zero point 0."""
    for layer in quantized.layers:
        if type(layer).__name__ == "QuantizeLayer":
            for variable in layer.weights:
                for bound, value in zip(("min", "max"), CODE_RANGE, strict=True):
                    if bound in variable.name.rsplit("/", 1)[-1]:
                        variable.assign(value)
            return
