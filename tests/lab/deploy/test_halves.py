import numpy as np
import pytest

from lab.deploy import halves
from lab.deploy.prepared import prepared_detector, published_detector
from lab.deploy.rehead import Headless
from lab.deploy.twin import Twin, host_model

WINDOWS = np.random.default_rng(5).integers(-128, 128, (60, *prepared_detector().spec.shape)).astype(np.int8)


def test_two_halves_give_the_codes_of_the_whole():
    detector = prepared_detector()
    whole = Twin(detector).outputs(WINDOWS)
    assert len(np.unique(whole)) > 5
    assert np.array_equal(Twin(detector, halves.in_halves(detector.model)).outputs(WINDOWS), whole)


def test_a_taught_network_shares_the_body_that_was_compiled(monkeypatch):
    headless = Headless(prepared_detector().model)
    halves.in_halves(headless.tflite)
    monkeypatch.setattr(halves, "host_model", lambda tflite: pytest.fail("compiled again"))
    layers = headless.layers
    for layer in layers:
        layer.weights[:] *= 0.9
    taught = headless.with_layers(layers)
    inputs = Twin(prepared_detector()).inputs(WINDOWS)
    assert np.array_equal(halves.in_halves(taught)(inputs), host_model(taught)(inputs))


def test_a_network_that_cannot_be_taught_runs_whole(monkeypatch):
    monkeypatch.setattr(halves, "host_model", lambda tflite: "whole")
    monkeypatch.setattr(halves, "Headless", lambda tflite: (_ for _ in ()).throw(halves.BadInput("no")))
    assert halves.in_halves(published_detector().model) == "whole"
