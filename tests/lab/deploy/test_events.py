import numpy as np
import pytest

from lab.deploy.events import (
    HOP_SECONDS,
    ODDS,
    SURE,
    T3,
    T3_LOOK_BACK,
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


def codes_of_t3(groups, cycle_s=4.0, before_s=2.0, tone=124, pause=-124):
    """The codes of a T3 as a detector of one-second windows gives them: 3 s of tone, the rest pause."""
    codes = np.full(round((before_s + groups * cycle_s) / HOP_SECONDS), pause, np.int8)
    for group in range(groups):
        start = before_s + group * cycle_s
        codes[round((start + 0.25) / HOP_SECONDS) : round((start + 0.75 * cycle_s) / HOP_SECONDS)] = tone
    return codes


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


def slow_rhythm(weights, rule):
    """Whether a T3 is complete at each decision, span by span, in fractions."""
    found = []
    for now in range(1, len(weights) + 1):
        past = [weights[now - ago] if ago <= now else 0 for ago in range(T3_LOOK_BACK + 1, 0, -1)]

        def mean(*spans, past=past):
            hops = [past[T3_LOOK_BACK + 1 - ago] for start, end in spans for ago in range(end + 1, start + 1)]
            return sum(hops) / len(hops)

        found.append(any(
            min(mean(tone) for tone in rhythm.tones) - max(mean(pause) for pause in rhythm.pauses)
            >= 2 * SURE * rule.off_hops / rule.window_hops - 1e-9
            for rhythm in T3
        ))  # fmt: skip
    return found


def test_a_rhythm_is_a_contrast_between_groups_and_pauses():
    rng = np.random.default_rng(2)
    codes = codes_of_t3(3, tone=114, pause=-114)
    codes = np.clip(codes + rng.integers(-40, 41, len(codes)), -128, 127).astype(np.int8)
    rule = EventRule(100, 45, 45, kind="t3")
    weights = [max(-SURE, min(SURE, ODDS[code + 128] - ODDS[128])) + SURE for code in codes.tolist()]
    found = slow_rhythm(weights, rule)
    stays = [any(found[max(0, now - T3_STAYS_HOPS + 1) : now + 1]) for now in range(len(found))]
    assert active_hops(codes, 0.5, rule).tolist() == stays
    assert 0 < sum(stays) < len(stays)


def test_any_alarm_hears_a_rhythm_and_a_tone_that_stays():
    rule = EventRule(200, 140, 100, kind="any")
    [event] = find_events(codes_of_t3(4), 0.5, rule, first_hop=0)
    assert 6.8 <= event.start_s <= 8.5
    tone = np.r_[np.full(100, -124), np.full(300, 124), np.full(200, -124)].astype(np.int8)
    [event] = find_events(tone, 0.5, rule, first_hop=0)
    assert 3.2 + 5.0 <= event.start_s <= 3.2 + 6.4
    assert 12.8 < event.end_s < 12.8 + 3.2
    assert find_events(tone[:230], 0.5, rule, first_hop=0) == []


@pytest.mark.parametrize("cycle_s", [3.6, 3.8, 4.0, 4.2, 4.4])
def test_two_groups_at_any_lawful_speed_are_a_t3(cycle_s):
    rule = EventRule(100, 70, 70, kind="t3")
    [event] = find_events(codes_of_t3(4, cycle_s), 0.5, rule, first_hop=0)
    assert cycle_s + 1.0 <= event.start_s - 2.0 <= cycle_s + 2.3, "in the second group"


@pytest.mark.parametrize(
    "codes",
    [np.full(2_000, 127, np.int8), codes_of_t3(1), codes_of_t3(5, cycle_s=2.4), codes_of_t3(5, cycle_s=5.6)],
    ids=["continuous", "one group", "too fast", "too slow"],
)
def test_other_rhythms_are_no_t3(codes):
    assert find_events(codes, 0.5, EventRule(100, 70, 70, kind="t3"), first_hop=0) == []
    assert find_events(codes, 0.5, EventRule(), first_hop=0)


def test_a_tone_that_begins_after_silence_and_stays_is_no_rhythm():
    codes = np.r_[np.full(100, -124), np.full(900, 124)].astype(np.int8)
    assert find_events(codes, 0.5, EventRule(100, 10, 10, kind="t3"), first_hop=0) == []


def test_a_t3_is_one_event_for_as_long_as_it_sounds():
    codes = np.concatenate([codes_of_t3(10), np.full(400, -128, np.int8)])
    [event] = find_events(codes, 0.5, EventRule(100, 70, 70, kind="t3"), first_hop=0)
    assert 40 <= event.end_s <= 48


def test_after_an_event_none_starts_for_the_hold_off():
    codes = np.tile(np.r_[np.full(50, 127), np.full(50, -128)].astype(np.int8), 10)
    assert len(find_events(codes, 0.5, EventRule(10, 5, 5), first_hop=0)) == 10
    assert len(find_events(codes, 0.5, EventRule(10, 5, 5, hold_off_hops=120), first_hop=0)) == 5


def test_a_rule_of_no_kind_is_refused():
    with pytest.raises(BadInput, match="choose one of count, mean, t3, any"):
        EventRule(kind="median")
    with pytest.raises(BadInput, match="hold_off_hops"):
        EventRule(hold_off_hops=-1)
