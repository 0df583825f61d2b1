"""Quantization-aware training, which keeps what pruning and clustering made."""

from typing import Any

import numpy as np

from lab.learn import fitting, keras2
from lab.learn.examples import Examples, class_weights
from lab.learn.schedule import Schedule
from lab.optimize.techniques.kernels import Kept, kernels, snapped
from lab.optimize.techniques.schemes import one_set_a_kernel, scheme_for
from lab.optimize.techniques.toolkit import fresh, toolkit
from lab.progress import OnEpoch, OnProgress, ignore, ignore_epoch

ONE_EPOCH = Schedule("QAT", epochs=1, rate=1e-4)
"""The article's."""
QUANTIZED = (
    "Conv2D", "DepthwiseConv2D", "Dense", "MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D",
    "BatchNormalization", "ReLU", "Activation", "Softmax", "Add", "ZeroPadding2D", "Reshape", "Flatten", "Dropout",
)  # fmt: skip
CODE_RANGE = (-1.0, 127 / 128)


def qat(
    model: Any,
    train: Examples,
    validate: Examples,
    schedule: Schedule = ONE_EPOCH,
    seed: int = 0,
    on_epoch: OnEpoch = ignore_epoch,
    on_progress: OnProgress = ignore,
    kept: Kept | None = None,
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
        kept: zeros and clusters of earlier steps that the training must keep; none is plain QAT.

    Returns:
        Keras model for `lab.deploy.convert.to_int8_tflite`.
    """
    kept = kept or Kept()
    before = kernels(model, kept.layers)
    with keras2.quiet(), one_set_a_kernel():
        quantized = _annotated(model, kept)
    if train.windows.dtype == np.int8:
        _pin_input(quantized)
    keras2.reseed(seed)
    weights = class_weights(train.classes, max(2, model.output_shape[-1]))
    fitting.fit(quantized, train, validate, schedule, weights, seed, on_epoch, on_progress)
    _keep(quantized, before, kept)
    return quantized


def _annotated(model: Any, kept: Kept) -> Any:
    keras = keras2.keras()
    kit = toolkit().quantization.keras
    marked = keras.models.clone_model(
        model,
        clone_function=lambda layer: (
            kit.quantize_annotate_layer(fresh(layer)) if type(layer).__name__ in QUANTIZED else fresh(layer)
        ),
    )
    marked.set_weights(model.get_weights())
    return kit.quantize_apply(marked, scheme_for(kept)) if kept.anything else kit.quantize_apply(marked)


def _keep(quantized: Any, before: dict[str, Any], kept: Kept) -> None:
    """Put every kernel exactly on its zeros and clusters: the optimizer's last step comes after the last rounding."""
    for layer in quantized.layers:
        name = layer.name.removeprefix("quant_")
        if name in before:
            # Inside the wrapper `layer.kernel` is the rounded tensor; the variable is among the weights.
            parts = {each.name.rsplit("/", 1)[-1].split(":")[0]: each for each in layer.weights}
            parts["kernel"].assign(snapped(parts["kernel"].numpy(), before[name], kept))
            if kept.anything:
                _share_range(parts)


def _share_range(parts: dict[str, Any]) -> None:
    """Round all channels of a pruned or clustered kernel in one range.

    Ranges of their own, which the training uses, turn a kernel's few values into other codes in each channel that
    lacks the greatest value, and spread the weights that pruning left over more codes than the kernel needs: gzip finds
    fewer, and accuracy does not fall.
    """
    bound = float(np.abs(parts["kernel"].numpy()).max())
    for name, value in (("kernel_min", -bound), ("kernel_max", bound)):
        parts[name].assign(np.full(parts[name].shape, value, np.float32))


def _pin_input(quantized: Any) -> None:
    """Give the input exactly the range of codes, so that its scale is 1/128 and its zero point 0."""
    for layer in quantized.layers:
        if type(layer).__name__ == "QuantizeLayer":
            for variable in layer.weights:
                for bound, value in zip(("min", "max"), CODE_RANGE, strict=True):
                    if bound in variable.name.rsplit("/", 1)[-1]:
                        variable.assign(value)
            return
