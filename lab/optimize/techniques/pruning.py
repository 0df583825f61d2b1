"""Pruning by magnitude while training: the smallest weights become zero."""

from collections.abc import Collection
from typing import Any, Literal

import numpy as np

from lab.errors import BadInput
from lab.learn import fitting, keras2
from lab.learn.examples import Examples, class_weights
from lab.learn.schedule import Schedule
from lab.optimize.techniques.kernels import kernels, shrinkable
from lab.optimize.techniques.toolkit import fresh, toolkit
from lab.progress import OnEpoch, OnProgress, ignore, ignore_epoch

Ramp = Literal["polynomial", "constant"]
RAMP_SHARE = 0.6
"""Part of the steps in which the polynomial schedule reaches its sparsity; the rest repairs."""
FREQUENCY = 20
"""At most so many steps between two prunings."""


def prune(
    model: Any,
    train: Examples,
    validate: Examples,
    sparsity: float,
    schedule: Schedule,
    ramp: Ramp = "polynomial",
    excluded: Collection[str] = (),
    seed: int = 0,
    on_epoch: OnEpoch = ignore_epoch,
    on_progress: OnProgress = ignore,
) -> Any:
    """Return a copy of a model in which a share of each kernel's weights is zero.

    Args:
        model: a trained float model; it stays as it is.
        train, validate: examples.
        sparsity: share of zeros wanted in every kernel, over 0 and under 1.
        schedule: how to train; without patience, because the best epoch may come before the last zero.
        ramp: "polynomial" grows the share from 0; "constant" has it from the first step.
        excluded: layers to leave as they are, besides those that cannot be pruned.
        seed: of the order of examples.
        on_epoch, on_progress: called after each epoch.

    Returns:
        Plain Keras model, without the toolkit's wrappers.

    Raises:
        BadInput: an impossible share, or no layer that can be pruned.
    """
    if not 0 < sparsity < 1:
        raise BadInput(f"A sparsity of {sparsity:g} cannot be; choose a share over 0 and under 1, such as 0.5.")
    names = shrinkable(model, excluded)
    if not names:
        raise BadInput("This model has no layer that can be pruned: a convolution or dense layer that is not excluded.")
    kit = toolkit().sparsity.keras
    steps = schedule.epochs * -(-len(train) // schedule.batch)
    how = _ramp(kit, ramp, sparsity, steps)
    with keras2.quiet():
        marked = keras2.keras().models.clone_model(
            model,
            clone_function=lambda layer: (
                kit.prune_low_magnitude(fresh(layer), pruning_schedule=how) if layer.name in names else fresh(layer)
            ),
        )
        _copy_weights(model, marked)
    keras2.reseed(seed)
    weights = class_weights(train.classes, max(2, model.output_shape[-1]))
    fitting.fit(marked, train, validate, schedule, weights, seed, on_epoch, on_progress, [kit.UpdatePruningStep()])
    with keras2.quiet():
        stripped = kit.strip_pruning(marked)
    _finish(stripped, names, sparsity)
    return stripped


def _ramp(kit: Any, ramp: Ramp, sparsity: float, steps: int) -> Any:
    frequency = max(1, min(FREQUENCY, steps // 10))
    if ramp == "constant":
        return kit.ConstantSparsity(sparsity, begin_step=0, frequency=frequency)
    # The toolkit prunes only at multiples of the frequency: an end between two would leave the last share out.
    end = max(frequency, int(steps * RAMP_SHARE) // frequency * frequency)
    return kit.PolynomialDecay(0.0, sparsity, 0, end, frequency=frequency)


def _copy_weights(source: Any, wrapped: Any) -> None:
    """Copy weights into a model of which some layers are wrapped."""
    for old, new in zip(source.layers, wrapped.layers, strict=True):
        inner = new.layer if hasattr(new, "layer") else new
        inner.set_weights(old.get_weights())


def _finish(model: Any, names: Collection[str], sparsity: float) -> None:
    """Give every kernel its whole share of zeros: the toolkit rounds down, and a short run may end before its ramp."""
    for layer in model.layers:
        if layer.name not in names:
            continue
        values = kernels(model, (layer.name,))[layer.name]
        need = int(np.ceil(sparsity * values.size - 1e-9))
        if np.count_nonzero(values == 0) < need:
            order = np.argsort(np.abs(values), axis=None, kind="stable")
            values.flat[order[:need]] = 0
            layer.kernel.assign(values)
