import numpy as np
import pytest

from lab.deploy.events import Event, EventRule, active_hops, find_events, threshold_code
from lab.errors import BadInput


def slow_rule(hits, rule):
    """The rule as the board's loop states it, one hop after another."""
    on, states = False, []
    for end in range(1, len(hits) + 1):
        count = sum(hits[max(0, end - rule.window_hops) : end])
        on = count >= (rule.off_hops if on else rule.on_hops)
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
        rule = EventRule(window, on, int(rng.integers(1, on + 1)))
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
