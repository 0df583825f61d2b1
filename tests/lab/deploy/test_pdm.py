"""The PDM path: modulator against plain integers and shared vectors, capture against the sound."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lab.deploy.pdm import capture, decimate, modulate

VECTORS = Path(__file__).parents[2] / "vectors" / "pdm.json"


def plain_modulate(samples):
    """Return the words of some samples, one bit after another in unbounded integers."""
    one, first, second, feedback, before, words = 65536 * 64, 0, 0, -65536 * 64, 0, []
    for sample in samples:
        for half in range(2):
            word = 0
            for bit in range(1, 33):
                value = before * 64 + (sample - before) * (32 * half + bit)
                first += value - feedback
                second += first - feedback
                assert -(2**31) <= first < 2**31
                assert -(2**31) <= second < 2**31  # so 32 bits hold it, in C and JavaScript
                feedback = one if second >= 0 else -one
                word = word << 1 | (second >= 0)
            words.append(word)
        before = sample
    return words


@pytest.fixture(scope="module")
def vectors():
    return json.loads(VECTORS.read_text("utf-8"))


def test_words_are_those_of_the_shared_vectors(vectors):
    assert modulate(np.array(vectors["samples"], np.int16)).tolist() == vectors["words"]


def test_the_shared_vectors_are_what_plain_integers_give(vectors):
    assert plain_modulate(vectors["samples"]) == vectors["words"]


def test_samples_are_those_of_the_shared_vectors(vectors):
    assert decimate(np.array(vectors["words"], np.uint32)).tolist() == vectors["captured"]


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(-32768, 32767), max_size=200))
def test_any_samples_modulate_as_plain_integers_do(samples):
    assert modulate(np.array(samples, np.int16)).tolist() == plain_modulate(samples)


def test_no_overflow_at_full_scale_square_waves():
    extremes = np.tile(np.repeat(np.array([32767, -32768], np.int16), 20), 20)
    assert modulate(extremes).tolist() == plain_modulate(extremes.tolist())


@pytest.mark.parametrize("hz", [100, 520, 1000, 3100, 6000])
def test_capture_keeps_a_tone_with_little_noise(hz):
    n = np.arange(16000)
    tone = (8000 * np.sin(2 * np.pi * hz * n / 16000)).astype(np.int16)
    spectrum = np.abs(np.fft.rfft(capture(tone)[-8000:] * np.hanning(8000))) ** 2
    peak = int(np.argmax(spectrum))
    near = spectrum[max(0, peak - 4) : peak + 5].sum()
    assert peak == hz // 2
    assert 10 * np.log10(near / (spectrum[20:].sum() - near + 1e-9)) > 40


def test_no_samples_give_no_words():
    assert modulate(np.zeros(0, np.int16)).tolist() == []
    assert capture(np.zeros(0, np.int16)).tolist() == []
