import numpy as np
import pytest

from lab.sound.synth import Scene
from lab.study.heldout import _lasts


@pytest.mark.parametrize(
    ("segments", "lasts"),
    [
        (((0.0, 20.0),), True), (((3.9, 4.4), (19.0, 19.5)), True), (((0.0, 12.0),), False), (((9.0, 20.0),), False),
        ((), False),
    ],
    ids=["throughout", "between pauses", "ends early", "begins late", "no tone"],
)  # fmt: skip
def test_events_are_asked_of_alarms_that_sound_from_first_to_last(segments, lasts):
    assert _lasts(Scene(np.zeros(320_000, np.int16), segments, "T3", "t3_horn")) == lasts
