"""Feature windows against the real CMSIS-DSP, called step by step as the article does."""

import cmsisdsp as dsp
import numpy as np
import pytest

from lab.errors import BadInput
from lab.sound import features
from lab.sound.features import DEFAULT, PUBLISHED, ClipTooShort, cmsis, hop_rows, hop_windows, rows, windows
from lab.sound.features.hann import hann_q15
from lab.sound.features.spec import code_thresholds


def random_clips(count, n, seed):
    """Noise, tones and both, from full scale down to a few counts."""
    rng = np.random.default_rng(seed)
    level = 10 ** rng.uniform(0, 4.5, (count, 1))
    tone = np.sin(2 * np.pi * rng.uniform(50, 7900, (count, 1)) / 16_000 * np.arange(n))
    noise = rng.standard_normal((count, n))
    mixed = level * np.where(rng.random((count, 1)) < 0.5, noise, tone + 0.05 * noise)
    return np.clip(np.rint(mixed), -32_768, 32_767).astype(np.int16)


def arm_magnitudes(samples, frame_len, frame_step):
    """One CMSIS-DSP call after another, a frame at a time."""
    window = np.array([0.5 * (1 - dsp.arm_cos_f32(2 * np.pi * i / frame_len)) for i in range(frame_len)], np.float32)
    window = dsp.arm_float_to_q15(window)
    instance = dsp.arm_rfft_instance_q15()
    assert dsp.arm_rfft_init_q15(instance, frame_len, 0, 1) == 0
    out = []
    for start in range(0, len(samples) - frame_len + 1, frame_step):
        spectrum = dsp.arm_rfft_q15(instance, dsp.arm_mult_q15(samples[start : start + frame_len], window))
        out.append(dsp.arm_cmplx_mag_q15(spectrum[: frame_len + 2]))
    return np.array(out)


def codes_by_hand(magnitudes, spec):
    """Pool, count the thresholds reached and subtract the maximum, in 64-bit integers."""
    rows_used = spec.rows * spec.pool_frames
    used = magnitudes[:rows_used, spec.first_bin : spec.first_bin + spec.bins].astype(np.int64)
    sums = used.reshape(spec.rows, spec.pool_frames, spec.bands, spec.pool_bins).sum(axis=(1, 3))
    thresholds = code_thresholds(spec).astype(np.int64)
    codes = (sums[..., None] >= thresholds).sum(axis=-1)
    if spec.compression == "log2_relative":
        codes = codes + 255 - codes.max()
    return np.clip(codes, 0, 255) - 128


def test_a_thousand_windows_equal_cmsis_dsp_called_step_by_step():
    clips = random_clips(1_000, DEFAULT.window_len, seed=20)
    got = np.concatenate([windows(clip, DEFAULT) for clip in clips])
    expected = np.array([codes_by_hand(arm_magnitudes(clip, 256, 128), DEFAULT) for clip in clips])
    assert got.dtype == np.int8
    assert got.shape == (1_000, 31, 32)
    assert int((got != expected).sum()) == 0


def test_published_windows_are_the_articles_chain():
    clip = random_clips(1, 48_000, seed=21)[0]
    got = windows(clip, PUBLISHED)
    assert got.shape == (3, 124, 129)
    assert got.dtype == np.float32
    for index in range(3):
        magnitudes = arm_magnitudes(clip[16_000 * index :][:16_000], 256, 128)
        np.testing.assert_array_equal(got[index], dsp.arm_q15_to_float(magnitudes.ravel()).reshape(124, 129) * 512)


@pytest.mark.parametrize("frame_len", [128, 256, 512])
def test_the_hann_window_is_the_librarys_own(frame_len):
    by_arm = [0.5 * (1 - dsp.arm_cos_f32(2 * np.pi * i / frame_len)) for i in range(frame_len)]
    np.testing.assert_array_equal(hann_q15(frame_len), dsp.arm_float_to_q15(np.array(by_arm, np.float32)))


@pytest.mark.parametrize(
    "changes",
    [
        {"frame_len": 128, "frame_step": 64, "bins": 64, "pool_frames": 8},
        {"frame_len": 512, "frame_step": 256, "bins": 256, "pool_bins": 8, "pool_frames": 2, "rows": 20},
        {"frame_len": 512, "frame_step": 128, "first_bin": 16, "bins": 160, "pool_bins": 5, "rows": 40},
        {"frame_step": 256, "pool_frames": 1, "rows": 62},
        {"compression": "log2"},
        {"compression": "sqrt", "steps": 255.0},
        {"compression": "linear", "steps": 4_000.0, "pool_bins": 2},
    ],
    ids=str,
)
def test_a_changed_spec_still_equals_cmsis_dsp(changes):
    spec = DEFAULT.but(**changes)
    for clip in random_clips(4, spec.window_len + 300, seed=22):
        expected = codes_by_hand(arm_magnitudes(clip, spec.frame_len, spec.frame_step), spec)
        np.testing.assert_array_equal(windows(clip, spec)[0], expected)


