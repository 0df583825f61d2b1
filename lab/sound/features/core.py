"""The board's own C, built for this host: spectrum, decimation, modulation.

The same firmware/core sources go into the .uf2.
"""

import ctypes
import threading
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from lab.errors import Missing
from lab.hostcc import shared_library
from lab.sound.features.tables import spectrum_header

FIRMWARE = Path(__file__).resolve().parents[3] / "firmware"
SOURCES = ("core/spectrum.c", "core/spectrum.h", "core/pdm.c", "core/pdm.h", "core/pdm_taps.h", "hal/host/core.c")
HOST_FLAGS = ("-DSPECTRUM_FLOAT_ROOT", "-fno-math-errno")
WORDS_PER_SAMPLE = 2
_lock = threading.Lock()  # the C keeps its state in static buffers, as on the board


def magnitudes(frames: NDArray[np.int16]) -> NDArray[np.int16]:
    """Return the q15 magnitude of every FFT bin of every frame, as `cmsis.magnitudes` does.

    Args:
        frames: int16, shape (f, N) with N of 128, 256 or 512.

    Returns:
        int16, shape (f, N // 2 + 1).

    Raises:
        Missing: no C compiler.
    """
    count, frame_len = frames.shape
    found = np.empty((count, frame_len // 2 + 1), np.int16)
    _call("core_magnitudes", _library(frame_len), np.ascontiguousarray(frames, np.int16), found, count)
    return found


def decimate(words: NDArray[np.uint32]) -> NDArray[np.int16]:
    """Return the samples that the board makes of a PDM microphone's words, from a cold start.

    Args:
        words: uint32, two a sample; the most significant bit came first.

    Returns:
        int16 at 16 kHz, shape (len(words) // 2,).
    """
    samples = np.empty(len(words) // WORDS_PER_SAMPLE, np.int16)
    _call("core_decimate", _library(256), np.ascontiguousarray(words, np.uint32), samples, len(samples))
    return samples


def modulate(samples: NDArray[np.int16]) -> NDArray[np.uint32]:
    """Return what a PDM microphone says of some samples.

    Args:
        samples: int16 at 16 kHz, shape (n,).

    Returns:
        uint32, shape (2n,).
    """
    words = np.empty(len(samples) * WORDS_PER_SAMPLE, np.uint32)
    _call("core_modulate", _library(256), np.ascontiguousarray(samples, np.int16), words, len(samples))
    return words


def _call(
    name: str, library: ctypes.CDLL, source: NDArray[np.int16] | NDArray[np.uint32],
    target: NDArray[np.int16] | NDArray[np.uint32], count: int,
) -> None:  # fmt: skip
    function = getattr(library, name)
    function.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
    function.restype = None
    with _lock:
        function(source.ctypes.data, target.ctypes.data, count)


@lru_cache(maxsize=4)
def _library(frame_len: int) -> ctypes.CDLL:
    if not FIRMWARE.is_dir():
        raise Missing("The firmware folder is not beside lab/; install the whole project.")
    files = {Path(name).name: (FIRMWARE / name).read_text("utf-8") for name in SOURCES}
    renamed = {("host_core.c" if name == "core.c" else name): text for name, text in files.items()}
    text = {**renamed, "spectrum_tables.h": spectrum_header(frame_len)}
    return ctypes.CDLL(str(shared_library(text, HOST_FLAGS)))
