import math

import numpy as np
import pytest

from lab.errors import BadInput
from lab.sound.features.spec import DEFAULT, PUBLISHED, FeatureSpec, code_thresholds, quantized_thresholds


def test_the_two_specs_have_the_contracted_shapes():
    assert PUBLISHED.shape == (124, 129)
    assert DEFAULT.shape == (31, 32)


def test_both_read_one_second_and_decide_every_hop():
    for spec in (PUBLISHED, DEFAULT):
        assert spec.window_len == 16_000
        assert spec.hops_per_window == 31


def test_codes_are_the_floor_of_the_logarithm():
    sums = np.asarray([0, 1, 2, 3, 7, 100, 4_095, 65_535, 150_000])
    codes = np.searchsorted(code_thresholds(DEFAULT), sums, side="right")
    assert codes.tolist() == [math.floor(14.5 * math.log2(1 + s)) for s in sums.tolist()]


def test_a_linear_curve_reaches_full_scale_at_its_last_step():
    spec = DEFAULT.but(compression="linear", steps=255)
    codes = np.searchsorted(code_thresholds(spec), [0, 514, 515, 32_768 * 4], side="right")
    assert codes.tolist() == [0, 0, 1, 255]


def test_quantized_thresholds_follow_tflite_rounding():
    codes = np.searchsorted(quantized_thresholds(0.5, -128), [0, 15, 16, 48, 8_000], side="right") - 128
    assert codes.tolist() == [-128, -128, -127, -126, 122]


def test_codes_that_no_magnitude_reaches_stay_unreachable():
    assert quantized_thresholds(1000.0, -128)[-1] == 2**32 - 1


def test_a_spec_survives_json():
    assert FeatureSpec.from_json(DEFAULT.to_json()) == DEFAULT


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"frame_len": 300}, "frame_len"),
        ({"frame_step": 100}, "divide 512"),
        ({"frame_step": 0}, "frame_step"),
        ({"bins": 130}, "do not lie"),
        ({"pool_bins": 5}, "must divide"),
        ({"pool_bins": 0}, "at least 1"),
        ({"rows": 0}, "rows"),
        ({"rate_hz": 8_000}, "16000"),
        ({"compression": "cube"}, "unknown"),
        ({"steps": -1.0}, "positive"),
    ],
)
def test_a_spec_the_board_cannot_compute_says_why(change, complaint):
    with pytest.raises(BadInput, match=complaint):
        DEFAULT.but(**change)


def test_an_unknown_field_is_refused():
    with pytest.raises(BadInput, match="cannot be read"):
        FeatureSpec.from_json({"name": "x", "hop": 3})
