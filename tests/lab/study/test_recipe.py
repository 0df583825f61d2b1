import pytest

from lab.deploy.detector import Detector
from lab.deploy.twin import Twin
from lab.errors import Cancelled
from lab.learn.embedded import Amount
from lab.learn.schedule import Schedule
from lab.sound import synth
from lab.study import recipe
from tests.lab.learn.sounds import TINY

SMALL = recipe.Budget(
    amount=Amount(train=60, validate=10, test=10, seconds=3.0, stride=4_000, hard=(("t4", 3),)),
    stages=tuple(Schedule(stage, 1, 5e-3) for stage in ("baseline", "head", "all layers")),
    qat=Schedule("QAT", 1, 1e-4),
    rule_scenes=4,
    rule_hours=0.1,
)


@pytest.fixture(scope="module")
def made():
    told = []
    trained = recipe.train_default(3, lambda done, total, message: told.append((done, total)), budget=SMALL, arch=TINY)
    return trained, told


def test_the_parts_make_a_detector_that_hears(made):
    trained, _ = made
    detector = Detector("Fire alarm", trained.tflite, trained.spec, trained.labels, ("alarm",), trained.threshold,
                        trained.rule)  # fmt: skip
    hearing = Twin(detector).hear(synth.test_alarm("t3", 3.0))
    assert len(hearing.codes) == 3 * 16_000 // 512 - 31 + 1


def test_every_stage_is_in_the_history(made):
    trained, _ = made
    assert [row["stage"] for row in trained.history] == ["baseline", "head", "all layers", "QAT"]
    assert trained.dataset.startswith("synthetic:")
    assert set(trained.scores) >= {"windows", "int8", "rule"}


def test_the_rule_asks_for_a_rhythm_or_a_tone_that_stays(made):
    trained, _ = made
    assert (trained.rule.kind, trained.rule.window_hops) == ("any", recipe.LASTING_HOPS)


def test_progress_counts_up_to_a_hundred(made):
    _, told = made
    assert told == sorted(told)
    assert told[-1] == (100, 100)


def test_a_callback_that_raises_stops_it():
    def stop(done, total, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        recipe.train_default(3, stop, budget=SMALL, arch=TINY)
