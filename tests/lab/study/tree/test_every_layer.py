"""PCQAT of the larger networks keeps its promises on every layer, whatever it learned: the data here are noise."""

import numpy as np
import pytest

from lab.learn.examples import Examples
from lab.learn.keywords import SIZES, build_ds_cnn
from lab.learn.pictures import build_mobilenet
from lab.learn.schedule import Schedule
from lab.optimize import techniques
from lab.optimize.paths import named
from lab.study.tree import Options, walk
from tests.lab.study.tree.problems import LABELS, small

OPTIONS = Options(sparsity=0.5, clusters=8, base_epochs=1, prune_epochs=1, cluster_epochs=1, qat_epochs=1)


def noise(shape, count):
    drawn = np.random.default_rng(count)
    places = np.arange(count)
    return Examples(drawn.normal(size=(count, *shape)).astype(np.float32), places % len(LABELS), places)


@pytest.mark.parametrize(
    ("shape", "build", "layers"),
    [((49, 10), lambda: build_ds_cnn(SIZES["ds_cnn_s"], 3), 6), ((32, 32, 3), lambda: build_mobilenet(0.25, 3), 15)],
    ids=["ds_cnn_s", "mobilenet_v1"],
)
def test_pcqat_keeps_its_promises_on_every_layer_but_the_depthwise_ones(monkeypatch, shape, build, layers):
    monkeypatch.setitem(walk.__globals__, "on_the_board", lambda _tflite: {"cycles": None})
    problem = small(
        f"noise {shape}", train=noise(shape, 24), validate=noise(shape, 6), score=noise(shape, 9), build=build,
        base=Schedule("base", 1, 1e-3, batch=8), batch=8, spec=None,
    )  # fmt: skip
    (row,) = walk(problem, [named("PCQAT")], OPTIONS).rows
    assert row["failed"] is None
    assert [each for each in row["promises"] if not each["kept"]] == []
    shrunk = techniques.shrinkable(build())
    assert len(shrunk) == layers
    assert not [name for name in shrunk if "depthwise" in name]
    for promise in ("zeros", "codes"):
        assert sum(each["promise"] == promise for each in row["promises"]) == layers
