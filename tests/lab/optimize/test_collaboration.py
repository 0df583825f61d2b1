"""What pruning and clustering made is there after quantization-aware training, in the file that ships."""

import numpy as np
import pytest

from lab.deploy.audit import audit
from lab.deploy.convert import to_int8_tflite
from lab.errors import BadInput
from lab.learn import training
from lab.learn.models import Architecture
from lab.learn.schedule import Schedule
from lab.optimize import techniques
from lab.optimize.techniques import Kept
from tests.lab.learn.sounds import learning_set

NET = Architecture("ds", filters=8, kernel=(5, 4), dense=8, dropout=0.0)
STEP = Schedule("step", 2, 1e-3)
SPARSITY, CLUSTERS = 0.6, 8


@pytest.fixture(scope="module")
def data():
    return learning_set(3)


@pytest.fixture(scope="module")
def base(data):
    return training.train_on(data, NET, Schedule("baseline", 3, 5e-3)).model


@pytest.fixture(scope="module")
def pruned(base, data):
    return techniques.prune(base, data.train, data.validate, SPARSITY, STEP)


@pytest.fixture(scope="module")
def clustered(base, data):
    return techniques.cluster(base, data.train, data.validate, CLUSTERS, STEP)


@pytest.fixture(scope="module")
def both(pruned, data):
    kept = Kept(tuple(techniques.shrinkable(pruned)), zeros=True)
    return techniques.cluster(pruned, data.train, data.validate, CLUSTERS, STEP, kept=kept)


def kernels_of(tflite):
    """Return the audit's rows of the kernels that may shrink."""
    rows = audit(tflite)["tensors"]
    return [row for row in rows if row["dtype"] == "int8" and row["operator"] in ("CONV_2D", "FULLY_CONNECTED")]


def shipped(model, data):
    return kernels_of(to_int8_tflite(model, data.train.inputs()[:50], data.spec))


def trained_with_rounding(model, data, zeros, clusters):
    kept = Kept(tuple(techniques.shrinkable(model)), zeros, clusters)
    return techniques.qat(model, data.train, data.validate, STEP, kept=kept)


def test_pruning_leaves_the_share_of_zeros_in_every_kernel(pruned, data):
    for values in techniques.kernels(pruned, techniques.shrinkable(pruned)).values():
        assert np.mean(values == 0) >= SPARSITY
    assert all(row["zeros"] >= SPARSITY for row in shipped(pruned, data))


def test_clustering_leaves_few_values_in_every_kernel(clustered, data):
    for values in techniques.kernels(clustered, techniques.shrinkable(clustered)).values():
        assert len(np.unique(values)) <= CLUSTERS
    assert all(row["codes_per_channel_max"] <= CLUSTERS for row in shipped(clustered, data))


def test_clustering_after_pruning_keeps_the_zeros(both):
    for values in techniques.kernels(both, techniques.shrinkable(both)).values():
        assert len(np.unique(values)) <= CLUSTERS
        assert np.mean(values == 0) >= SPARSITY


@pytest.mark.parametrize(("start", "zeros", "clusters"), [
    ("pruned", True, False), ("clustered", False, True), ("both", True, True),
], ids=["PQAT", "CQAT", "PCQAT"])  # fmt: skip
def test_training_with_rounding_keeps_what_was_there(start, zeros, clusters, data, request):
    made = trained_with_rounding(request.getfixturevalue(start), data, zeros, clusters)
    rows = shipped(made, data)
    assert len(rows) == len(techniques.shrinkable(request.getfixturevalue(start)))
    for row in rows:
        if zeros:
            assert row["zeros"] >= SPARSITY, row["name"]
        if clusters:
            assert row["codes"] <= CLUSTERS, row["name"]  # in the whole kernel, though each channel has its scale


def test_a_pruned_kernel_is_rounded_in_one_range_and_a_plain_one_in_a_range_for_each_channel(pruned, data):
    plain = techniques.qat(pruned, data.train, data.validate, STEP)
    counts = [ranges(trained_with_rounding(pruned, data, True, False)), ranges(plain)]
    assert set(counts[0].values()) == {1}
    assert counts[1]["quant_conv"] == NET.filters


def ranges(model):
    """Return how many ranges each shrinkable kernel is rounded in."""
    found = {}
    for layer in model.layers:
        for weight in layer.weights:
            if weight.name.endswith("/kernel_max:0"):
                found[layer.name] = len(np.unique(weight.numpy()))
    return found


def test_plain_rounding_loses_the_zeros(both, data):
    """The control: without the keeping scheme the same training undoes the pruning."""
    plain = techniques.qat(both, data.train, data.validate, STEP)
    assert min(row["zeros"] for row in shipped(plain, data)) < SPARSITY


def test_a_layer_without_zeros_does_not_undo_those_of_later_layers(both, data):
    """The toolkit shares one quantizer among layers, and the first layer without zeros switches it off for all."""
    names = techniques.shrinkable(both)
    first = both.get_layer(names[0])
    before = first.kernel.numpy()
    filled = np.where(before == 0, before[before != 0].max(), before)
    first.kernel.assign(filled)
    try:
        rows = shipped(trained_with_rounding(both, data, True, True), data)
    finally:
        first.kernel.assign(before)
    assert sorted(row["zeros"] >= SPARSITY for row in rows) == [False] + [True] * (len(rows) - 1)


@pytest.mark.parametrize(("sparsity", "says"), [(1.0, "sparsity of 1"), (0.0, "sparsity of 0"), (-0.5, "of -0.5")])
def test_an_impossible_sparsity_is_refused(base, data, sparsity, says):
    with pytest.raises(BadInput, match=says):
        techniques.prune(base, data.train, data.validate, sparsity, STEP)


def test_a_layer_with_fewer_weights_than_clusters_is_clustered_as_it_is(pruned, data):
    kept = Kept(tuple(techniques.shrinkable(pruned)), zeros=True)
    made = techniques.cluster(pruned, data.train, data.validate, 32, STEP, kept=kept)
    values = techniques.kernels(made, ("head", "dense"))
    assert len(np.unique(values["dense"])) <= 32
    assert np.mean(values["head"] == 0) >= SPARSITY


def test_more_clusters_than_weights_are_refused(base, data):
    large = [name for name in techniques.shrinkable(base) if name != "head"]
    with pytest.raises(BadInput, match="No kernel has more than 24 weights"):
        techniques.cluster(base, data.train, data.validate, 64, STEP, excluded=large)


@pytest.mark.parametrize(("clusters", "says"), [(1, "1 clusters"), (300, "300 clusters")])
def test_an_impossible_number_of_clusters_is_refused(base, data, clusters, says):
    with pytest.raises(BadInput, match=says):
        techniques.cluster(base, data.train, data.validate, clusters, STEP)


def test_a_model_without_such_layers_is_refused(base, data):
    names = techniques.shrinkable(base)
    with pytest.raises(BadInput, match="no layer that can be pruned"):
        techniques.prune(base, data.train, data.validate, 0.5, STEP, excluded=names)
    with pytest.raises(BadInput, match="no layer that can be clustered"):
        techniques.cluster(base, data.train, data.validate, 8, STEP, excluded=names)
