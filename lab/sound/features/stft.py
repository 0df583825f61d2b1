"""The float spectrogram that the fixed-point one stands beside."""

import numpy as np
from numpy.typing import NDArray

from lab.sound.features.rows import frames_of
from lab.sound.features.spec import PUBLISHED, FeatureSpec


def stft(samples: NDArray[np.int16], spec: FeatureSpec = PUBLISHED) -> NDArray[np.float32]:
    """Return the magnitudes that `abs(tf.signal.stft)` gives of samples scaled to ±1.

    Args:
        samples: int16 at 16 kHz, shape (n,).
        spec: frame length and step; a periodic Hann window of that length.

    Returns:
        float32, shape (frames, frame_len // 2 + 1): time first, no padding.

    Source: tf.signal.stft(samples / 32768, frame_len, frame_step).
    """
    turns = 2 * np.pi * np.arange(spec.frame_len) / spec.frame_len
    window = 0.5 - 0.5 * np.cos(turns)
    frames = frames_of(samples, spec) / 32_768.0
    return np.asarray(np.abs(np.fft.rfft(frames * window, axis=1)), np.float32)
