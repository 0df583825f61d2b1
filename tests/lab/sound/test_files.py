"""Every kind of file that people bring, and what each gets."""

import io
import struct

import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import resample_poly

from lab.errors import BadInput
from lab.sound.clip import Clip
from lab.sound.files import read_clip, stream_blocks, wav_bytes

RATE = 16_000


def tone(seconds=1.0, rate=RATE, freq=1_000, channels=1):
    wave = 0.5 * np.sin(2 * np.pi * freq * np.arange(round(seconds * rate)) / rate)
    return wave if channels == 1 else np.stack([wave] * channels, axis=1)


def encoded(samples, rate=RATE, subtype="PCM_16", kind="WAV"):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, subtype=subtype, format=kind)
    return buffer.getvalue()


def test_a_16_bit_mono_file_keeps_every_sample():
    samples = np.random.default_rng(1).integers(-32_768, 32_768, 40_000).astype(np.int16)
    clip, notes = read_clip(encoded(samples), "dog", "r1")
    np.testing.assert_array_equal(clip.samples, samples)
    assert (clip.label, clip.recording_id, clip.rate_hz, notes) == ("dog", "r1", 16_000, [])


def test_a_clip_goes_to_wav_and_back():
    samples = np.random.default_rng(2).integers(-32_768, 32_768, 5_000).astype(np.int16)
    data = wav_bytes(Clip(samples, "x", "y"))
    np.testing.assert_array_equal(read_clip(data)[0].samples, samples)
    assert soundfile.info(io.BytesIO(data)).subtype == "PCM_16"
    assert wav_bytes(Clip(samples, "z", "w")) == data


@pytest.mark.parametrize(
    ("subtype", "note", "error"),
    [
        ("PCM_U8", "8-bit samples were converted to 16-bit.", 1 / 128),
        ("PCM_24", "24-bit samples were converted to 16-bit.", 1 / 32_768),
        ("FLOAT", "32-bit float samples were converted to 16-bit.", 1 / 32_768),
    ],
)
def test_other_sample_formats_are_converted_with_a_note(subtype, note, error):
    clip, notes = read_clip(encoded(tone(), subtype=subtype))
    assert notes == [note]
    assert np.abs(clip.samples / 32_768 - tone()).max() <= error


def test_stereo_is_mixed_with_a_note():
    left, right = np.full(1_000, 1_000, np.int16), np.full(1_000, 3_000, np.int16)
    clip, notes = read_clip(encoded(np.stack([left, right], axis=1)))
    assert (clip.samples == 2_000).all()
    assert notes == ["2 channels were mixed to one."]


@pytest.mark.parametrize("rate", [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 44_099])
def test_other_rates_are_resampled_with_a_note(rate):
    clip, notes = read_clip(encoded(tone(1, rate), rate))
    assert notes == [f"Resampled from {rate} Hz to 16000 Hz."]
    assert len(clip.samples) == RATE
    middle = slice(2_000, 14_000)
    assert np.abs(clip.samples[middle] / 32_768 - tone()[middle]).max() < 0.01


def test_a_stream_resampled_in_blocks_is_the_whole_resampled(tmp_path):
    rate = 44_100
    samples = np.random.default_rng(3).normal(0, 3_000, rate * 47 + 123).astype(np.int16)
    soundfile.write(tmp_path / "long.wav", samples, rate, subtype="PCM_16")
    blocks = list(stream_blocks(tmp_path / "long.wav"))
    expected = np.rint(resample_poly(samples.astype(np.float32), 160, 441))
    assert len(blocks) > 3
    got = np.concatenate(blocks)
    assert len(got) == len(expected)
    assert np.abs(got - expected).max() <= 1
    assert (got != expected).mean() < 1e-3


def test_a_file_over_ten_minutes_is_refused_in_a_project_and_streamed_elsewhere(tmp_path):
    path = tmp_path / "long.wav"
    soundfile.write(path, np.zeros(601 * RATE, np.int16), RATE)
    with pytest.raises(BadInput, match=r"long\.wav lasts 10\.0 minutes; a project takes clips of up to 10"):
        read_clip(path)
    assert sum(map(len, stream_blocks(path))) == 601 * RATE


@pytest.mark.parametrize("kind", ["FLAC", "OGG", "AIFF", "MP3"])
def test_other_containers_are_read(kind):
    subtype = {"OGG": "VORBIS", "MP3": "MPEG_LAYER_III"}.get(kind, "PCM_16")
    clip, _ = read_clip(encoded(tone(2), subtype=subtype, kind=kind))
    spectrum = np.abs(np.fft.rfft(clip.samples[4_000:20_000]))
    assert spectrum.argmax() == 1_000


