"""From a Keras model to an int8 .tflite file."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.errors import BadInput, LabError
from lab.learn import keras2
from lab.sound.features.spec import FeatureSpec

REPRESENTATIVE = 200
CODE_SCALE = 1 / 128
"""Input scale of a model on codes: a window's int8 codes are its input, unchanged."""


def to_int8_tflite(model: Any, representative: NDArray[np.float32], spec: FeatureSpec | None = None) -> bytes:
    """Return the model as an int8 .tflite file, int8 in and out, batch of one.

    Args:
        model: Keras model, quantization-aware or not.
        representative: float32, shape (n, rows, bands, 1): what it will see.
        spec: of its features. For codes the input scale becomes exactly
            1/128 with zero point 0, so that codes go in as they are.

    Raises:
        BadInput: no representative inputs, or of another shape than the model's.
        LabError: TensorFlow Lite cannot convert it, or not with that scale.
    """
    if not len(representative) or representative.shape[1:] != tuple(model.input_shape[1:]):
        raise BadInput(f"Representative inputs are {representative.shape}; the model takes {model.input_shape}.")
    codes = spec is not None and spec.is_codes
    inputs = _spanning(representative) if codes else representative[:REPRESENTATIVE]
    data = _converted(model, inputs)
    if codes:
        _check_scale(data)
    return data


def _spanning(representative: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return inputs of which one holds both the least and the greatest code."""
    chosen = representative[:REPRESENTATIVE].copy()
    chosen[0].flat[0], chosen[0].flat[-1] = -1.0, 127 * CODE_SCALE
    return chosen


def _converted(model: Any, inputs: NDArray[np.float32]) -> bytes:
    tf = keras2.tensorflow()
    # A batch left open would add SHAPE, STRIDED_SLICE and PACK to the graph.
    signature = tf.TensorSpec((1, *model.input_shape[1:]), tf.float32)
    with keras2.quiet():
        concrete = tf.function(lambda x: model(x, training=False)).get_concrete_function(signature)
        converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], model)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ([item[None]] for item in inputs)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        try:
            return bytes(converter.convert())
        except (RuntimeError, ValueError) as error:
            raise LabError(f"TensorFlow Lite cannot convert the model: {' '.join(str(error).split())[:300]}") from error


def _check_scale(data: bytes) -> None:
    from lab.deploy.tflite import read_graph

    graph = read_graph(data)
    tensor = graph.tensors[graph.inputs[0]]
    scale, zero = float(tensor.scales[0]), int(tensor.zero_points[0])
    if abs(scale - CODE_SCALE) > 1e-9 or zero != 0:
        raise LabError(f"The converted model's input has scale {scale} and zero point {zero}; codes need 1/128 and 0.")


def agreement(model: Any, data: bytes, inputs: NDArray[np.float32]) -> dict[str, float]:
    """Return how far the int8 file and the Keras model are apart.

    Args:
        model: as converted.
        data: the .tflite file.
        inputs: float32, shape (n, rows, bands, 1).

    Returns:
        `mean` and `worst` absolute difference of the outputs, and `same`: the
        share of inputs with the same class (or side of one half).
    """
    from lab.deploy.reference import ReferenceModel
    from lab.deploy.tflite import read_graph

    graph = read_graph(data)
    source, target = graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]
    codes = np.clip(np.rint(inputs / source.scales[0]) + source.zero_points[0], -128, 127).astype(np.int8)
    raw = ReferenceModel(data).run(codes).reshape(len(inputs), -1).astype(np.float64)
    got = (raw - target.zero_points[0]) * target.scales[0]
    want = np.asarray(model(inputs, training=False)).reshape(len(inputs), -1)
    apart = np.abs(got - want)
    choice = [values.argmax(axis=1) if values.shape[1] > 1 else values[:, 0] >= 0.5 for values in (got, want)]
    return {"mean": float(apart.mean()), "worst": float(apart.max()), "same": float((choice[0] == choice[1]).mean())}
