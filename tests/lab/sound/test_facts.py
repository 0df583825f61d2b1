import numpy as np

from lab.sound.facts import clipped, peak


def samples(*values):
    return np.array(values, np.int16)


def test_the_peak_is_a_share_of_full_scale_whichever_its_sign():
    assert peak(samples(0, -32_768, 5)) == 1.0
    assert peak(samples(16_384, -3)) == 0.5
    assert peak(samples()) == 0.0


def test_flat_tops_are_clipped_and_a_lone_peak_is_not():
    assert clipped(samples(0, 32_767, 0, -32_768, 0)) == 0
    assert clipped(samples(0, 32_767, 32_767, 32_767, 0, -32_768, -32_767)) == 5
    assert clipped(samples(32_767, -32_768, 32_767)) == 0
