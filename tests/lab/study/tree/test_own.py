"""A person's own arrays and model: what does not fit is refused in one sentence."""

import numpy as np
import pytest

from lab.errors import BadInput
from lab.learn import keras2
from lab.study.tree import data as sources
from lab.study.tree.own import own_problem

SHAPE = (4, 4, 1)
X = np.random.default_rng(0).normal(size=(40, 4, 4)).astype("float32")
Y = np.arange(40) % 3


def arrays(**changes):
    return {"x_train": X, "y_train": Y, "x_test": X[:9], "y_test": Y[:9]} | changes


@pytest.fixture
def saved(tmp_path):
    def save(**changes):
        made = {name: value for name, value in arrays(**changes).items() if value is not None}
        np.savez(tmp_path / "data.npz", **made)
        return tmp_path / "data.npz"

    return save


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    keras = keras2.keras()
    layers = [keras.Input(SHAPE), keras.layers.Conv2D(2, 3), keras.layers.Flatten(), keras.layers.Dense(3)]
    path = tmp_path_factory.mktemp("own") / "own.h5"
    with keras2.quiet():
        keras.Sequential(layers).save(path)
    return path


def test_arrays_that_fit_become_a_problem(saved, model):
    problem = own_problem(model, saved())
    assert problem.labels == ("0", "1", "2")
    assert (len(problem.train), len(problem.validate), len(problem.score)) == (36, 4, 9)


def test_a_model_and_labels_that_do_not_fit_are_refused(saved, model):
    with pytest.raises(BadInput, match=r"own\.h5 tells 3 classes apart; the data has 2"):
        own_problem(model, saved(y_train=Y % 2, y_test=Y[:9] % 2))


@pytest.mark.parametrize(("changes", "says"), [
    ({"y_test": None}, "lacks y_test"),
    ({"y_train": np.zeros(40, int)}, "y_train of data.npz holds one class"),
    ({"y_train": Y[:7]}, "40 examples and y_train 7"),
    ({"x_train": X[:0], "y_train": Y[:0]}, "0 examples"),
    ({"x_train": X[:, :3]}, r"examples of \(3, 4\); the model takes"),
    ({"x_test": np.full((9, 4, 4), np.nan)}, "no numbers"),
    ({"x_train": np.full((40, 4, 4), "a")}, "no numbers"),
    ({"y_train": Y - 1}, "class numbers from 0"),
    ({"y_train": Y / 2}, "class numbers from 0"),
    ({"y_train": Y * 10**9}, "numbers classes up to 2000000000"),
    ({"classes": np.array(["a", "b"])}, "names 2 classes and uses 3"),
    ({"x_train": np.array([None] * 40)}, "no.* readable .npz of plain arrays"),
])  # fmt: skip
def test_arrays_that_cannot_be_are_refused(saved, changes, says):
    with pytest.raises(BadInput, match=says):
        sources.arrays(saved(**changes), SHAPE)


@pytest.mark.parametrize("damage", [
    lambda raw: b"", lambda raw: raw[: len(raw) // 2], lambda raw: b"no zip" * 99,
    lambda raw: raw[:90] + b"\0\1\2" + raw[93:],
])  # fmt: skip
def test_a_damaged_file_is_refused(saved, damage):
    path = saved()
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(BadInput, match=r"data\.npz is not a readable"):
        sources.arrays(path, SHAPE)


def test_arrays_larger_than_memory_should_hold_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sources, "MAX_ARRAYS_BYTES", 10**6)
    np.savez_compressed(tmp_path / "bomb.npz", **arrays(x_train=np.zeros((40_000, 4, 4), "float32")))
    with pytest.raises(BadInput, match=r"bomb\.npz holds 2 MB of arrays; up to 0 MB"):
        sources.arrays(tmp_path / "bomb.npz", SHAPE)
