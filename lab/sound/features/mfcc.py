"""Mel-frequency cepstral coefficients of one second, 49 × 10: what keyword models hear. On the host only.

Frames of 40 ms every 20 ms, 40 mel bands from 20 to 4,000 Hz, logarithm, and
the first ten coefficients of an orthonormal cosine transform. Source of the
shape: "Hello Edge" (arXiv 1711.07128).
"""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
CLIP_LEN = 16_000
FRAME_LEN, FRAME_STEP, FFT_LEN = 640, 320, 1_024
BANDS, COEFFICIENTS = 40, 10
LOWEST_HZ, HIGHEST_HZ = 20.0, 4_000.0
FLOOR = 1e-6
SHAPE = (1 + (CLIP_LEN - FRAME_LEN) // FRAME_STEP, COEFFICIENTS)
"""(49, 10)."""


def mfcc(samples: NDArray[np.int16]) -> NDArray[np.float32]:
    """Return the coefficients of one second.

    Args:
        samples: int16 at 16 kHz. A shorter clip is centred in silence, as keyword data sets expect; of a longer one
            the middle second counts.

    Returns:
        float32, shape (49, 10), time first.
    """
    clip = _second(samples).astype(np.float32) / 32_768
    frames = np.lib.stride_tricks.sliding_window_view(clip, FRAME_LEN)[::FRAME_STEP]
    spectrum = np.abs(np.fft.rfft(frames * np.hanning(FRAME_LEN + 1)[:-1], FFT_LEN, axis=1))
    from scipy.fft import dct

    energies = np.log(spectrum @ _mel_weights() + FLOOR)
    made: NDArray[np.float32] = dct(energies, type=2, norm="ortho", axis=1)[:, :COEFFICIENTS].astype(np.float32)
    return made


def _second(samples: NDArray[np.int16]) -> NDArray[np.int16]:
    missing = CLIP_LEN - len(samples)
    if missing > 0:
        return np.pad(samples, (missing // 2, missing - missing // 2))
    start = -missing // 2
    return samples[start : start + CLIP_LEN]


@lru_cache(maxsize=1)
def _mel_weights() -> NDArray[np.float64]:
    """Return triangles in mel, shape (FFT_LEN / 2 + 1, BANDS), the highest point of each at 1."""
    edges = np.linspace(_mel(LOWEST_HZ), _mel(HIGHEST_HZ), BANDS + 2)
    bins = _mel(np.linspace(0, RATE_HZ / 2, FFT_LEN // 2 + 1))[:, None]
    low, middle, high = edges[:-2], edges[1:-1], edges[2:]
    made: NDArray[np.float64] = np.maximum(
        0, np.minimum((bins - low) / (middle - low), (high - bins) / (high - middle))
    )
    return made


def _mel(hz: float | NDArray[np.float64]) -> NDArray[np.float64]:
    made: NDArray[np.float64] = 1_127 * np.log1p(np.asarray(hz) / 700)
    return made
