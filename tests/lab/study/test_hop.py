import numpy as np
import pytest

from lab.deploy import pdm
from lab.deploy.prepared import prepared_detector
from lab.deploy.twin import Twin
from lab.errors import BadInput, Missing
from lab.sound import features, synth
from lab.sound.features import cmsis
from lab.study.hop import step_through


@pytest.fixture(scope="module")
def detector():
    return prepared_detector()


@pytest.fixture(scope="module")
def heard():
    alarm = synth.test_alarm("t3", 2.0, -14.0)
    try:
        return pdm.capture(alarm)
    except Missing:
        return alarm


def test_the_last_stage_is_what_the_twin_decides_at_every_hop(detector, heard):
    hearing = Twin(detector).hear(heard)
    hops = range(hearing.first_hop, hearing.first_hop + len(hearing.codes))
    assert [step_through(detector, heard, hop).code for hop in hops] == hearing.codes.tolist()


def test_each_stage_is_made_of_the_one_before(detector, heard):
    hop = step_through(detector, heard, 50)
    window, spectrum, seen, *layers = hop.stages
    assert np.array_equal(window.values, heard[50 * 512 - 16_000 : 50 * 512])
    assert np.array_equal(spectrum.values[-1], cmsis.magnitudes(window.values[None, -256:])[0])
    assert np.array_equal(seen.values, features.hop_windows(heard, detector.spec, 50)[0])
    assert layers[-1].values.reshape(-1).tolist() == [hop.code]
    assert len(layers) >= 5
    assert not any("RESHAPE" in stage.title for stage in layers)


def test_before_power_on_there_was_silence(detector, heard):
    window = step_through(detector, heard, 31).stages[0].values
    assert len(window) == 16_000
    assert not window[:128].any()


@pytest.mark.parametrize("number", [0, 30, 63])
def test_a_hop_that_decides_nothing_is_refused(detector, heard, number):
    with pytest.raises(BadInput, match="the first decision is at 31, the last at 62"):
        step_through(detector, heard, number)
