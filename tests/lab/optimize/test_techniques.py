import numpy as np
import pytest

from lab.deploy.convert import agreement, to_int8_tflite
from lab.deploy.tflite import read_graph
from lab.learn import fitting, training
from lab.learn.models import ARTICLE
from lab.learn.schedule import Schedule
from lab.optimize import techniques
from lab.sound.features import DEFAULT, PUBLISHED
from tests.lab.learn.sounds import TINY, learning_set

STAGES = (Schedule("head", 8, 2e-2), Schedule("all layers", 2, 5e-3))


@pytest.fixture(scope="module", params=[(DEFAULT, TINY), (DEFAULT, ARTICLE), (PUBLISHED, ARTICLE)],
                ids=["ds", "article on codes", "article as published"])  # fmt: skip
def made(request):
    spec, arch = request.param
    data = learning_set(2, spec, ("alarm", "rest"))
    baseline = training.train_on(data, arch, Schedule("baseline", 3, 5e-3))
    learned = training.finetune_on(baseline, data, ("alarm",), None, STAGES)
    return learned, data, techniques.qat(learned.model, data.train, data.validate, Schedule("QAT", 1, 1e-6))


def test_quantization_aware_training_begins_where_the_float_model_ended(made):
    learned, data, quantized = made
    before, after = (fitting.predict(model, data.test) for model in (learned.model, quantized))
    assert np.abs(before - after).max() < 0.05


def test_the_float_model_stays_as_it_is(made):
    learned, data, _ = made
    before = [weights.copy() for weights in learned.model.get_weights()]
    techniques.qat(learned.model, data.train, data.validate)
    assert all(np.array_equal(a, b) for a, b in zip(before, learned.model.get_weights(), strict=True))


def test_its_int8_file_agrees_and_takes_codes_as_they_are(made):
    learned, data, quantized = made
    tflite = to_int8_tflite(quantized, data.train.inputs(), data.spec)
    apart = agreement(learned.model, tflite, data.test.inputs())
    assert apart["same"] > 0.95
    assert apart["mean"] < 0.05
    graph = read_graph(tflite)
    source = graph.tensors[graph.inputs[0]]
    assert source.dtype == "int8"
    assert source.shape == (1, *data.spec.shape, 1)
    if data.spec.is_codes:
        assert (float(source.scales[0]), int(source.zero_points[0])) == (1 / 128, 0)
