import numpy as np
import pytest

from lab.deploy.events import (
    HOP_SECONDS,
    T3_STAYS_HOPS,
    Event,
    EventRule,
    active_hops,
    find_events,
    threshold_code,
)
from lab.errors import BadInput


def slow_rule(hits, rule):
    """The rule in words, one hop after another."""
    on, states, quiet_for = False, [], 10**9
    for end in range(1, len(hits) + 1):
        count = sum(hits[max(0, end - rule.window_hops) : end])
        quiet_for += 1
        was, on = on, count >= (rule.off_hops if on else rule.on_hops)
        on = on and (was or quiet_for >= rule.hold_off_hops)
        if was and not on:
            quiet_for = 0
        states.append(on)
    return states


def test_half_is_the_code_zero():
    assert threshold_code(0.5) == 0
    assert threshold_code(0.7) == 52
    assert threshold_code(1.0) == 127


def test_a_threshold_outside_zero_to_one_is_refused():
    with pytest.raises(BadInput, match="choose 0 to 1"):
        threshold_code(1.5)


def test_the_vectorised_rule_equals_the_loop_on_random_hits():
    rng = np.random.default_rng(7)
    for _ in range(200):
        window = int(rng.integers(1, 40))
        on = int(rng.integers(1, window + 1))
        rule = EventRule(window, on, int(rng.integers(1, on + 1)), hold_off_hops=int(rng.choice([0, 0, 1, 9])))
        codes = rng.integers(-128, 128, int(rng.integers(0, 200)), dtype=np.int8)
        hits = (codes >= threshold_code(0.5)).tolist()
        assert active_hops(codes, 0.5, rule).tolist() == slow_rule(hits, rule)


def test_an_event_is_told_in_seconds_from_the_start():
    codes = np.full(100, -128, np.int8)
    codes[10:60] = 127
    assert find_events(codes, 0.5, EventRule(10, 5, 2), first_hop=31) == [Event(1.44, 3.136)]


def test_silence_has_no_event():
    assert find_events(np.full(500, -128, np.int8), 0.5, EventRule(), first_hop=31) == []


def test_a_rule_that_can_never_end_is_refused():
    with pytest.raises(BadInput, match="off_hops"):
        EventRule(window_hops=10, on_hops=5, off_hops=6)


def test_a_mean_weighs_each_decision_by_its_probability():
    rule = EventRule(4, 4, 4, kind="mean")
    sure_and_not = np.array([-128, -128, 127, 127, -128], np.int8)  # 2 × 255 of 256 against a threshold of a half
    assert active_hops(sure_and_not, 0.5, rule).tolist() == [False, False, False, False, False]
    assert active_hops(sure_and_not, 0.49, rule).tolist() == [False, False, False, True, True]
    assert not active_hops(sure_and_not, 0.49, EventRule(4, 4, 4)).any()


def beats_at(count, *hops):
    found = np.zeros(count, np.bool_)
    found[list(hops)] = True
    return found


def test_a_t3_is_a_rhythm_while_enough_decisions_reach_the_threshold():
    codes = np.full(600, -128, np.int8)
    codes[100:103] = 1
    rule, beats = EventRule(45, 3, 3, kind="t3"), beats_at(600, 90, 130, 300)
    [event] = find_events(codes, 0.5, rule, 0, beats)
    assert (event.start_s, event.end_s) == (130 * HOP_SECONDS, round((130 + T3_STAYS_HOPS - 1) * HOP_SECONDS, 3))
    assert find_events(codes, 0.5, EventRule(45, 4, 4, kind="t3"), 0, beats) == []
    assert find_events(codes, 0.6, rule, 0, beats) == []


def test_a_t3_is_one_event_for_as_long_as_its_rhythm_comes_again():
    codes, beats = np.full(1_200, 127, np.int8), beats_at(1_200, *range(200, 801, 125))
    [event] = find_events(codes, 0.5, EventRule(45, 3, 3, kind="t3"), 0, beats)
    assert event.end_s == round((700 + T3_STAYS_HOPS - 1) * HOP_SECONDS, 3)


def test_any_alarm_is_a_rhythm_or_a_tone_that_stays():
    rule, none = EventRule(200, 140, 100, kind="any"), np.zeros(600, np.bool_)
    tone = np.r_[np.full(100, -124), np.full(300, 124), np.full(200, -124)].astype(np.int8)
    [event] = find_events(tone, 0.5, rule, 0, none)
    assert 3.2 + 5.0 <= event.start_s <= 3.2 + 6.4
    assert 12.8 < event.end_s < 12.8 + 3.2
    assert find_events(tone[:230], 0.5, rule, 0, none[:230]) == []
    [event] = find_events(tone[:230], 0.5, rule, 0, beats_at(230, 140))
    assert event.start_s == 140 * HOP_SECONDS
    assert find_events(tone[:230], 0.5, rule, 0, beats_at(230, 60)) == [], "nothing sounded like an alarm"


@pytest.mark.parametrize("kind", ["t3", "any"])
def test_a_rule_that_asks_for_a_rhythm_must_be_told_of_it(kind):
    with pytest.raises(BadInput, match="whether a rhythm was there"):
        active_hops(np.zeros(9, np.int8), 0.5, EventRule(kind=kind))
    with pytest.raises(BadInput, match="whether a rhythm was there"):
        active_hops(np.zeros(9, np.int8), 0.5, EventRule(kind=kind), np.zeros(8, np.bool_))


def test_after_an_event_none_starts_for_the_hold_off():
    codes = np.tile(np.r_[np.full(50, 127), np.full(50, -128)].astype(np.int8), 10)
    assert len(find_events(codes, 0.5, EventRule(10, 5, 5), first_hop=0)) == 10
    assert len(find_events(codes, 0.5, EventRule(10, 5, 5, hold_off_hops=120), first_hop=0)) == 5


def test_a_rule_of_no_kind_is_refused():
    with pytest.raises(BadInput, match="choose one of count, mean, t3, any"):
        EventRule(kind="median")
    with pytest.raises(BadInput, match="hold_off_hops"):
        EventRule(hold_off_hops=-1)
