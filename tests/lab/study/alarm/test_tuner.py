from dataclasses import replace

import numpy as np
import pytest

from lab.deploy.events import EventRule
from lab.deploy.prepared import prepared_detector
from lab.deploy.twin import Hearing
from lab.errors import BadInput
from lab.study.alarm import choosing, tuner

QUIET, LOUD = np.full(400, -128, np.int8), np.full(400, 120, np.int8)


def heard(rhythms=True):
    """Two alarms: one that is plain, one of which nothing is heard; and a quiet stretch with one short mistake."""
    mistaken = QUIET.copy()
    mistaken[100:110] = 127
    plain = np.concatenate([np.full(40, -128, np.int8), LOUD])
    alarms = hearing(plain, np.arange(len(plain)) >= 190), hearing(QUIET)
    return tuner.Heard(alarms, (1.5, 1.5), (True, False), (hearing(mistaken),), 0.5, rhythms)


def hearing(codes, beats=None):
    return Hearing(codes, 31, np.zeros(len(codes), np.bool_) if beats is None else beats, ())


def test_misses_and_false_alarms_are_counted_for_each_rule():
    rows = tuner.choices(heard(), (0.5,), (EventRule(1, 1, 1), EventRule(20, 20, 20)))
    hasty, patient = rows
    assert (hasty["missed"], hasty["false_alarms"], hasty["per_hour"]) == (0.5, 1, 2.0)
    assert (patient["missed"], patient["false_alarms"]) == (0.5, 0)
    assert patient["delay_s"] > hasty["delay_s"]


def test_a_rhythm_is_asked_for_only_where_the_features_can_tell_it():
    rules = (EventRule(), EventRule(45, 3, 3, kind="t3"), EventRule(500, 300, 250, kind="any"))
    assert [row["rule"]["kind"] for row in tuner.choices(heard(), (0.5,), rules)] == ["count", "t3", "any"]
    assert [row["rule"]["kind"] for row in tuner.choices(heard(rhythms=False), (0.5,), rules)] == ["count"]
    t3 = tuner.choices(heard(), (0.5,), rules)[1]
    assert (t3["missed"], t3["delay_s"]) == (0.0, round((31 + 190) * 0.032 - 1.5, 2))


def test_the_choice_is_the_one_that_misses_least_within_the_limit():
    rows = [
        {"threshold": t, "rule": EventRule().to_json(), "missed": missed, "per_hour": rate, "delay_s": 1.0}
        for t, missed, rate in ((0.3, 0.01, 9.0), (0.5, 0.05, 2.0), (0.7, 0.10, 0.5))
    ]
    assert choosing.best(rows, 10)["threshold"] == 0.3
    assert choosing.best(rows, 2)["threshold"] == 0.5
    assert choosing.best(rows, 0.1)["threshold"] == 0.7, "none is quiet enough: the quietest"
    with pytest.raises(BadInput, match="t3"):
        choosing.best(rows, 1, choosing.T3_ONLY)


def test_the_choice_goes_into_the_detector_and_old_scores_do_not():
    [row] = tuner.choices(heard(), (0.7,), (EventRule(100, 50, 50, kind="t3"),))
    before = replace(prepared_detector(), scores={"windows": {}})
    after = choosing.with_choice(before, row)
    assert (after.threshold, after.rule.kind, after.scores) == (0.7, "t3", {})
    assert type(after).from_bytes(after.to_bytes()) == after


def test_listening_hears_alarms_of_known_onset_and_hours_of_other_sounds():
    found = tuner.listen(prepared_detector(), scenes=4, hours=0.1)
    assert len(found.alarms) == len(found.onsets_s) == len(found.t3) <= 4
    assert all(0 <= onset <= 4 for onset in found.onsets_s)
    assert found.hours == pytest.approx(1 / 6, rel=0.01)
    rows = tuner.choices(found, (0.5,), (EventRule(),))
    assert 0 <= rows[0]["missed"] <= 1
