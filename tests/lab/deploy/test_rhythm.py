"""The rhythm of a T3 in rows: against a loop in words, and against sounds."""

from itertools import pairwise

import numpy as np
import pytest

from lab.deploy import rhythm
from lab.deploy.rhythm import CLEAR_SHARE, LOOK_BACK, SPAN_HOPS, SPEEDS, beats, can_tell, in_codes, levels
from lab.sound import synth
from lab.sound.features import hop_rows
from lab.sound.features.spec import DEFAULT, PUBLISHED
from lab.sound.synth.staged import LEAD_S, Stage, staged

HOP_S = 0.032


def heard_of(samples):
    return beats(levels(hop_rows(samples, DEFAULT), DEFAULT), DEFAULT)


def slow_beats(heard):
    """The rhythm in words, one hop, band and speed after another."""
    contrast, spread, flutter, below = (
        in_codes(db, DEFAULT) for db in (rhythm.CONTRAST_DB, rhythm.SPREAD_DB, rhythm.FLUTTER_DB, rhythm.BELOW_DB)
    )
    past = np.concatenate([np.zeros((LOOK_BACK, heard.shape[1]), int), heard.astype(int)])

    def fits(end, band, speed):
        looks = [(look.tone, past[end - look.ago : end - look.ago + SPAN_HOPS, band]) for look in speed]
        means = [codes.mean() for _, codes in looks]
        places = [place for place, (tone, _) in enumerate(looks) if tone]
        rises = []
        for newer, older in pairwise([*places, len(looks)]):
            sides = [newer, older] if older < len(looks) else [newer]
            rises += [means[side] - means[gap] for side in sides for gap in range(newer + 1, older)]
        loudest = past[end - speed[0].ago : end - speed[0].ago + SPAN_HOPS].mean(axis=0).max()
        if means[0] < loudest - below:
            return False
        tones = [codes for tone, codes in looks if tone]
        apart = max(each.mean() for each in tones) - min(each.mean() for each in tones)
        clear = min(rises) >= max(contrast, (max(means) - min(means)) / CLEAR_SHARE)
        return clear and apart <= spread and np.mean([each.var() for each in tones]) <= flutter**2

    return [
        any(fits(end, band, speed) for band in range(heard.shape[1]) for speed in SPEEDS)
        for end in range(LOOK_BACK + 1, len(past) + 1)
    ]


@pytest.fixture(scope="module")
def alarm():
    """Levels of a T3 in a noisy room, three bands of them."""
    samples = staged(Stage(snr_db=4.0, level_db=-30.0), 11, LEAD_S + 9)
    return levels(hop_rows(samples, DEFAULT), DEFAULT)[:, 11:14]


def test_the_quick_answer_equals_the_loop_in_words(alarm):
    rng = np.random.default_rng(4)
    noisy = np.clip(alarm + rng.integers(-14, 15, alarm.shape), 0, 255).astype(np.uint8)
    for heard in (alarm, noisy):
        found = beats(heard, DEFAULT)
        assert found.tolist() == slow_beats(heard)
    assert beats(alarm, DEFAULT).any()


def test_pieces_give_the_answers_of_the_whole(alarm):
    whole = beats(alarm, DEFAULT)
    pieces = [beats(alarm[max(0, end - 40 - LOOK_BACK) : end], DEFAULT, 40) for end in range(40, len(alarm), 40)]
    assert np.concatenate(pieces).tolist() == whole[: 40 * len(pieces)].tolist()


def test_every_speed_looks_in_the_same_order_and_begins_alike():
    assert {tuple(look.tone for look in speed) for speed in SPEEDS} == {tuple(look.tone for look in SPEEDS[0])}
    assert {speed[:2] for speed in SPEEDS} == {rhythm.NEWEST}
    for speed in SPEEDS:
        assert [look.ago for look in speed] == sorted(look.ago for look in speed)
        assert speed[0].ago >= SPAN_HOPS, "what is looked at has been heard"
    assert LOOK_BACK <= 255, "the board keeps a distance in a byte"


@pytest.mark.parametrize("freq_hz", [520.0, 2_950.0, 3_150.0, 3_400.0])
@pytest.mark.parametrize("seed", range(4))
def test_a_t3_of_any_lawful_timing_is_heard_in_its_second_group(freq_hz, seed):
    found = heard_of(staged(Stage(freq_hz=freq_hz, snr_db=12.0), seed))
    first_s = (int(np.argmax(found)) + 1) * HOP_S - LEAD_S
    assert found.any()
    assert 4.2 <= first_s <= 6.2


@pytest.mark.parametrize("pattern", ["t4", "continuous", "sweep"])
@pytest.mark.parametrize("seed", range(4))
def test_other_alarms_have_no_such_rhythm(pattern, seed):
    assert not heard_of(staged(Stage(pattern=pattern), seed, 30.0)).any()


@pytest.mark.parametrize("pulse_s", [0.5, 0.75, 1.5])
def test_tones_that_come_evenly_are_no_t3(pulse_s):
    t = np.arange(16_000 * 20) / 16_000
    tone = np.sin(2 * np.pi * 3_150 * t) * (t % (2 * pulse_s) < pulse_s) * 8_000
    assert not heard_of(tone.astype(np.int16)).any()


def test_an_even_second_between_tones_is_no_t3_without_the_pause():
    t = np.arange(16_000 * 20) / 16_000
    assert not heard_of((np.sin(2 * np.pi * 3_150 * t) * (t % 1.0 < 0.5) * 8_000).astype(np.int16)).any()


def test_tones_that_fade_as_bells_do_are_no_t3():
    samples = np.zeros(16_000 * 14)
    t = np.arange(16_000 // 2) / 16_000
    stroke = np.sin(2 * np.pi * 3_150 * t) * np.exp(-t / 0.12) * 12_000
    for group in range(3):
        for pulse in range(3):
            start = round(16_000 * (1.0 + 4.0 * group + pulse))
            samples[start : start + len(stroke)] += stroke
    assert not heard_of(samples.astype(np.int16)).any()


def test_speech_and_music_have_none():
    families = ("speech", "band_music", "xylophone", "songbird", "kettle", "timer")
    assert not any(heard_of(synth.render(family, 3, 20.0).samples).any() for family in families)


def test_levels_of_finer_rows_are_their_mean_over_the_hop():
    spec = DEFAULT.but(name="finer", pool_frames=2, rows=62)
    rows = np.arange(4 * 32, dtype=np.uint8).reshape(4, 32)
    assert levels(rows, spec).tolist() == [list(range(16, 48)), list(range(80, 112))]


def test_only_logarithmic_codes_can_tell():
    assert can_tell(DEFAULT)
    assert can_tell(DEFAULT.but(name="absolute", compression="log2"))
    assert not can_tell(PUBLISHED)
    assert not can_tell(DEFAULT.but(name="linear", compression="linear", steps=2_000.0))
