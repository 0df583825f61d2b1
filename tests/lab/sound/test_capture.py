from fractions import Fraction

import av
import numpy as np
import pytest

from lab.errors import BadInput
from lab.sound.capture import Cutter, Gap, Intake

FRAME = 960


def frames(count, tone_hz=1_000.0, skip=()):
    """Yield 20 ms frames as a browser sends them: 48 kHz, stereo, with time stamps; some never come."""
    time_s = np.arange(count * FRAME) / 48_000
    mono = np.rint(8_000 * np.sin(2 * np.pi * tone_hz * time_s)).astype(np.int16)
    for place in range(count):
        if place in skip:
            continue
        part = np.repeat(mono[place * FRAME : (place + 1) * FRAME], 2)[None]
        frame = av.AudioFrame.from_ndarray(part, "s16", "stereo")
        frame.sample_rate, frame.pts, frame.time_base = 48_000, place * FRAME, Fraction(1, 48_000)
        yield frame


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def heard(stream, clock=None):
    clock = clock or Clock()
    intake, parts = Intake(clock), []
    for frame in stream:
        clock.now += 0.02
        parts.append(intake.take(frame))
    return intake, np.concatenate(parts)


def test_a_stereo_stream_of_48_khz_becomes_mono_of_16_khz_with_its_tone():
    intake, samples = heard(frames(100))
    spectrum = np.abs(np.fft.rfft(samples[:16_000] * np.hanning(16_000)))
    assert abs(len(samples) - 32_000) < 100
    assert int(spectrum.argmax()) == 1_000
    assert np.abs(samples[1_000:30_000]).max() == pytest.approx(8_000, rel=0.02)
    assert intake.tally.gaps == ()
    assert intake.tally.share > 0.998


def test_a_gap_is_told_and_what_follows_stays_in_time():
    _, whole = heard(frames(100))
    intake, samples = heard(frames(100, skip=(40, 41, 70)))
    assert [gap.missing for gap in intake.tally.gaps] == [640, 320]
    assert intake.tally.gaps[0].at == pytest.approx(40 * 320, abs=40)
    assert len(samples) == pytest.approx(len(whole), abs=8)
    assert np.abs(samples[45 * 320 : 65 * 320].astype(int) - whole[45 * 320 : 65 * 320]).max() < 300
    assert np.abs(samples[40 * 320 + 60 : 42 * 320 - 60]).max() < 100
    assert intake.tally.missing == 960


def test_sound_that_a_stalled_sender_never_sent_lowers_the_share():
    clock = Clock()
    intake = Intake(clock)
    for place, frame in enumerate(frames(100)):
        clock.now += 0.02 if place != 50 else 0.52
        intake.take(frame)
    assert intake.tally.share == pytest.approx(0.8, abs=0.01)


def test_a_take_is_cut_into_clips_without_a_sample_between():
    cutter = Cutter("alarm", "take-1", 1.0)
    samples = np.arange(40_000, dtype=np.int16)
    cuts = [cut for start in range(0, 40_000, 320) for cut in cutter.push(samples[start : start + 320])]
    assert [len(cut.clip.samples) for cut in cuts] == [16_000, 16_000]
    assert np.array_equal(np.concatenate([cut.clip.samples for cut in cuts]), samples[:32_000])
    assert {(cut.clip.label, cut.clip.recording_id) for cut in cuts} == {("alarm", "take-1")}
    assert cutter.held_s == 0.5
    assert cutter.rest() is None  # half a second gives no window


def test_a_rest_of_a_second_is_kept():
    cutter = Cutter("alarm", "take-1", 3.0)
    assert cutter.push(np.zeros(16_000, np.int16)) == []
    assert cutter.rest().clip.seconds == 1.0


def test_a_clip_with_a_gap_says_so():
    cutter = Cutter("alarm", "take-1", 1.0, at=8_000)
    first, second = cutter.push(np.zeros(32_000, np.int16), (Gap(4_000, 999), Gap(30_000, 640)))
    assert first.notes == ()
    assert second.notes == ("0.04 s of it never came and is silence.",)


@pytest.mark.parametrize("clip_s", [0.5, 11.0])
def test_a_length_that_cannot_be_recorded_is_refused(clip_s):
    with pytest.raises(BadInput, match="choose 1 to 10 s"):
        Cutter("alarm", "take-1", clip_s)
