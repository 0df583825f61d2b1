"""The exported script is the toolkit's own way: it runs alone and keeps the same promises."""

import os
import subprocess
import sys

import numpy as np
import pytest

from lab.learn import fitting
from lab.optimize.paths import LEGAL, named
from lab.study.tree import Options
from lab.study.tree.measure import promises
from lab.study.tree.problems import untrained
from lab.study.tree.script import toolkit_script
from tests.lab.study.tree.problems import small

OPTIONS = Options(sparsity=0.5, clusters=4, prune_epochs=2, cluster_epochs=1, qat_epochs=1)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Return a folder with a trained model.h5 and its data.npz."""
    folder = tmp_path_factory.mktemp("script")
    problem = small()
    model = untrained(problem, 0)
    fitting.fit(model, problem.train, problem.validate, problem.base)
    with pytest.warns(UserWarning, match="HDF5"):
        model.save(folder / "model.h5")
    np.savez(folder / "data.npz", x_train=problem.train.inputs(), y_train=problem.train.classes)
    return folder


def test_every_leaf_has_a_script_that_parses():
    for path in LEGAL:
        compile(toolkit_script(path, OPTIONS), path.label, "exec")


def test_the_script_knows_nothing_of_this_lab():
    assert "import lab" not in toolkit_script(named("PCQAT"), OPTIONS)
    assert "from lab" not in toolkit_script(named("PCQAT"), OPTIONS)


def test_the_script_of_pcqat_runs_alone_and_keeps_zeros_and_clusters(files):
    (files / "pcqat.py").write_text(toolkit_script(named("PCQAT"), OPTIONS, batch=8))
    done = subprocess.run(
        [sys.executable, "pcqat.py", "model.h5", "data.npz", "out.tflite"],
        cwd=files, capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "PYTHONPATH": "", "CUDA_VISIBLE_DEVICES": "-1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    rows = promises((files / "out.tflite").read_bytes(), named("PCQAT"), OPTIONS)
    assert all(row["kept"] for row in rows), rows
    assert all(row["codes"] <= OPTIONS.clusters for row in rows if row["promise"] == "codes")  # in the whole kernel
