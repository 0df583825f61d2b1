"""A sound made visible: its waveform, and what three front ends make of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lab.sound.clip import RATE_HZ
from pages.ui.charts import SOUND, draw, finished, subplots
from pages.ui.session import store

SHOWN_S = 10.0
COLUMNS = 500
POINTS = 700
RANGE_DB, OCTAVE_DB = 70.0, 6.02
MAX_CODE = 255
MOST_SEGMENTS = 500


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A spectrogram to draw.

    Attributes:
        title: what made it.
        values: uint8, shape (columns, bands); 255 is the loudest.
        seconds: length of all columns.
        top_khz: upper edge of the last band.
    """

    title: str
    values: NDArray[np.uint8]
    seconds: float
    top_khz: float


@st.cache_data(max_entries=32, show_spinner=False)
def samples(sha256: str) -> NDArray[np.int16]:
    """Return a stored clip's samples: int16 at 16 kHz, shape (n,)."""
    from lab.sound.files import read_clip

    return read_clip(store().read_artifact(sha256))[0].samples


def clip_view(sha256: str, seconds: float, segments: Sequence[Mapping[str, Any]] = ()) -> None:
    """Draw a clip: player, waveform, spectrograms; of a long one, ten seconds at a chosen place."""
    st.audio(store().read_artifact(sha256), format="audio/wav")
    start = 0.0
    if seconds > SHOWN_S:
        start = st.slider("Show from", 0.0, float(seconds - SHOWN_S), 0.0, 0.5, format="%.1f s", key=f"from-{sha256}")
    spans = tuple((float(each["start_s"]), float(each["end_s"])) for each in segments)
    draw(_figure(sha256, start, spans), "clip-pictures")


def pictures(part: NDArray[np.int16]) -> Iterator[Picture]:
    """Yield a stretch of sound as the reference, the article's and the board's front end see it.

    Args:
        part: int16 at 16 kHz, shape (n,). Too short for one frame gives none.
    """
    from lab.sound import features

    if len(part) < features.PUBLISHED.frame_len:
        return
    reference = features.stft(part)
    loudest = float(reference.max()) or 1.0
    step_s = features.PUBLISHED.frame_step / RATE_HZ
    fixed = features.hop_rows(part, features.PUBLISHED).astype(np.float32) / 64
    codes = features.hop_rows(part, features.DEFAULT)
    nyquist_khz = RATE_HZ / 2000
    yield _picture("tf.signal.stft · floating point", _decibels(reference, loudest), step_s, nyquist_khz)
    yield _picture("“published” · CMSIS-DSP q15, 129 bins", _decibels(fixed, loudest), step_s, nyquist_khz)
    below_max = (int(codes.max(initial=0)) - codes.astype(np.float32)) / features.DEFAULT.steps * OCTAVE_DB
    lifted = _shade(-below_max)
    yield _picture("“default” · 32 bands of 8-bit codes, as on the board", lifted, 0.032, nyquist_khz)


def _picture(title: str, values: NDArray[np.uint8], step_s: float, top_khz: float) -> Picture:
    seconds = len(values) * step_s
    group = -(-len(values) // COLUMNS) or 1
    whole = np.pad(values, ((0, -len(values) % group), (0, 0)), mode="edge") if len(values) else values
    return Picture(title, whole.reshape(-1, group, values.shape[1]).max(axis=1), seconds, top_khz)


def _decibels(magnitudes: NDArray[np.float32], loudest: float) -> NDArray[np.uint8]:
    return _shade(20 * np.log10(np.maximum(magnitudes / loudest, 1e-6)))


def _shade(level: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return levels in dB below the loudest as shades: all three pictures show the same range."""
    return np.clip((level / RANGE_DB + 1) * MAX_CODE, 0, MAX_CODE).astype(np.uint8)


def outline(part: NDArray[np.int16]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return times and values of an outline: up along the maxima, back along the minima."""
    group = max(1, -(-len(part) // POINTS))
    whole = part[: len(part) // group * group].reshape(-1, group) / 32_768
    time = np.arange(len(whole)) * group / RATE_HZ
    return np.r_[time, time[::-1]], np.r_[whole.max(axis=1), whole.min(axis=1)[::-1]]


@st.cache_resource(max_entries=32, show_spinner=False)
def _figure(sha256: str, start_s: float, spans: tuple[tuple[float, float], ...]) -> Any:
    """Return a clip's figure: building it is half of a page run, and mostly the same clip is shown again."""
    part = samples(sha256)[int(start_s * RATE_HZ) : int((start_s + SHOWN_S) * RATE_HZ)]
    seen = list(pictures(part))
    time, shape = outline(part)
    peak = max(0.01, float(np.abs(shape).max(initial=0)))
    heights = [0.5] + [1.0] * len(seen)
    figure = subplots(
        rows=len(heights), cols=1, shared_xaxes=True, vertical_spacing=0.075,
        subplot_titles=[f"Waveform · peak {peak:.2f}", *(picture.title for picture in seen)], row_heights=heights,
    )  # fmt: skip
    figure.add_scatter(x=time + start_s, y=shape, fill="toself", line={"width": 0.5}, hoverinfo="skip", row=1, col=1)
    for begin, end in spans[:MOST_SEGMENTS]:
        if begin < start_s + SHOWN_S and end > start_s:
            figure.add_vrect(begin, end, fillcolor="#ef8a1d", opacity=0.25, line_width=0, row=1, col=1)
    for row, picture in enumerate(seen, start=2):
        add_picture(figure, picture, start_s, row)
    figure.update_yaxes(range=[-peak, peak], showticklabels=False, row=1, col=1)
    figure.update_xaxes(range=[start_s, start_s + len(part) / RATE_HZ])
    figure.update_xaxes(title="seconds", row=len(heights), col=1)
    figure.update_annotations(x=0, xanchor="left", font={"size": 13})
    figure.update_layout(showlegend=False)
    return finished(figure, 130 + 180 * len(seen), top=26)


def add_picture(figure: Any, picture: Picture, start_s: float, row: int) -> None:
    """Draw a spectrogram into a row of a figure; it begins at start_s."""
    columns, bands = picture.values.shape
    dx, dy = picture.seconds / max(1, columns), picture.top_khz / bands
    figure.add_heatmap(
        z=picture.values.T, x0=start_s + dx / 2, dx=dx, y0=dy / 2, dy=dy, colorscale=SOUND, zmin=0, zmax=MAX_CODE,
        showscale=False, hoverinfo="skip", row=row, col=1,
    )  # fmt: skip
    figure.update_yaxes(title="kHz", range=[0, picture.top_khz], row=row, col=1)
