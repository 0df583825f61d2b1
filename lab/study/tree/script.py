"""A leaf's way as a plain script of the optimization toolkit, without this lab: to read, to run, to take along."""

from lab.optimize.paths import CLUSTER, PRUNE, QAT, Path
from lab.study.tree.options import EPOCHS, RATES, Options

HEAD = '''"""{label}: made by TinyML Lab, runs without it.

    python {label}.py MODEL.h5 DATA.npz OUT.tflite

MODEL.h5 is a trained Keras 2 model; DATA.npz holds x_train (float32) and y_train (class numbers).
Needs: pip install tensorflow tf-keras tensorflow-model-optimization
"""

import os
import sys

os.environ["TF_USE_LEGACY_KERAS"] = "1"  # the toolkit needs Keras 2; set before TensorFlow is imported

import numpy as np
import tensorflow as tf
import tensorflow_model_optimization as tfmot
import tf_keras as keras

BATCH = {batch}
EXCLUDED = {excluded!r}
data = np.load(sys.argv[2])
x, y = data["x_train"].astype("float32"), data["y_train"]
model = keras.models.load_model(sys.argv[1], compile=False)
one = model.output_shape[-1] == 1
answers = (y == 0).astype("float32")[:, None] if one else y  # one sigmoid output means class 0


def shrinks(layer):
    """Convolutions and dense layers; the toolkit keeps no depthwise kernel."""
    return type(layer).__name__ in ("Conv2D", "Dense") and layer.name not in EXCLUDED


def train(model, epochs, rate, callbacks=()):
    steps = epochs * -(-len(x) // BATCH)
    schedule = keras.optimizers.schedules.CosineDecay(rate, steps)
    loss = "binary_crossentropy" if one else "sparse_categorical_crossentropy"
    model.compile(keras.optimizers.legacy.Adam(schedule), loss)
    model.fit(x, answers, batch_size=BATCH, epochs=epochs, callbacks=list(callbacks))
    return model


def again(layer):
    return layer.__class__.from_config(layer.get_config())
'''

PRUNING = """
# Prune: {sparsity:.0%} of every kernel becomes zero.
steps = {epochs} * -(-len(x) // BATCH)
schedule = {schedule}
pruned = keras.models.clone_model(model, clone_function=lambda layer: (
    tfmot.sparsity.keras.prune_low_magnitude(again(layer), pruning_schedule=schedule)
    if shrinks(layer) else again(layer)))
for old, new in zip(model.layers, pruned.layers):
    getattr(new, "layer", new).set_weights(old.get_weights())
train(pruned, {epochs}, {rate:g}, [tfmot.sparsity.keras.UpdatePruningStep()])
model = tfmot.sparsity.keras.strip_pruning(pruned)
"""

CLUSTERING = """
# Cluster: at most {clusters} values in every kernel{zeros}.
from tensorflow_model_optimization.python.core.clustering.keras.experimental import cluster

init = tfmot.clustering.keras.CentroidInitialization.{init}
copy = keras.models.clone_model(model)
copy.set_weights(model.get_weights())
zero = {{layer.name: layer.kernel.numpy() == 0 for layer in copy.layers if shrinks(layer)}}
many = {{layer.name: len(np.unique(layer.kernel.numpy())) > {clusters} for layer in copy.layers if shrinks(layer)}}
clustered = keras.models.clone_model(copy, clone_function=lambda layer: (
    cluster.cluster_weights(layer, number_of_clusters={clusters}, cluster_centroids_init=init, preserve_sparsity={keep})
    if many.get(layer.name) else layer))
train(clustered, {epochs}, {rate:g})
model = tfmot.clustering.keras.strip_clustering(clustered)
if {keep}:
    for layer in model.layers:
        if layer.name in zero:
            layer.kernel.assign(np.where(zero[layer.name], 0, layer.kernel.numpy()))
"""

ROUNDING = """
# {label}: train with int8 rounding in the forward pass{keeping}.
QUANTIZED = ("Conv2D", "DepthwiseConv2D", "Dense", "MaxPooling2D", "AveragePooling2D", "GlobalAveragePooling2D",
             "BatchNormalization", "ReLU", "Activation", "Softmax", "Add", "ZeroPadding2D", "Reshape", "Flatten",
             "Dropout")
{scheme}
kit = tfmot.quantization.keras
marked = keras.models.clone_model(model, clone_function=lambda layer: (
    kit.quantize_annotate_layer(again(layer)) if type(layer).__name__ in QUANTIZED else again(layer)))
marked.set_weights(model.get_weights())
before = {{layer.name: layer.kernel.numpy() for layer in model.layers if shrinks(layer)}}
model = kit.quantize_apply(marked{argument})
train(model, {epochs}, {rate:g})
"""

