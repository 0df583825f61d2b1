import numpy as np
import pytest

from lab.deploy.prepared import prepared_detector
from lab.deploy.reference import ReferenceModel
from lab.deploy.rehead import Headless
from lab.deploy.tflite import read_graph
from lab.deploy.twin import Twin
from lab.errors import BadInput
from lab.sound import features, synth
from lab.sound.clip import Clip
from lab.sound.datasets import Item, split
from lab.sound.files import wav_bytes
from lab.study import teach
from lab.study.relearn import Fit


def item(samples, label, recording):
    return Item(wav_bytes(Clip(np.array(samples), "", "")), label, recording)


@pytest.fixture(scope="module")
def lesson():
    """A lesson on a pea whistle that the prepared detector takes for an alarm."""
    whistle = synth.render("referee", 113, 4.0).samples
    own = split([item(whistle, "not_alarm", "whistle")])
    return teach.teach(prepared_detector(), own, "taught")


def test_what_was_wrong_is_right_afterwards_and_strangers_stay_about_as_they_were(lesson):
    _, report = lesson
    own, alarms, others = (
        report["held_out"][name]
        for name in ("the sounds it was taught", "alarms of other makers", "other sounds, alarm-like ones too")
    )
    assert own["before"] < 0.6
    assert own["after"] > 0.95
    assert alarms["after"] > alarms["before"] - 0.15
    assert others["after"] > others["before"] - 0.05
    assert alarms["windows"] > 100


def test_a_taught_detector_still_hears_the_test_alarm(lesson):
    assert Twin(lesson[0]).hear(synth.test_alarm("t3", 10.0)).events


def test_only_the_dense_layers_change(lesson):
    before, after = (read_graph(detector.model) for detector in (prepared_detector(), lesson[0]))
    head = {index for each in Headless(prepared_detector().model)._operators for index in each.inputs[1:]}
    changed = {
        old.index
        for old, new in zip(before.tensors, after.tensors, strict=True)
        if old.data is not None and not np.array_equal(old.data, new.data)
    }
    assert changed
    assert changed <= head
    assert [each.name for each in before.operators] == [each.name for each in after.operators]


def test_dense_layers_put_back_unchanged_give_the_same_codes():
    model = prepared_detector().model
    headless = Headless(model)
    windows = features.hop_windows(synth.test_alarm("t3", 3.0), prepared_detector().spec)[::9, ..., None]
    same = headless.with_layers(headless.layers)
    assert np.array_equal(ReferenceModel(same).run(windows), ReferenceModel(model).run(windows))


def test_body_and_dense_layers_are_the_model():
    """Within a code or two: between its layers the int8 model rounds, and this does not."""
    detector = prepared_detector()
    headless = Headless(detector.model)
    windows = features.hop_windows(synth.test_alarm("sweep", 3.0), detector.spec)[::7]
    x = headless.features(ReferenceModel(headless.body()).run(windows[..., None]))
    got = Fit(headless).outputs(x)[:, 0]
    want = (Twin(detector).window_codes(windows).astype(float) + 128) / 256
    assert np.abs(got - want).max() < 0.05


def test_a_lesson_without_a_usable_sound_is_refused():
    short = split([item(np.ones(4_000, np.int16), "alarm", "short")])
    with pytest.raises(BadInput, match="record longer"):
        teach.teach(prepared_detector(), short, "taught")


def test_a_model_without_dense_layers_is_refused():
    body = Headless(prepared_detector().model).body()
    with pytest.raises(BadInput, match="dense layers"):
        Headless(body)
