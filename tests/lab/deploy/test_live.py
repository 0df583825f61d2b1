import numpy as np
import pytest

from lab.deploy import live
from lab.deploy.live import LiveTwin
from lab.deploy.prepared import prepared_detector
from lab.deploy.twin import Twin
from lab.sound import synth


def pushed(detector, samples, seed=0):
    rng, twin, hops, start = np.random.default_rng(seed), LiveTwin(detector), [], 0
    while start < len(samples):
        count = int(rng.integers(1, 2_000))
        hops += twin.push(samples[start : start + count])
        start += count
    return hops


@pytest.fixture(scope="module")
def sound():
    """An alarm that stops, and comes back."""
    alarm, quiet = synth.test_alarm("t3", 9.0), np.zeros(16_000 * 8, np.int16)
    return np.concatenate([alarm, quiet, alarm])


def test_sound_in_pieces_gives_the_codes_and_events_of_the_whole(sound):
    detector = prepared_detector()
    whole = Twin(detector).hear(sound)
    hops = pushed(detector, sound)
    assert [hop.code for hop in hops] == whole.codes.tolist()
    assert [hop.number for hop in hops] == list(range(whole.first_hop, whole.first_hop + len(hops)))
    assert len(whole.events) == 2
    for event in whole.events:
        assert all(hop.active for hop in hops if event.start_s - 1e-6 <= hop.t_s <= event.end_s + 1e-6)
    assert sum(hop.active for hop in hops) == sum(round((e.end_s - e.start_s) / 0.032) + 1 for e in whole.events)


def test_old_codes_are_forgotten_without_changing_an_event(sound, monkeypatch):
    detector = prepared_detector()
    expected = pushed(detector, sound)
    monkeypatch.setattr(live, "KEPT_HOPS", 130)
    monkeypatch.setattr(live, "TRIM_HOPS", 200)
    assert pushed(detector, sound, seed=3) == expected