def whole():
    return encoded(tone(2))


def with_data_size(data, size):
    at = data.index(b"data") + 4
    return data[:at] + struct.pack("<I", size) + data[at + 4 :]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", r"The file is empty\."),
        (b"This is a letter, and no sound at all." * 20, r"is not a sound file that can be read; use WAV"),
        (bytes(4_000), r"is not a sound file that can be read"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), r"is not a sound file that can be read"),
        (whole()[:20], r"is damaged or cut short"),
        (whole()[:30_000], r"is cut short: 34044 bytes of what its header promises are missing"),
        (encoded(tone(2), kind="AIFF")[:30_000], r"is cut short"),
        (encoded(tone(2), kind="FLAC")[:-4_000], r"is (cut short|damaged)"),
        (encoded(np.zeros(0)), r"holds no sound: it has a header and 0 samples"),
        (encoded(np.zeros(1)), r"has 1 samples at 16 kHz; a clip needs 512"),
        (encoded(np.r_[tone(), np.nan, tone()], subtype="FLOAT"), r"values that are not numbers \(NaN or infinite\)"),
        (encoded(np.r_[tone(), np.inf], subtype="DOUBLE"), r"values that are not numbers"),
        (encoded(1e30 * tone(), subtype="FLOAT"), r"values over 100 times full scale"),
        (encoded(tone(4_000, 1), rate=1), r"has 1 samples a second; 4000 to 768000 can be used"),
    ],
    ids=["empty", "text", "zeros", "png", "header only", "truncated", "aiff", "flac", "no samples", "one sample",
         "nan", "inf", "huge", "one hertz"],
)  # fmt: skip
def test_what_cannot_be_used_is_refused_in_one_sentence(data, message, tmp_path):
    with pytest.raises(BadInput, match=message) as raised:
        read_clip(data)
    assert "\n" not in str(raised.value)
    path = tmp_path / "bad.wav"
    path.write_bytes(data)
    with pytest.raises(BadInput, match=message.replace("The file", r"bad\.wav")):
        read_clip(path)


def test_a_recorder_that_did_not_know_the_length_is_believed():
    clip, _ = read_clip(with_data_size(whole(), 0xFFFFFFFF))
    assert len(clip.samples) == 2 * RATE


def test_a_folder_or_an_absent_file_is_refused(tmp_path):
    with pytest.raises(BadInput, match="Is a directory"):
        read_clip(tmp_path)
    with pytest.raises(BadInput, match="No such file"):
        next(stream_blocks(tmp_path / "none.wav"))


@pytest.mark.parametrize("suffix", [".raw", ".mp3", ".txt", ""])
def test_the_name_does_not_matter(tmp_path, suffix):
    path = tmp_path / f"sound{suffix}"
    path.write_bytes(whole())
    assert len(read_clip(path)[0].samples) == 2 * RATE


def test_silence_is_noted():
    assert read_clip(encoded(np.zeros(RATE)))[1] == ["It is silent throughout."]


def test_louder_than_full_scale_is_cut_not_wrapped():
    clip, _ = read_clip(encoded(3 * tone(), subtype="FLOAT"))
    assert (clip.samples.max(), clip.samples.min()) == (32_767, -32_768)


def test_a_label_is_checked_on_the_way_in():
    with pytest.raises(BadInput, match="Label"):
        read_clip(whole(), 'a "quoted" label')


KINDS = [
    ("WAV", "PCM_16"), ("WAV", "FLOAT"), ("FLAC", "PCM_16"), ("AIFF", "PCM_24"), ("OGG", "VORBIS"),
    ("MP3", "MPEG_LAYER_III"),
]  # fmt: skip
WHOLE = [encoded(tone(0.2), kind=kind, subtype=subtype) for kind, subtype in KINDS]


@given(
    st.sampled_from(WHOLE),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=12),
    st.floats(0.02, 1),
    st.booleans(),
)
@settings(max_examples=400, deadline=None)
def test_a_damaged_file_is_a_clip_or_one_sentence(data, edits, kept, head):
    damaged = bytearray(data)
    for place, value in edits:
        damaged[int(place * (min(len(damaged), 80 if head else len(damaged)) - 1))] = value
    kept_bytes = bytes(damaged[: max(1, int(kept * len(damaged)))])
    outcome = None
    try:
        clip, _ = read_clip(kept_bytes)
    except BadInput as error:
        outcome = str(error)
    if outcome is None:
        assert 512 <= len(clip.samples) <= 600 * RATE
    else:
        assert "\n" not in outcome
