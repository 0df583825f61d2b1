"""One hop of a detector, stage by stage: window, spectrum, features, each layer's output, probability.

The same integers as on the board; the last stage's code is the one that its telemetry says.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lab.deploy.detector import Detector
from lab.deploy.reference import layer_outputs
from lab.deploy.twin import Twin
from lab.errors import BadInput
from lab.sound import features
from lab.sound.features.rows import engine, frames_of
from lab.sound.features.spec import HOP_LEN

Numbers = NDArray[np.int16] | NDArray[np.int8] | NDArray[np.uint32]
SHAPING = ("RESHAPE", "SHAPE", "STRIDED_SLICE", "PACK", "SQUEEZE", "EXPAND_DIMS")
"""Operators that only name the same numbers anew."""


@dataclass(frozen=True, slots=True, eq=False)
class Stage:
    """What one stage gives.

    Attributes:
        title: such as "Spectrum" or "3 CONV_2D".
        said: what happened to the numbers, in a sentence.
        values: int16 samples (n,), q15 magnitudes (frames, bins), int8 features (rows, bands) or int8 outputs of a
            layer, in its own shape without the batch of one.
        scale, zero_point: of a layer's codes; a value is scale · (code - zero_point).
    """

    title: str
    said: str
    values: Numbers
    scale: float = 1.0
    zero_point: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Hop:
    """One decision.

    Attributes:
        number: hop k ends at 0.032·k s.
        stages: in running order.
        code: what the board says; (code + 128) / 256 is the probability.
        probability: from 0 to 255/256.
    """

    number: int
    stages: tuple[Stage, ...]
    code: int

    @property
    def probability(self) -> float:
        """Return the code as a probability."""
        return (self.code + 128) / 256


def step_through(detector: Detector, samples: NDArray[np.int16], number: int) -> Hop:
    """Return every stage of one hop.

    Args:
        detector: whose features and model.
        samples: int16 at 16 kHz from power-on, as the board has them after its microphone (`lab.deploy.pdm.capture`).
        number: which hop, from spec.hops_per_window.

    Raises:
        BadInput: there is no decision at that hop.
    """
    spec = detector.spec
    last = len(samples) // HOP_LEN
    if not spec.hops_per_window <= number <= last:
        first = spec.hops_per_window
        raise BadInput(f"Hop {number} decides nothing: the first decision is at {first}, the last at {last}.")
    window = _window(samples, number, spec.window_len)
    spectrum = engine()(np.ascontiguousarray(frames_of(window, spec)))
    seen = features.hop_windows(samples[: number * HOP_LEN], spec, number)
    item = Twin(detector).inputs(seen)[0]
    pooled = f"{spec.pool_bins} bins and {spec.pool_frames} frames are summed into one value"
    shown = f"{pooled}; codes of {spec.compression.replace('_', ' ')} compression" if spec.is_codes else "As codes"
    length, frames, bins = spec.window_len, *spectrum.shape
    magnitudes = f"{frames} frames of {spec.frame_len} samples, {bins} bins each: q15 magnitudes as CMSIS-DSP has them."
    stages = [
        Stage("Window", f"The last {length:,} samples: {length / spec.rate_hz:.2f} s.", window),
        Stage("Spectrum", magnitudes, spectrum),
        Stage("Features", f"{shown}.", item.reshape(spec.shape)),
    ]
    stages += _layers(detector, item)
    outputs = stages[-1].values.reshape(-1)
    return Hop(number, tuple(stages), int(outputs[list(detector.positive_outputs)].max()))


def _window(samples: NDArray[np.int16], number: int, length: int) -> NDArray[np.int16]:
    """Return what the board's history holds at the end of a hop; before power-on there were zeros."""
    heard = samples[max(0, number * HOP_LEN - length) : number * HOP_LEN]
    return np.concatenate([np.zeros(length - len(heard), np.int16), heard])


def _layers(detector: Detector, item: NDArray[np.int8]) -> list[Stage]:
    from lab.deploy.tflite import read_graph

    tensors = read_graph(detector.model).tensors
    made = []
    for operator, values in layer_outputs(detector.model, item):
        if operator.name in SHAPING:
            continue
        tensor = tensors[operator.outputs[0]]
        size = " × ".join(str(size) for size in values.shape[1:])
        made.append(Stage(
            f"{operator.index} {operator.name}", f"{size} int8 codes.", values.reshape(values.shape[1:]),
            float(tensor.scales[0]) if len(tensor.scales) else 1.0,
            int(tensor.zero_points[0]) if len(tensor.zero_points) else 0,
        ))  # fmt: skip
    return made
