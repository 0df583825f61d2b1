"""What a feature window is made of: the contract between training and board.

A frame of `frame_len` samples starts every `frame_step` samples. Its q15
magnitudes come from the CMSIS-DSP chain (window, real FFT, magnitude). Bins
`first_bin` to `first_bin + bins` are summed over `pool_bins` bins and
`pool_frames` frames; each sum becomes a code from 0 to 255 by counting how
many of 255 thresholds it reaches, so that host and board agree bit for bit
whatever curve the thresholds draw. `rows` such rows make one window.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from math import ceil
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lab.errors import BadInput

HOP_LEN = 512
"""Samples between two decisions on the board: 32 ms at 16 kHz."""

Compression = Literal["none", "linear", "sqrt", "log2", "log2_relative"]
FRAME_LENS = (128, 256, 512)
MAX_CODE = 255


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """How sound becomes the numbers a model sees.

    Attributes:
        name: "published", "default" or a person's own.
        rate_hz: sampling rate.
        frame_len: samples in a frame, and FFT length.
        frame_step: samples between frame starts.
        first_bin: first FFT bin used; 1 drops DC.
        bins: FFT bins used.
        pool_bins, pool_frames: bins and frames summed into one value.
        rows: time steps in a window.
        compression: "none" keeps float magnitudes (the published chain);
            the others are codes. "log2_relative" subtracts the window's
            maximum, so that level no longer matters.
        steps: codes an octave (log2), or codes at full scale otherwise.
    """

    name: str
    rate_hz: int = 16_000
    frame_len: int = 256
    frame_step: int = 128
    first_bin: int = 1
    bins: int = 128
    pool_bins: int = 4
    pool_frames: int = 4
    rows: int = 31
    compression: Compression = "log2_relative"
    steps: float = 14.5

    @property
    def bands(self) -> int:
        """Values in one row."""
        return self.bins // self.pool_bins

    @property
    def shape(self) -> tuple[int, int]:
        """Return (rows, bands) of one window: time first."""
        return self.rows, self.bands

    @property
    def window_len(self) -> int:
        """Samples that one window reads."""
        return (self.rows * self.pool_frames - 1) * self.frame_step + self.frame_len

    @property
    def rows_per_hop(self) -> int:
        """New rows that one hop of 512 samples brings."""
        return HOP_LEN // (self.frame_step * self.pool_frames)

    @property
    def hops_per_window(self) -> int:
        """Hops until the board's ring of rows is full."""
        return ceil(self.rows / self.rows_per_hop)

    @property
    def is_codes(self) -> bool:
        """Whether windows are int8 codes (else float32 magnitudes)."""
        return self.compression != "none"

    def to_json(self) -> dict[str, Any]:
        """Return a JSON-able description; `from_json` reads it."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "FeatureSpec":
        """Read what `to_json` wrote.

        Raises:
            BadInput: a field is missing, unknown or impossible.
        """
        try:
            spec = cls(**data)
        except TypeError as error:
            raise BadInput(f"The feature spec cannot be read: {error}.") from error
        return check(spec)

    def but(self, **changes: Any) -> "FeatureSpec":
        """Return a copy with some fields changed, checked."""
        return check(replace(self, **changes))


PUBLISHED = FeatureSpec(
    "published", first_bin=0, bins=129, pool_bins=1, pool_frames=1, rows=124,
    compression="none", steps=0.0,
)  # fmt: skip
DEFAULT = FeatureSpec("default")
SPECS = {spec.name: spec for spec in (DEFAULT, PUBLISHED)}


def check(spec: FeatureSpec) -> FeatureSpec:
    """Return the spec if the board can compute it.

    Raises:
        BadInput: says which field does not fit and what would.
    """
    half = spec.frame_len // 2 + 1
    rules = (
        (spec.rate_hz == 16_000, f"rate_hz is {spec.rate_hz}; the board samples at 16000"),
        (spec.frame_len in FRAME_LENS, f"frame_len is {spec.frame_len}; choose one of {FRAME_LENS}"),
        (0 < spec.frame_step <= spec.frame_len, f"frame_step is {spec.frame_step}; choose 1 to frame_len"),
        (spec.pool_bins > 0 and spec.pool_frames > 0, "pool_bins and pool_frames must be at least 1"),
        (
            HOP_LEN % max(1, spec.frame_step * spec.pool_frames) == 0,
            f"frame_step × pool_frames is {spec.frame_step * spec.pool_frames}; it must divide {HOP_LEN}",
        ),
        (
            spec.first_bin >= 0 and spec.bins > 0 and spec.first_bin + spec.bins <= half,
            f"bins {spec.first_bin} to {spec.first_bin + spec.bins} do not lie within 0 to {half}",
        ),
        (spec.bins % max(1, spec.pool_bins) == 0, f"pool_bins {spec.pool_bins} must divide bins {spec.bins}"),
        (0 < spec.rows <= 250, f"rows is {spec.rows}; choose 1 to 250"),
        (spec.compression in ("none", *CURVES), f"compression {spec.compression!r} is unknown"),
        (
            spec.compression != "none" or spec.pool_bins == spec.pool_frames == 1,
            "compression 'none' keeps single magnitudes; it needs pool_bins 1 and pool_frames 1",
        ),
        (spec.compression == "none" or 0 < spec.steps <= 100_000, f"steps is {spec.steps}; it must be positive"),
    )
    for fits, complaint in rules:
        if not fits:
            raise BadInput(f"Feature spec {spec.name!r} does not fit the board: {complaint}.")
    return spec


CURVES = ("linear", "sqrt", "log2", "log2_relative")


@lru_cache(maxsize=32)
def code_thresholds(spec: FeatureSpec) -> NDArray[np.uint32]:
    """Return the least pooled sum of each code from 1 to 255.

    A sum s has code `searchsorted(thresholds, s, side="right")`.

    Returns:
        uint32, shape (255,), rising; read-only.

    Raises:
        BadInput: the spec keeps float magnitudes; its codes depend on the
            model's input scale (`quantized_thresholds`).
    """
    if not spec.is_codes:
        raise BadInput(f"Feature spec {spec.name!r} has no codes of its own.")
    codes = np.arange(1, MAX_CODE + 1, dtype=np.float64)
    full = 32_768.0 * spec.pool_frames  # a full-scale tone, summed
    if spec.compression == "linear":
        sums = codes * full / spec.steps
    elif spec.compression == "sqrt":
        sums = (codes / spec.steps) ** 2 * full
    else:
        sums = 2.0 ** (codes / spec.steps) - 1.0
    return _frozen(np.ceil(sums - 1e-9))


def quantized_thresholds(scale: float, zero_point: int) -> NDArray[np.uint32]:
    """Return the least q15 magnitude of each input code of a float model.

    Follows TFLite's quantization of magnitude / 64 (the published feature):
    round half away from zero, add the zero point, clamp to int8.

    Returns:
        uint32, shape (255,); unreachable codes hold 2**32 - 1.
    """
    magnitudes = np.arange(32_768, dtype=np.float32) / np.float32(64.0)
    scaled = (magnitudes / np.float32(scale)).astype(np.float64)
    codes = np.clip(np.floor(scaled + 0.5) + zero_point, -128, 127) + 128
    found = np.searchsorted(codes, np.arange(1, MAX_CODE + 1), side="left")
    return _frozen(np.where(found >= len(codes), 2.0**32 - 1, found))


def _frozen(values: NDArray[np.float64]) -> NDArray[np.uint32]:
    thresholds = np.minimum(values, 2.0**32 - 1).astype(np.uint32)
    thresholds.flags.writeable = False
    return thresholds
