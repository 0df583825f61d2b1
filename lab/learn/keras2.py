"""The one door to TensorFlow: Keras 2, quiet, seeded, with few threads.

TensorFlow takes seconds to import, so it is imported when first asked for,
and only in workers and on the command line. Its optimization toolkit needs
Keras 2, which is `tf_keras`, chosen by an environment variable that must be
set before TensorFlow is imported.
"""

import logging
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

THREADS = 2
_ENVIRONMENT = {"TF_USE_LEGACY_KERAS": "1", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "-1"}


@cache
def tensorflow() -> Any:
    """Return the tensorflow module, set up: no GPU, THREADS threads, the same results for the same seed."""
    os.environ.update({name: os.environ.get(name, value) for name, value in _ENVIRONMENT.items()})
    with quiet():
        import tensorflow as tf
    tf.get_logger().setLevel(logging.ERROR)
    try:
        tf.config.threading.set_intra_op_parallelism_threads(THREADS)
        tf.config.threading.set_inter_op_parallelism_threads(THREADS)
    except RuntimeError:  # somebody in this process has used TensorFlow already
        logging.getLogger(__name__).info("tensorflow already_initialized=true")
    tf.config.experimental.enable_op_determinism()
    return tf


@cache
def keras() -> Any:
    """Return the tf_keras module: Keras 2."""
    tensorflow()
    with quiet():
        import tf_keras
    return tf_keras


def seed(value: int) -> None:
    """Seed Python, NumPy and TensorFlow, and forget earlier models."""
    keras().backend.clear_session()
    reseed(value)


def reseed(value: int) -> None:
    """Seed Python, NumPy and TensorFlow; models that were made stay good."""
    keras().utils.set_random_seed(value % 2**32)


@contextmanager
def quiet() -> Iterator[None]:
    """Silence warnings and logs of TensorFlow and its toolkit, which a person cannot act on."""
    logger = logging.getLogger("absl")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
