import numpy as np
import pytest

from lab.deploy.convert import agreement, to_int8_tflite
from lab.deploy.tflite import read_graph
from lab.errors import BadInput, LabError
from lab.learn import keras2, models
from lab.sound.features import DEFAULT
from tests.lab.learn.sounds import TINY, examples

INT8_FRIENDLY = {
    "CONV_2D", "DEPTHWISE_CONV_2D", "MAX_POOL_2D", "RESHAPE", "FULLY_CONNECTED", "SOFTMAX", "LOGISTIC",
}  # fmt: skip


@pytest.fixture(scope="module")
def model():
    keras2.seed(1)
    return models.build(TINY, DEFAULT, 3)


def test_a_float_model_becomes_int8_with_a_batch_of_one_and_plain_operators(model):
    inputs = examples(40).inputs()
    data = to_int8_tflite(model, inputs, DEFAULT)
    graph = read_graph(data)
    assert {operator.name for operator in graph.operators} <= INT8_FRIENDLY
    assert {graph.tensors[index].shape[0] for index in (*graph.inputs, *graph.outputs)} == {1}
    assert agreement(model, data, inputs)["worst"] < 0.06


def test_codes_keep_their_scale_though_the_data_never_reach_its_ends(model):
    inputs = np.clip(examples(40).inputs(), -0.5, 0.25)
    graph = read_graph(to_int8_tflite(model, inputs, DEFAULT))
    source = graph.tensors[graph.inputs[0]]
    assert (float(source.scales[0]), int(source.zero_points[0])) == (1 / 128, 0)


def test_inputs_beyond_the_codes_cannot_have_that_scale(model):
    with pytest.raises(LabError, match="1/128"):
        to_int8_tflite(model, 4 * examples(40).inputs(), DEFAULT)


@pytest.mark.parametrize("shape", [(0, 31, 32, 1), (4, 31, 32), (4, 30, 32, 1)])
def test_other_shapes_are_refused_with_what_the_model_takes(model, shape):
    with pytest.raises(BadInput, match="the model takes"):
        to_int8_tflite(model, np.zeros(shape, np.float32), DEFAULT)
