"""Keras files of people: those of Keras 3 are made by Keras 3, in a process of its own."""

import json
import os
import subprocess
import sys
import zipfile

import numpy as np
import pytest

from lab.errors import BadInput
from lab.learn import imported, keras2

MAKER = """
import os, sys
import keras, numpy as np
layers = keras.layers
inputs = keras.Input((12, 10, 1))
x = layers.Conv2D(4, 3, padding="same", use_bias=False)(inputs)
x = layers.ReLU()(layers.BatchNormalization()(x))
y = layers.DepthwiseConv2D(3, padding="same", activation="relu")(x)
outputs = layers.Dense(3, activation="softmax")(layers.GlobalAveragePooling2D()(layers.Add()([x, y])))
functional = keras.Model(inputs, outputs)
sequential = keras.Sequential([keras.Input((12, 10, 1)), layers.Conv2D(2, 3), layers.Flatten(), layers.Dense(2)])
inputs = np.random.default_rng(0).normal(size=(5, 12, 10, 1)).astype("float32")
os.chdir(sys.argv[1])
functional.save("functional.keras")
sequential.save("sequential.keras")
sequential.save("sequential.h5")
keras.Sequential([keras.Input((4,)), layers.Lambda(lambda x: 2 * x), layers.Dense(2)]).save("lambda.keras")
keras.Sequential([keras.Input((4, 2)), layers.LSTM(2)]).save("lstm.keras")
np.savez("told.npz", inputs=inputs, functional=functional.predict(inputs, verbose=0),
         sequential=sequential.predict(inputs, verbose=0))
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("keras3")
    environment = {
        **os.environ,
        "TF_USE_LEGACY_KERAS": "0",
        "KERAS_BACKEND": "tensorflow",
        "CUDA_VISIBLE_DEVICES": "-1",
    }
    done = subprocess.run(
        [sys.executable, "-c", MAKER, folder], capture_output=True, text=True, timeout=300, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return folder


@pytest.mark.parametrize("name", ["functional.keras", "sequential.keras", "sequential.h5"])
def test_a_keras_3_file_computes_what_it_did(files, name):
    with np.load(files / "told.npz") as told:
        inputs, wanted = told["inputs"], told[name.split(".")[0]]
    assert np.abs(imported.load(files / name).predict(inputs, verbose=0) - wanted).max() < 1e-5


@pytest.mark.parametrize("name", ["model.h5", "model.keras"])
def test_a_keras_2_file_computes_what_it_did(tmp_path, name):
    layers = keras2.keras().layers
    model = keras2.keras().Sequential([keras2.keras().Input((4, 4, 1)), layers.Conv2D(2, 3), layers.Flatten()])
    with keras2.quiet():
        model.save(tmp_path / name)
    inputs = np.random.default_rng(1).normal(size=(3, 4, 4, 1)).astype("float32")
    assert np.array_equal(imported.load(tmp_path / name).predict(inputs, verbose=0), model.predict(inputs, verbose=0))


@pytest.mark.parametrize(("name", "says"), [("lambda.keras", "Lambda layer, which is code"), ("lstm.keras", "'LSTM'")])
def test_a_layer_that_is_not_taken_is_refused_by_name(files, name, says):
    with pytest.raises(BadInput, match=says):
        imported.load(files / name)


def test_a_layer_of_ones_own_is_refused_by_name():
    config = {"class_name": "Sequential", "config": {"layers": [{"class_name": "mine>Secret"}]}}
    with pytest.raises(BadInput, match="'mine>Secret'"):
        imported.check_layers(config, "own.keras")


@pytest.mark.parametrize(("content", "says"), [
    (b"\x1c\0\0\0TFL3" + bytes(90), "a .tflite, which cannot be trained on"),
    (b"", "no Keras model"), (b"no model at all", "no Keras model"), (b"\x89HDF\r\n\x1a\n" + bytes(50), "damaged HDF5"),
])  # fmt: skip
def test_garbage_is_refused_in_one_sentence(tmp_path, content, says):
    (tmp_path / "x.h5").write_bytes(content)
    with pytest.raises(BadInput, match=says):
        imported.load(tmp_path / "x.h5")


def test_an_archive_without_a_description_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.keras", "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.0"}))
    with pytest.raises(BadInput, match="missing or damaged"):
        imported.load(tmp_path / "x.keras")


def test_a_model_of_a_gigabyte_is_refused_by_its_size(tmp_path):
    with (tmp_path / "huge.h5").open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(BadInput, match="has 1,024 MB"):
        imported.load(tmp_path / "huge.h5")
