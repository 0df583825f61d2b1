"""One stage of fitting a Keras model to examples."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import LabError
from lab.learn import keras2
from lab.learn.examples import Draws, Examples
from lab.learn.schedule import Schedule
from lab.progress import OnEpoch, OnProgress, ignore, ignore_epoch

PREDICT_BATCH = 512
Row = dict[str, Any]


def fit(
    model: Any,
    train: Examples,
    validate: Examples,
    schedule: Schedule,
    weights: dict[int, float] | None = None,
    seed: int = 0,
    on_epoch: OnEpoch = ignore_epoch,
    on_progress: OnProgress = ignore,
    callbacks: Sequence[Any] = (),
    draws: Draws | None = None,
) -> list[Row]:
    """Train a model and leave the best weights in it.

    Best is the least validation loss if the schedule has patience and there
    is something to validate on; else the last epoch's. A sigmoid model
    learns that class 0 is "yes".

    Args:
        model: Keras model with a softmax or one sigmoid.
        train, validate: examples; validate may be empty.
        schedule: how.
        weights: of each class's examples.
        seed: of their order.
        on_epoch: called with epoch, stage, loss, accuracy and val_…; may raise to stop.
        on_progress: called after each epoch.
        callbacks: more Keras callbacks, called first.
        draws: gives each epoch its examples, instead of train; as many of them as train has.

    Returns:
        What on_epoch saw, one row an epoch.
    """
    keras = keras2.keras()
    single = model.output_shape[-1] == 1
    optimizer = keras.optimizers.legacy.Adam(_rate(train, schedule))
    loss = "binary_crossentropy" if single else "sparse_categorical_crossentropy"
    rows: list[Row] = []
    with keras2.quiet(), _own_errors(draws) as watched:
        model.compile(optimizer, loss, metrics=["accuracy"])
        if watched is None:
            data = batches(train, schedule.batch, single, weights, seed)
        else:
            data = fresh_batches(watched, train, schedule.batch, single, weights, seed)
        model.fit(
            data,
            validation_data=batches(validate, PREDICT_BATCH, single) if len(validate) else None,
            epochs=schedule.epochs,
            verbose=0,
            callbacks=[*callbacks, *_callbacks(schedule, bool(len(validate)), rows, on_epoch, on_progress)],
        )
    return rows


@contextmanager
def _own_errors(draws: Draws | None) -> Iterator[Draws | None]:
    """Let what a draw raises leave as it is: TensorFlow makes an error of its own of it."""
    raised: list[LabError] = []

    def watched(epoch: int) -> Examples:
        assert draws is not None
        try:
            return draws(epoch)
        except LabError as error:
            raised.append(error)
            raise

    try:
        yield None if draws is None else watched
    except Exception:
        if raised:
            raise raised[0] from None
        raise


def _rate(train: Examples, schedule: Schedule) -> Any:
    if not schedule.cosine:
        return schedule.rate
    steps = schedule.epochs * -(-len(train) // schedule.batch)
    return keras2.keras().optimizers.schedules.CosineDecay(schedule.rate, steps)


def batches(
    examples: Examples, size: int, single: bool, weights: dict[int, float] | None = None, seed: int | None = None
) -> Any:
    """Return a tf.data.Dataset of (inputs, targets, weights), shuffled anew each epoch if there is a seed.

    Windows stay as they are in memory until their batch is due.
    """
    tf = keras2.tensorflow()
    targets = (examples.classes == 0).astype(np.float32)[:, None] if single else examples.classes
    table = np.ones(int(examples.classes.max(initial=0)) + 1, np.float32)
    for index, weight in (weights or {}).items():
        if index < len(table):
            table[index] = weight
    windows, answers, each = (tf.constant(part) for part in (examples.windows, targets, table[examples.classes]))
    divisor = 128.0 if examples.windows.dtype == np.int8 else 1.0

    def batch(chosen: Any) -> Any:
        inputs = tf.cast(tf.gather(windows, chosen), tf.float32) / divisor
        return (
            inputs[..., None] if windows.shape.rank == 3 else inputs,
            tf.gather(answers, chosen),
            tf.gather(each, chosen),
        )

    order = tf.data.Dataset.range(len(examples))
    if seed is not None:
        order = order.shuffle(len(examples), seed=seed, reshuffle_each_iteration=True)
    return order.batch(size).map(batch).prefetch(2)


def fresh_batches(
    draws: Draws, like: Examples, size: int, single: bool, weights: dict[int, float] | None = None, seed: int = 0
) -> Any:
    """Return a tf.data.Dataset as `batches` does, of other examples each time it is gone through.

    Args:
        draws: gives each round its examples.
        like: each round has as many examples, of one shape: what is too many is left out at random, what is too
            few comes twice.
        size: examples a batch.
        single: class 0 is "yes".
        weights: of each class's examples.
        seed: of their order.
    """
    tf = keras2.tensorflow()
    rounds, count = itertools.count(), len(like)
    table = weights or {}

    def one_round() -> Iterator[tuple[NDArray[np.float32], NDArray[Any], NDArray[np.float32]]]:
        number = next(rounds)
        examples = draws(number)
        order = np.resize(np.random.default_rng([seed, number]).permutation(len(examples)), count)
        for start in range(0, count, size):
            part = examples.take(order[start : start + size])
            each = np.asarray([table.get(int(index), 1.0) for index in part.classes], np.float32)
            targets = (part.classes == 0).astype(np.float32)[:, None] if single else part.classes
            yield part.inputs(), targets, each

    shape = like.take(np.arange(1)).inputs().shape[1:]
    signature = (
        tf.TensorSpec((None, *shape), tf.float32),
        tf.TensorSpec((None, 1), tf.float32) if single else tf.TensorSpec((None,), tf.int64),
        tf.TensorSpec((None,), tf.float32),
    )
    return tf.data.Dataset.from_generator(one_round, output_signature=signature).prefetch(2)


def _callbacks(
    schedule: Schedule, validates: bool, rows: list[Row], on_epoch: OnEpoch, on_progress: OnProgress
) -> list[Any]:
    callbacks = keras2.keras().callbacks

    def told(epoch: int, logs: dict[str, float] | None) -> None:
        row: Row = {"epoch": epoch + 1, "stage": schedule.stage}
        row |= {name: float(value) for name, value in (logs or {}).items() if name != "lr"}
        rows.append(row)
        on_epoch(row)
        on_progress(epoch + 1, schedule.epochs, f"{schedule.stage}: epoch {epoch + 1}")

    made: list[Any] = [callbacks.LambdaCallback(on_epoch_end=told)]
    if schedule.decay_after and not schedule.cosine:
        made.append(callbacks.LearningRateScheduler(schedule.decayed))
    if schedule.patience and validates:
        made.append(callbacks.EarlyStopping("val_loss", patience=schedule.patience, restore_best_weights=True))
    return made


def predict(model: Any, examples: Examples) -> NDArray[np.float32]:
    """Return the model's outputs, float32, shape (n, classes)."""
    parts = [model(part, training=False).numpy() for part in _inputs(examples)]
    return np.concatenate(parts) if parts else np.zeros((0, model.output_shape[-1]), np.float32)


def _inputs(examples: Examples) -> Iterable[NDArray[np.float32]]:
    for start in range(0, len(examples), PREDICT_BATCH):
        yield examples.take(np.arange(start, min(len(examples), start + PREDICT_BATCH))).inputs()
