"""`python -m lab.learn.keras3 FILE OUT.npz`: a Keras 3 file as plain layers and arrays.

Runs in a process of its own, because Keras 2 and 3 do not share one. What it
writes holds no code: layer kinds from a list, their settings, their weights.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any

SETTINGS: dict[str, tuple[str, ...]] = {
    "InputLayer": (),
    "Conv2D": ("filters", "kernel_size", "strides", "padding", "dilation_rate", "use_bias", "activation"),
    "DepthwiseConv2D": ("kernel_size", "strides", "padding", "dilation_rate", "use_bias", "activation"),
    "Dense": ("units", "use_bias", "activation"),
    "BatchNormalization": ("axis", "momentum", "epsilon", "center", "scale"),
    "MaxPooling2D": ("pool_size", "strides", "padding"),
    "AveragePooling2D": ("pool_size", "strides", "padding"),
    "GlobalAveragePooling2D": ("keepdims",),
    "ZeroPadding2D": ("padding",),
    "Activation": ("activation",),
    "ReLU": ("max_value", "negative_slope", "threshold"),
    "Softmax": ("axis",),
    "Dropout": ("rate",),
    "Flatten": (),
    "Reshape": ("target_shape",),
    "Add": (),
    "Concatenate": ("axis",),
}
"""The layers that the lab takes, each with the settings that change what it computes."""
LAYERS = tuple(SETTINGS)


def describe(model: Any) -> tuple[dict[str, Any], list[Any]]:
    """Return a model's layers in running order, and their weights.

    Args:
        model: Keras 3 model, sequential or functional, of one input and one output.
    """
    rows: list[dict[str, Any]] = []
    weights: list[Any] = []
    names: dict[int, str] = {}
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError("the lab takes models of one input and one output")
    first = "window"
    rows.append({"kind": "InputLayer", "name": first, "shape": list(model.inputs[0].shape[1:])})
    names[id(model.inputs[0])] = first
    for operation in _in_order(model):
        kind = type(operation).__name__
        node = operation._inbound_nodes[-1]
        values = operation.get_weights()
        rows.append({
            "kind": kind, "name": operation.name, "config": _settings(operation, kind),
            "inputs": [names[id(tensor)] for tensor in node.input_tensors],
            "weights": list(range(len(weights), len(weights) + len(values))),
        })  # fmt: skip
        weights += values
        names[id(node.output_tensors[0])] = operation.name
    return {"layers": rows, "output": names[id(model.outputs[0])]}, weights


def _in_order(model: Any) -> list[Any]:
    function = model if hasattr(model, "_operations_by_depth") else model._functional
    ordered = []
    for depth in sorted(function._operations_by_depth, reverse=True):
        ordered += [each for each in function._operations_by_depth[depth] if type(each).__name__ != "InputLayer"]
    return ordered


def _settings(layer: Any, kind: str) -> dict[str, Any]:
    given = layer.get_config()
    return {name: given[name] for name in SETTINGS[kind] if name in given}


def main() -> int:
    """Read the file of the command line, write the other."""
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    os.environ.update(TF_USE_LEGACY_KERAS="0", TF_CPP_MIN_LOG_LEVEL="3", CUDA_VISIBLE_DEVICES="-1")
    import keras  # type: ignore[import-untyped]
    import numpy as np

    source, out = (Path(argument) for argument in sys.argv[1:3])
    graph, weights = describe(keras.saving.load_model(source, compile=False, safe_mode=True))
    np.savez(out, graph=json.dumps(graph), **{f"weight{index}": value for index, value in enumerate(weights)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
