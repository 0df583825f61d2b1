"""The PDM filter's design against SciPy's frequency response and what an ideal one would do."""

import numpy as np
import pytest
from scipy.signal import freqz

from lab.deploy import pdm_filter
from lab.sound.features.core import FIRMWARE


def test_the_boards_taps_are_those_of_the_design():
    text = (FIRMWARE / "core" / "pdm_taps.h").read_text("utf-8")
    taps = np.array([int(number) for number in text.split("{")[1].split("}")[0].split(",")])
    assert np.abs(taps - pdm_filter.design()).max() <= 1  # another machine's arithmetic may round one the other way
    assert f"#define PDM_HALF_SUM {taps.sum()}\n" in text


def test_the_response_is_scipys():
    half = pdm_filter.design()
    hz = np.array([0.0, 520, 3_100, 6_000, 12_900, 17_500, 200_000])
    _, response = freqz(np.concatenate([half, half[::-1]]) / (2 * half.sum()), worN=hz, fs=pdm_filter.BIT_HZ)
    assert pdm_filter.response_db(hz) == pytest.approx(20 * np.log10(np.abs(response)), abs=1e-6)


def test_it_is_flat_where_alarms_are_and_keeps_aliases_out():
    found = pdm_filter.figures()
    assert found["ripple_db_to_4_khz"] <= 0.15
    assert found["ripple_db_to_5_khz"] <= 0.3
    assert found["stop_db_from_11_khz"] <= -37
    assert found["alias_db_to_4_khz"] <= -44
    assert found["alias_db_to_5_khz"] <= -37


def test_three_moving_averages_would_let_more_through():
    hz = np.arange(50.0, 5_001, 50)
    sinc = np.sinc((16_000 - hz) / 16_000) ** 3 / np.sinc(hz / 16_000) ** 3
    assert (pdm_filter.alias_db(hz)[hz > 3_000] < 20 * np.log10(np.abs(sinc))[hz > 3_000]).all()


def test_the_picture_shows_the_filter_beside_an_ideal_one():
    picture = pdm_filter.picture()
    assert picture.startswith("<svg ")
    assert picture.count("<polyline") == 3
    assert "this filter" in picture
    assert "ideal" in picture
