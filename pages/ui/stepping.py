"""Stepping through one hop: the numbers of every stage, from the samples to the probability."""

from typing import Any

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from lab.deploy import pdm
from lab.deploy.detector import Detector
from lab.deploy.events import HOP_SECONDS, threshold_code
from lab.errors import Missing
from lab.sound.clip import RATE_HZ
from lab.sound.features.spec import HOP_LEN
from lab.study.hop import Hop, Stage, step_through
from pages.ui import charts

SHOWN_SAMPLES = 4
"""One in so many samples is drawn; the table has all."""
MOST_COLUMNS = 400


def draw(detector: Detector, samples: NDArray[np.int16], codes: NDArray[np.int8], first: int) -> None:
    """Draw a slider over the hops and every stage of the chosen one.

    Args:
        detector: what decides.
        samples: int16 at 16 kHz, what the microphone hears.
        codes: the twin's decisions, one a hop.
        first: number of the hop of codes[0].
    """
    if not len(codes):
        return
    with st.expander("Step through one hop", icon=":material/stairs:"):
        if not st.toggle("Show the stages", key="step-on", help="Computes one hop anew, stage by stage."):
            st.caption("Window → spectrum → features → each layer → probability, with every number.")
            return
        greatest = first + int(np.argmax(codes))
        last = first + len(codes) - 1
        number = first if first == last else st.slider("Hop", first, last, greatest, key=f"step-hop-{first}-{last}")
        hop = _hop(detector.to_bytes(), samples.tobytes(), number)
        for place, stage in enumerate(hop.stages):
            _stage(stage, place)
        _verdict(detector, hop, int(codes[number - first]))


@st.cache_data(max_entries=32, show_spinner=False)
def _hop(detector: bytes, samples: bytes, number: int) -> Hop:
    sound = np.frombuffer(samples, np.int16)
    try:
        heard = pdm.capture(sound)
    except Missing:
        heard = sound
    return step_through(Detector.from_bytes(detector), heard, number)


def _stage(stage: Stage, place: int) -> None:
    values = stage.values
    zeros = int((values == stage.zero_point).sum()) if place > 2 else int((values == 0).sum())
    st.markdown(f"**{stage.title}** · {stage.said}")
    if place == 0:
        charts.waveform(values[::SHOWN_SAMPLES].tolist(), RATE_HZ // SHOWN_SAMPLES, "step-window")
    elif place == 1:
        charts.matrix(
            np.log2(1 + values.T[::-1].astype(float)).round(2), "step-spectrum", 220, "frame", "bin, from the top"
        )
    elif values.size == 1:
        st.code(str(int(values.reshape(-1)[0])), language=None)
    else:
        across = "band" if place == 2 else "channels side by side" if values.ndim == 3 else ""
        charts.matrix(mosaic(values), f"step-{place}", 200, across, "time" if place == 2 else "")
    unit = f", a step is {stage.scale:.4g}" if place > 2 else ""
    st.caption(
        f"{values.size:,} numbers from {int(values.min())} to {int(values.max())}, {zeros:,} of them zero{unit}."
    )
    with st.popover("Numbers", icon=":material/table:"):
        st.dataframe(table(values), height=260, key=f"step-numbers-{place}")


def mosaic(values: NDArray[Any]) -> list[list[int | None]]:
    """Return a layer's output as one picture: its channels side by side, a gap between."""
    if values.ndim < 3:
        return [list(map(int, row)) for row in np.atleast_2d(values)]
    rows: list[list[int | None]] = [[] for _ in range(values.shape[0])]
    for channel in range(values.shape[-1]):
        for row, made in zip(values[..., channel].reshape(values.shape[0], -1), rows, strict=True):
            made += [*map(int, row), None]
    return rows


def table(values: NDArray[Any]) -> NDArray[Any]:
    """Return the numbers as rows and columns, at most so many columns as a browser likes to show."""
    flat = values if values.ndim > 1 else values.reshape(-1, 1)
    return flat.reshape(flat.shape[0], -1)[:, :MOST_COLUMNS]


def _verdict(detector: Detector, hop: Hop, twin: int) -> None:
    least = threshold_code(detector.threshold)
    side = "at or above" if hop.code >= least else "below"
    same = "the twin says the same" if hop.code == twin else f"the twin says {twin}"
    st.markdown(
        f"**Probability {hop.probability:.3f}** · code {hop.code}, {side} the threshold’s {least}; {same}.  \n"
        f"The hop ends {hop.number * HOP_SECONDS:.3f} s after power-on, at sample {hop.number * HOP_LEN:,}. The "
        f'board says: `"hop":{hop.number}, … "code":{hop.code}`.'
    )