@pytest.mark.parametrize("frame_len", [128, 256, 512])
def test_batched_magnitudes_equal_single_calls(frame_len):
    frames = random_clips(500, frame_len, seed=23)
    frames[0], frames[1], frames[2] = -32_768, 32_767, 0
    expected = np.concatenate([arm_magnitudes(frame, frame_len, frame_len) for frame in frames])
    np.testing.assert_array_equal(cmsis.magnitudes(frames), expected)
    np.testing.assert_array_equal(rows.engine()(frames), expected)


@pytest.mark.parametrize("stride", [1, 77, 128, 512, 4_000, 16_000, 40_000])
def test_each_window_depends_on_its_own_samples_alone(stride):
    clip = random_clips(1, 16_000 + 6 * min(stride, 8_000), seed=24)[0]
    got = windows(clip, DEFAULT, stride)
    assert len(got) == 1 + (len(clip) - 16_000) // stride
    for index, window in enumerate(got):
        np.testing.assert_array_equal(window, windows(clip[index * stride :][:16_000], DEFAULT)[0])


def test_a_board_that_heard_zeros_before_decides_on_the_last_31_rows():
    clip = random_clips(1, 512 * 40 + 100, seed=25)[0]
    history = np.concatenate([np.zeros(128, np.int16), clip])
    got = hop_windows(clip, DEFAULT)
    assert got.shape == (10, 31, 32)
    for index, hop in enumerate(range(31, 41)):
        start = 512 * (hop - 31)  # the window's first frame reaches 128 samples back
        np.testing.assert_array_equal(got[index], windows(history[start:][:16_000], DEFAULT)[0])


def test_published_hops_bring_four_rows_each():
    clip = random_clips(1, 512 * 33, seed=26)[0]
    got = hop_windows(clip, PUBLISHED)
    assert got.shape == (3, 124, 129)
    np.testing.assert_array_equal(got[1], windows(clip[384:], PUBLISHED)[0])


def test_hop_rows_are_codes_before_the_maximum_is_subtracted():
    clip = random_clips(1, 512 * 31, seed=27)[0]
    stream = hop_rows(clip, DEFAULT)
    assert stream.dtype == np.uint8
    assert stream.shape == (31, 32)
    lifted = stream.astype(int) + 255 - int(stream.max()) - 128
    np.testing.assert_array_equal(hop_windows(clip, DEFAULT)[0], lifted)
    assert hop_rows(clip, PUBLISHED).shape == (124, 129)


@pytest.mark.parametrize(("hops", "first_hop", "count"), [(30, 0, 0), (31, 0, 1), (40, 35, 6), (40, 41, 0), (0, 0, 0)])
def test_decisions_start_when_the_ring_is_full(hops, first_hop, count):
    assert hop_windows(np.zeros(512 * hops, np.int16), DEFAULT, first_hop).shape == (count, 31, 32)


def test_level_does_not_matter_to_the_default_features():
    tone = np.sin(2 * np.pi * 3_150 / 16_000 * np.arange(16_000))
    loud = windows(np.rint(tone * 3_276).astype(np.int16), DEFAULT)[0]
    quiet = windows(np.rint(tone * 327).astype(np.int16), DEFAULT)[0]
    assert np.argmax(loud[10]) == np.argmax(quiet[10]) == 12  # bins 49–52 hold 3,062–3,250 Hz
    assert abs(int(loud[10, 12]) - int(quiet[10, 12])) <= 1
    assert loud.max() == quiet.max() == 127


def test_silence_has_codes_too():
    assert (windows(np.zeros(16_000, np.int16), DEFAULT) == 127).all()


@pytest.mark.parametrize("got", [0, 1, 15_999])
def test_a_short_clip_is_refused_with_both_lengths(got):
    with pytest.raises(ClipTooShort, match=rf"Clip has {got} samples; one window needs 16000\. Record longer\."):
        windows(np.zeros(got, np.int16), DEFAULT)


def test_a_stride_of_nothing_is_refused():
    with pytest.raises(BadInput, match="Stride is 0 samples"):
        windows(np.zeros(16_000, np.int16), DEFAULT, 0)


def test_magnitudes_kept_as_they_are_cannot_be_pooled():
    with pytest.raises(BadInput, match="compression 'none' keeps single magnitudes"):
        DEFAULT.but(compression="none")


def test_features_offers_the_specs():
    assert features.SPECS == {"default": DEFAULT, "published": PUBLISHED}


def test_without_a_compiler_the_python_package_does_it(monkeypatch):
    from lab.errors import Missing
    from lab.sound.features import core

    def absent(_):
        raise Missing("no compiler")

    monkeypatch.setattr(core, "magnitudes", absent)
    rows.engine.cache_clear()
    try:
        assert rows.engine() is cmsis.magnitudes
    finally:
        rows.engine.cache_clear()
