import numpy as np
import pytest

from lab.errors import BadInput
from lab.learn import models
from lab.learn.models import ARTICLE, DS, Architecture, Scale
from lab.sound.features import DEFAULT, PUBLISHED


def test_the_articles_network_has_as_many_parameters_as_the_article_says():
    # 14,973 there: adapt() keeps mean, variance and count as weights; here they are constants.
    assert models.build(ARTICLE, PUBLISHED, 50).count_params() == 14_970
    assert models.build(ARTICLE, PUBLISHED, 1).count_params() == 809


def test_the_default_network_stays_small():
    model = models.build(DS, DEFAULT, 1)
    assert model.count_params() == 13_713
    assert model.output_shape == (None, 1)


def test_a_network_resizes_magnitudes_but_not_codes():
    kinds = [[type(layer).__name__ for layer in models.build(ARTICLE, spec, 2).layers] for spec in (PUBLISHED, DEFAULT)]
    assert "Resizing" in kinds[0]
    assert "Resizing" not in kinds[1]


def test_normalization_takes_the_given_mean_and_variance():
    layer = models.build(ARTICLE, DEFAULT, 2, Scale(0.25, 4.0)).get_layer("normalize")
    assert np.allclose(layer(np.full((1, 31, 32, 1), 2.25, np.float32)), 1.0)


def test_a_constant_added_to_a_window_only_moves_the_bias():
    model = models.build(DS, DEFAULT, 1)
    first = model.get_layer("conv")
    kernel, bias = first.get_weights()
    window = np.random.default_rng(0).uniform(-1, 0.5, (3, 31, 32, 1)).astype(np.float32)
    before = model(window, training=False).numpy()
    first.set_weights([kernel, bias - 0.5 * kernel.sum(axis=(0, 1, 2))])
    assert np.allclose(model(window + 0.5, training=False), before, atol=1e-5)


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"kind": "wide"}, "kind"),
        ({"filters": 0}, "filters"),
        ({"kernel": (40, 3)}, "kernel"),
        ({"dense": -1}, "dense"),
        ({"dropout": 1.0}, "dropout"),
    ],
)
def test_an_impossible_architecture_says_which_field(change, word):
    with pytest.raises(BadInput, match=word):
        Architecture(**change)


def test_a_kernel_that_leaves_nothing_to_pool_says_what_fits():
    with pytest.raises(BadInput, match=r"at most \(13, 24\)"):
        models.build(Architecture("ds", kernel=(15, 4)), DEFAULT, 2)


def test_few_rows_do_not_fit_either():
    with pytest.raises(BadInput, match="more rows"):
        models.build(DS, DEFAULT.but(name="short", rows=12), 2)


@pytest.mark.parametrize("arch", [DS, ARTICLE, Architecture("ds", 4, (3, 3), 0, 0.0)])
def test_an_architecture_survives_json(arch):
    assert Architecture.from_json(arch.to_json()) == arch


def test_a_partial_description_keeps_the_kinds_usual_values():
    assert Architecture.from_json({"kind": "article", "kernel": 5}) == Architecture("article", 8, (5, 5), 0)


@pytest.mark.parametrize("data", [{"colour": "red"}, {"kernel": "big"}, {"filters": None}])
def test_a_description_that_makes_no_sense_is_refused(data):
    with pytest.raises(BadInput):
        Architecture.from_json(data)


def test_the_summary_names_every_layer():
    model = models.build(DS, DEFAULT, 2)
    text = models.summary(model)
    assert all(layer.name in text for layer in model.layers)
