"""HDF5 files that point at other files of the machine, or hold too much."""

import h5py
import numpy as np
import pytest

from lab.errors import BadInput
from lab.learn import hdf5, imported


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "secret.h5"
    with h5py.File(path, "w") as file:
        file["weights"] = np.arange(4.0)
    return path


def check(path, write):
    with h5py.File(path, "w") as file:
        write(file)
    with h5py.File(path, "r") as file:
        hdf5.check(file, path.name)


def test_weights_of_its_own_are_fine(tmp_path):
    def write(file):
        file["layer/kernel"] = np.zeros((3, 3))
        file["alias"] = h5py.SoftLink("/layer/kernel")

    check(tmp_path / "model.h5", write)


def test_a_link_to_another_file_is_refused(tmp_path, secret):
    with pytest.raises(BadInput, match=r"^model.h5 points at another file \('layer/kernel'\); save"):
        check(tmp_path / "model.h5", lambda file: file.create_group("layer").__setitem__(
            "kernel", h5py.ExternalLink(str(secret), "weights")))  # fmt: skip


def test_bytes_of_another_file_are_refused(tmp_path, secret):
    with pytest.raises(BadInput, match="keeps 'kernel' in another file"):
        check(tmp_path / "model.h5", lambda file: file.create_dataset(
            "kernel", (8,), "u1", external=[(str(secret), 0, 8)]))  # fmt: skip


def test_a_view_of_another_file_is_refused(tmp_path, secret):
    layout = h5py.VirtualLayout((4,), "f8")
    layout[:] = h5py.VirtualSource(str(secret), "weights", (4,))
    with pytest.raises(BadInput, match="keeps 'kernel' in another file"):
        check(tmp_path / "model.h5", lambda file: file.create_virtual_dataset("kernel", layout))


def test_arrays_without_end_are_refused_though_the_file_is_small(tmp_path):
    path = tmp_path / "model.h5"
    with pytest.raises(BadInput, match="holds more than 512 MB of weights"):
        check(path, lambda file: file.create_dataset("kernel", (10**6, 10**6), "f4", chunks=(1, 64)))
    assert path.stat().st_size < 10_000


def test_a_model_is_checked_before_keras_sees_it(tmp_path, secret):
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        file.attrs["model_config"] = '{"class_name": "Sequential", "config": {"layers": []}}'
        file["model_weights"] = h5py.ExternalLink(str(secret), "/")
    with pytest.raises(BadInput, match="points at another file"):
        imported.load(path)
