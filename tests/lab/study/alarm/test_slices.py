import numpy as np
import pytest

from lab.deploy.prepared import prepared_detector
from lab.errors import BadInput, Cancelled
from lab.sound.synth.staged import LEAD_S, Stage, staged
from lab.study.alarm import slices
from lab.study.alarm.contenders import Contender, usual

SMALL = slices.Slice(
    "small", "T3: pitch and level", slices.Axis("freq_hz", (3_000.0, 3_150.0), "pitch, Hz"),
    slices.Axis("level_db", (-85.0, -20.0), "level, dBFS"),
)  # fmt: skip


def spectrum_peak_hz(samples):
    return np.abs(np.fft.rfft(samples.astype(float) * np.hanning(len(samples)))).argmax() * 16_000 / len(samples)


def test_a_stage_sounds_at_its_pitch_after_the_lead():
    for freq in (2_600.0, 3_150.0, 3_800.0):
        samples = staged(Stage("continuous", freq, snr_db=40, rt60_s=0.0), seed=1)
        lead, alarm = samples[: int(LEAD_S * 16_000)], samples[int(LEAD_S * 16_000) :]
        assert spectrum_peak_hz(alarm[:32_000]) == pytest.approx(freq, rel=0.01)
        assert np.abs(alarm).max() > 10 * np.abs(lead).max()


def test_noise_and_tone_stand_as_the_stage_says():
    tone = staged(Stage("continuous", 3_150.0, -20, 120, 0.0, -120), seed=4)[int(LEAD_S * 16_000) :].astype(float)
    both = staged(Stage("continuous", 3_150.0, -20, 10, 0.0, -120), seed=4)[: int(LEAD_S * 16_000)].astype(float)
    ratio_db = 20 * np.log10(np.sqrt(np.mean(tone**2)) / np.sqrt(np.mean(both**2)))
    assert abs(ratio_db - 10) < 12, "the microphone's response lies between the two, up to ±9 dB"


def test_equal_seeds_give_equal_sounds_and_others_other_ones():
    assert (staged(Stage(), 3) == staged(Stage(), 3)).all()
    assert (staged(Stage(), 3) != staged(Stage(), 4)).any()


@pytest.mark.parametrize(
    "change", [{"freq_hz": 20.0}, {"level_db": 3.0}, {"pattern": "t5"}, {"snr_db": 500.0}, {"rt60_s": -1.0}], ids=str
)
def test_an_impossible_stage_is_refused(change):
    with pytest.raises(BadInput, match="cannot be staged"):
        Stage().but(**change)


def test_a_loud_alarm_is_found_and_one_under_the_noise_is_not():
    told = []
    contenders = [Contender("prepared", prepared_detector())]
    [picture] = slices.measure(contenders, SMALL, trials=2, on_progress=lambda *step: told.append(step[:2]))
    assert picture["found"] == [[0.0, 0.0], [1.0, 1.0]]
    assert 0.2 < picture["delay_s"]["median"] <= slices.WITHIN_S
    assert told[-1] == (8, 8)


def test_those_who_share_a_model_hear_the_same_and_decide_by_their_own_rule():
    published, shipped = usual()[1:]
    assert published.detector.model == shipped.detector.model
    found = slices.measure([published, shipped], SMALL)
    assert np.sum(found[1]["found"]) >= np.sum(found[0]["found"])
    assert found[1]["delay_s"]["median"] < 1.5, "any hop is an alarm at once"


def test_an_event_that_was_on_before_the_tone_does_not_count():
    active = np.ones(200, bool)
    assert np.isnan(slices.delay(active, first_hop=31))
    active[60:80] = False
    assert slices.delay(active, first_hop=31) == pytest.approx((31 + 80) * 0.032 - LEAD_S)


def test_cancel_stops_it():
    def stop(done, total, message):
        raise Cancelled

    with pytest.raises(Cancelled):
        slices.measure([Contender("prepared", prepared_detector())], slices.SLICES["level"], on_progress=stop)


def test_each_rhythm_meets_each_kind_of_rule():
    made = slices.by_rule(Contender("prepared", prepared_detector()), trials=2, seed=3)
    rules, [picture] = made["x"]["values"], made["pictures"]
    found = {rhythm: dict(zip(rules, row, strict=True)) for rhythm, row in
             zip(made["y"]["values"], picture["found"], strict=True)}  # fmt: skip
    assert set(found) == {"t3", "continuous", "sweep", "t4"}
    assert found["t3"]["any hop"] == 1
    assert found["continuous"]["T3 rhythm"] == found["t4"]["T3 rhythm"] == 0
    assert found["t4"]["any hop"] >= found["t4"]["its own"]
