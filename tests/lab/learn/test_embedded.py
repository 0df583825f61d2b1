import numpy as np
import pytest

from lab.errors import BadInput, Cancelled
from lab.learn import embedded
from lab.sound import features, synth
from lab.sound.features import DEFAULT

SMALL = embedded.Amount(train=30, validate=6, test=6, seconds=2.0, stride=8_000, hard=(("t4", 2),))


def test_any_number_of_helpers_makes_the_same():
    one, two = (embedded.make(5, DEFAULT, SMALL, processes=count) for count in (1, 2))
    assert np.array_equal(one.train.windows, two.train.windows)
    assert np.array_equal(one.train.classes, two.train.classes)
    assert one.dataset == two.dataset


def test_another_seed_is_another_data_set():
    small = embedded.Amount(1, 1, 1, 1.0, 8_000, hard=())
    assert embedded.make(1, DEFAULT, small, 1).dataset != embedded.make(2, DEFAULT, small, 1).dataset


def test_windows_are_those_of_the_scenes_in_the_order_of_the_plan():
    made = embedded.make(5, DEFAULT, SMALL)
    family, seed = synth.plan(SMALL.train, 5, "train", SMALL.alarms)[0]
    scene = synth.render(family, seed, SMALL.seconds)
    labels = synth.window_labels(scene, np.array([0, 8_000, 16_000]), DEFAULT.window_len)
    whole = features.windows(scene.samples, DEFAULT, stride=8_000)
    kept = whole[labels[: len(whole)] >= 0]
    assert np.array_equal(made.train.windows[made.train.clips == 0], kept)


def test_between_two_tones_an_alarm_scene_is_background():
    amount = embedded.Amount(seconds=6.0, stride=1_600)
    made = embedded.windows_of("t3", 3, DEFAULT, amount)
    assert {embedded.KINDS[kind] for kind in made.classes.tolist()} == {"T3", "background"}


def test_a_detector_hears_alarm_kinds_as_class_zero():
    made = embedded.make(5, DEFAULT, SMALL)
    alarms = embedded.as_detector(made)
    kinds = {embedded.KINDS[kind] for kind in made.train.classes[alarms.train.classes == 0].tolist()}
    assert kinds <= set(embedded.ALARM_KINDS)
    assert alarms.labels == ("alarm", "not_alarm")


def test_a_callback_that_raises_ends_the_helpers():
    def stop(done, total, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        embedded.make(5, DEFAULT, SMALL, on_progress=stop)


def test_no_process_at_all_is_refused():
    with pytest.raises(BadInput, match="at least one process"):
        embedded.make(5, DEFAULT, SMALL, processes=0)