KEEPING = """
# The optimizer's last step comes after the last rounding: put each kernel exactly on what it keeps, and round all its
# channels in one range, so that equal weights stay equal codes.
for layer in model.layers:
    old = before.get(layer.name.removeprefix("quant_"))
    if old is None:
        continue
    parts = {{weight.name.rsplit("/", 1)[-1]: weight for weight in layer.weights}}
    values = parts["kernel:0"].numpy()
    if {clusters} and len(np.unique(values)) > len(np.unique(old)):
        member = np.unique(old, return_inverse=True)[1].reshape(-1)
        means = np.bincount(member, values.reshape(-1).astype("float64")) / np.bincount(member)
        values = means.astype("float32")[member].reshape(values.shape)
    if {zeros}:
        values[old == 0] = 0
    parts["kernel:0"].assign(values)
    for name, bound in (("kernel_min:0", -np.abs(values).max()), ("kernel_max:0", np.abs(values).max())):
        parts[name].assign(np.full(parts[name].shape, bound, "float32"))
"""

PRUNE_SCHEME = """from tensorflow_model_optimization.python.core.quantization.keras.collab_opts.prune_preserve import (
    default_8bit_prune_preserve_quantize_scheme as preserve)

scheme = preserve.Default8BitPrunePreserveQuantizeScheme()
"""

CLUSTER_SCHEME = """import importlib

KEEPING = "tensorflow_model_optimization.python.core.quantization.keras.collab_opts.cluster_preserve"
registry = importlib.import_module(f"{{KEEPING}}.cluster_preserve_quantize_registry")
preserve = importlib.import_module(f"{{KEEPING}}.default_8bit_cluster_preserve_quantize_scheme")


def one_set_a_kernel(layer, weight, data_format):  # else the toolkit may take each channel's values as its own clusters
    values, index = registry.get_unique(weight)
    return values, tf.size(values), index, False


registry.get_centroids = one_set_a_kernel
scheme = preserve.Default8BitClusterPreserveQuantizeScheme(preserve_sparsity={zeros})
"""

TAIL = """
# Convert: a batch of one, int8 in and out.
concrete = tf.function(lambda inputs: model(inputs, training=False)).get_concrete_function(
    tf.TensorSpec((1, *model.input_shape[1:]), tf.float32))
converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], model)
converter.optimizations = [tf.lite.Optimize.DEFAULT]
converter.representative_dataset = lambda: ([item[None]] for item in x[:200])
converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
converter.inference_input_type = converter.inference_output_type = tf.int8
with open(sys.argv[3], "wb") as file:
    file.write(converter.convert())
"""

BATCH = 64
INIT_NAMES = {"kmeans++": "KMEANS_PLUS_PLUS", "linear": "LINEAR", "density": "DENSITY_BASED", "random": "RANDOM"}


def toolkit_script(path: Path, options: Options, batch: int = BATCH) -> str:
    """Return the script of one leaf.

    Args:
        path: the leaf.
        options: of its steps.
        batch: examples a step.
    """
    parts = [HEAD.format(label=path.label, batch=batch, excluded=tuple(options.excluded))]
    before: tuple[str, ...] = ()
    for step in path.steps:
        parts.append(_step(step, before, path, options))
        before = (*before, step)
    return "".join([*parts, TAIL])


def _step(step: str, before: tuple[str, ...], path: Path, options: Options) -> str:
    epochs, rate = options.epochs(step) or EPOCHS[step], RATES[step]
    zeros = PRUNE in before
    if step == PRUNE:
        steady = f"tfmot.sparsity.keras.ConstantSparsity({options.sparsity}, begin_step=0, frequency=20)"
        end = "max(20, int(steps * 0.6) // 20 * 20)"
        rising = f"tfmot.sparsity.keras.PolynomialDecay(0.0, {options.sparsity}, 0, {end}, frequency=20)"
        schedule = steady if options.ramp == "constant" else rising
        return PRUNING.format(sparsity=options.sparsity, epochs=epochs, rate=rate, schedule=schedule)
    if step == CLUSTER:
        told = ", zeros kept" if zeros else ""
        return CLUSTERING.format(clusters=options.clusters, init=INIT_NAMES[options.init], keep=zeros, zeros=told,
                                 epochs=epochs, rate=rate)  # fmt: skip
    assert step == QAT
    scheme = CLUSTER_SCHEME.format(zeros=zeros) if CLUSTER in before else PRUNE_SCHEME if zeros else ""
    keeping = " that keeps " + " and ".join(
        what for what, there in (("zeros", zeros), ("clusters", CLUSTER in before)) if there
    ) if scheme else ""  # fmt: skip
    rounding = ROUNDING.format(label=path.label, keeping=keeping, scheme=scheme, argument=", scheme" if scheme else "",
                               epochs=epochs, rate=rate)  # fmt: skip
    return rounding + (KEEPING.format(zeros=zeros, clusters=CLUSTER in before) if scheme else "")
