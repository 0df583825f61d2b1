import pytest

from lab.sound.leaks import Leaks, leaks, window_count


@pytest.mark.parametrize(("seconds", "count"), [(0.5, 0), (1.0, 1), (1.24, 1), (1.25, 2), (5.0, 17)])
def test_a_clip_has_a_window_each_quarter_second(seconds, count):
    assert window_count(seconds) == count


def test_one_recording_leaks_every_window_that_is_tested():
    assert leaks([("take", 5.0)] * 10) == Leaks(170, 34, 34)


def test_a_recording_a_window_leaks_nothing():
    assert leaks((f"take {n}", 1.0) for n in range(100)) == Leaks(100, 20, 0)


def test_nothing_leaks_nothing():
    assert leaks([]) == Leaks(0, 0, 0)
