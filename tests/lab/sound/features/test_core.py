"""The board's C on this host against CMSIS-DSP, called step by step."""

import cmsisdsp as dsp
import numpy as np
import pytest

from lab.deploy import pdm_filter
from lab.sound.features import core

FRAMES = 1_000


def step_by_step(frame):
    """The published chain, one call after another, as the article has it."""
    n = len(frame)
    turns = 2 * np.pi * np.arange(n) / n
    window = dsp.arm_float_to_q15((0.5 * (1 - np.cos(turns))).astype(np.float32))
    instance = dsp.arm_rfft_instance_q15()
    dsp.arm_rfft_init_q15(instance, n, 0, 1)
    spectrum = dsp.arm_rfft_q15(instance, dsp.arm_mult_q15(frame, window))
    return dsp.arm_cmplx_mag_q15(spectrum[: n + 2])


def frames_of(n):
    rng = np.random.default_rng(n)
    levels = 2.0 ** rng.uniform(0, 15, (FRAMES, 1))
    noise = np.clip(rng.uniform(-1, 1, (FRAMES, n)) * levels, -32_768, 32_767)
    tones = np.sin(2 * np.pi * rng.uniform(0, 0.5, (FRAMES, 1)) * np.arange(n)) * levels
    square = np.where(np.arange(n) % 16 < 8, 32_767, -32_768)
    click = np.eye(1, n, n // 2) * 32_767
    edges = np.stack([np.zeros(n), np.full(n, 32_767), np.full(n, -32_768), square, click[0]])
    return np.concatenate([noise[::2], np.clip(tones[1::2], -32_768, 32_767), edges]).astype(np.int16)


@pytest.mark.parametrize("frame_len", [128, 256, 512])
def test_magnitudes_equal_cmsis_dsp_on_a_thousand_frames(frame_len):
    frames = frames_of(frame_len)
    expected = np.asarray([step_by_step(frame) for frame in frames])
    assert len(frames) > FRAMES
    assert (core.magnitudes(frames) != expected).sum() == 0


def test_no_frames_give_no_magnitudes():
    assert core.magnitudes(np.zeros((0, 256), np.int16)).shape == (0, 129)


def numpy_decimate(words):
    """The decimator as its comment describes it, in whole numbers."""
    bits = np.unpackbits(words.astype(">u4").view(np.uint8)).astype(np.int64)
    half = pdm_filter.design()
    taps = np.concatenate([half, half[::-1]])
    stream = np.concatenate([np.tile([0, 1], 160), bits])
    sums = [int((stream[64 * n : 64 * n + 384] * taps).sum()) - half.sum() for n in range(len(words) // 2)]
    dc, out = 0, []
    for value in sums:
        value = (value * 11 >> 2) - (dc >> 8)
        dc += value
        out.append(min(32_767, max(-32_768, value)))
    return np.asarray(out)


def test_decimation_equals_its_description():
    words = np.random.default_rng(3).integers(0, 2**32, 400, dtype=np.uint32)
    assert (core.decimate(words) == numpy_decimate(words)).all()


@pytest.mark.parametrize("freq_hz", [100, 520, 1_000, 3_100])
def test_a_tone_survives_modulation_and_decimation(freq_hz):
    tone = np.round(8_000 * np.sin(2 * np.pi * freq_hz * np.arange(32_000) / 16_000)).astype(np.int16)
    heard = core.decimate(core.modulate(tone))[16_000:]
    spectrum = np.abs(np.fft.rfft(heard * np.hanning(16_000)))
    assert np.argmax(spectrum) == freq_hz
    power = spectrum**2
    near = power[freq_hz - 3 : freq_hz + 4].sum()
    assert 10 * np.log10(near / (power.sum() - near)) > 50


def microphone(freq_hz, seconds):
    """A second-order sigma-delta microphone that hears a sine of full scale / 4, at its own 1.024 MHz."""
    heard = np.sin(2 * np.pi * freq_hz * np.arange(int(seconds * 1_024_000)) / 1_024_000) / 8
    first = second = 0.0
    said = -1.0
    bits = np.empty(len(heard), np.uint8)
    for place, value in enumerate(heard.tolist()):
        first += value - said
        second += first - said
        said = 1.0 if second >= 0 else -1.0
        bits[place] = said > 0
    return np.packbits(bits).view(">u4").astype(np.uint32)


@pytest.mark.parametrize("freq_hz", [100, 520, 2_000, 3_100, 4_000, 6_000])
def test_the_response_measured_is_the_one_designed(freq_hz):
    heard = core.decimate(microphone(freq_hz, 0.35))[-3_200:]
    turns = np.exp(-2j * np.pi * freq_hz * np.arange(3_200) / 16_000)
    gain = 2 * abs(np.mean(heard * turns)) / 8_192
    designed = pdm_filter.response_db(np.array([float(freq_hz)]))[0]
    assert 20 * np.log10(gain) == pytest.approx(designed, abs=0.05)


@pytest.mark.parametrize(("freq_hz", "folds_to"), [(12_900, 3_100), (15_480, 520), (19_100, 3_100), (28_900, 3_100)])
def test_what_lies_above_hearing_does_not_fold_into_it(freq_hz, folds_to):
    heard = core.decimate(microphone(freq_hz, 0.35))[-3_200:]
    turns = np.exp(-2j * np.pi * folds_to * np.arange(3_200) / 16_000)
    assert 20 * np.log10(2 * abs(np.mean(heard * turns)) / 8_192) < -44


def test_no_bits_at_all_leave_sixteen_bits():
    half = pdm_filter.design()
    taps = np.concatenate([half, half[::-1]])
    loudest = np.packbits(np.tile((taps > 0).astype(np.uint8), 4)).view(">u4").astype(np.uint32)
    assert np.abs(taps).sum() / 2 < 2**15
    assert (core.decimate(loudest) == numpy_decimate(loudest)).all()


def test_half_of_the_microphones_scale_is_full_scale_and_more_saturates():
    full = np.round(32_767 * np.sin(2 * np.pi * 300 * np.arange(16_000) / 16_000)).astype(np.int16)
    heard = core.decimate(core.modulate(full))[-8_000:]
    assert (heard.max(), heard.min()) == (pytest.approx(32_767, abs=100), pytest.approx(-32_768, abs=100))
    ones = core.decimate(np.full(400, 2**32 - 1, np.uint32))
    zeros = core.decimate(np.zeros(400, np.uint32))
    assert (ones.max(), zeros.min()) == (32_767, -32_768)


def test_steady_pressure_is_taken_away():
    heard = core.decimate(core.modulate(np.full(16_000, 16_000, np.int16)))
    assert np.abs(heard[-1_000:]).max() < 64
