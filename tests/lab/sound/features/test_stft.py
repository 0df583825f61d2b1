"""The float spectrogram against TensorFlow's, and the fixed-point one beside it."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np

from lab.sound.features import PUBLISHED, stft, windows

ROOT = Path(__file__).resolve().parents[4]
BY_TENSORFLOW = """
import sys
import numpy as np
import tensorflow as tf
samples = np.load(sys.argv[1]).astype(np.float32) / 32768
np.save(sys.argv[2], tf.abs(tf.signal.stft(samples, 256, 128)).numpy())
"""


def test_stft_is_tensorflows(tmp_path):
    rng = np.random.default_rng(3)
    samples = np.clip(rng.normal(0, 6_000, 40_000), -32_768, 32_767).astype(np.int16)
    np.save(tmp_path / "in.npy", samples)
    subprocess.run(
        [sys.executable, "-c", BY_TENSORFLOW, str(tmp_path / "in.npy"), str(tmp_path / "out.npy")],
        check=True, capture_output=True, env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}, timeout=120,
    )  # fmt: skip
    expected = np.load(tmp_path / "out.npy")
    got = stft(samples)
    assert got.shape == expected.shape == (311, 129)
    np.testing.assert_allclose(got, expected, rtol=1e-4, atol=1e-4)


def test_the_fixed_point_chain_follows_it_within_two_counts():
    tone = 0.1 * np.sin(2 * np.pi * 3_125 / 16_000 * np.arange(16_000))
    samples = np.rint(tone * 32_767).astype(np.int16)
    fixed, exact = windows(samples, PUBLISHED)[0], stft(samples)
    assert abs(fixed.max() / exact.max() - 1) < 0.005
    assert np.abs(fixed - exact).max() < 5 / 64


def test_a_clip_shorter_than_a_frame_has_no_rows():
    assert stft(np.zeros(255, np.int16)).shape == (0, 129)
