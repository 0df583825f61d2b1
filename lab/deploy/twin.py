"""The host twin: the codes that the board would send, computed here.

The same integers as firmware/core: features from the CMSIS q15 chain, int8
inference by the generated C (or TensorFlow Lite's reference kernels where no
C compiler is), one code a hop from the hop at which the ring is full.
"""

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lab.deploy.detector import Detector
from lab.deploy.events import HOP_SECONDS, Event, find_events
from lab.deploy.hops import Beats, HopStream
from lab.errors import BadInput, Missing
from lab.sound.features import Windows
from lab.sound.features.spec import HOP_LEN, FeatureSpec

CHUNK_HOPS = 2_000
BLOCK_WINDOWS = 16
Item = TypeVar("Item")
Model = Callable[[NDArray[np.int8]], NDArray[np.int8]]


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """What a detector made of a stretch of sound.

    Attributes:
        codes: int8, shape (n,), one decision a hop.
        first_hop: number of the hop that made codes[0]; hop k ends at 0.032·k s.
        beats: bool, shape (n,), whether a T3's rhythm was complete at each; never, where the features cannot tell.
        events: by the detector's rule.
    """

    codes: NDArray[np.int8]
    first_hop: int
    beats: NDArray[np.bool_]
    events: tuple[Event, ...]

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Return the codes as probabilities, from 0 to 255/256."""
        return np.asarray((self.codes.astype(np.float64) + 128) / 256, np.float64)

    @property
    def times_s(self) -> NDArray[np.float64]:
        """Return the end of each decided hop, in seconds."""
        return np.asarray((self.first_hop + np.arange(len(self.codes))) * HOP_SECONDS, np.float64)


class Twin:
    """A detector's model and features, ready to hear.

    Args:
        detector: what to run.
        model: what runs its model; by default its generated C, compiled for this machine.

    Raises:
        BadInput: the model's input or output does not fit the detector.
    """

    def __init__(self, detector: Detector, model: Model | None = None) -> None:
        from lab.deploy.tflite import read_graph

        graph = read_graph(detector.model)
        self.detector = detector
        self._input = graph.tensors[graph.inputs[0]]
        self._check_fit(int(np.prod(graph.tensors[graph.outputs[0]].shape)))
        self._model = model or host_model(detector.model)

    def _check_fit(self, outputs: int) -> None:
        spec, labels = self.detector.spec, self.detector.labels
        got = tuple(size for size in self._input.shape if size != 1)
        if got != spec.shape:
            raise BadInput(f"The model takes input {got}; feature spec {spec.name!r} gives {spec.shape}.")
        if outputs not in (1, len(labels)):
            raise BadInput(f"The model has {outputs} outputs; the detector names {len(labels)} labels.")
        if outputs == 1 and self.detector.positive_outputs != (0,):
            raise BadInput(
                "A model of one output gives the first label's probability; make that label the positive one."
            )

    def window_codes(self, windows: NDArray[np.int8] | NDArray[np.float32]) -> NDArray[np.int8]:
        """Return the deciding code of each window.

        Args:
            windows: as `lab.sound.features.windows` gives them, shape (n, rows, bands).

        Returns:
            int8, shape (n,): the greatest code among the positive labels.
        """
        if not len(windows):
            return np.zeros(0, np.int8)
        decided: NDArray[np.int8] = self.outputs(windows)[:, list(self.detector.positive_outputs)].max(axis=1)
        return decided

    def outputs(self, windows: NDArray[np.int8] | NDArray[np.float32]) -> NDArray[np.int8]:
        """Return all output codes of each window, int8, shape (n, outputs)."""
        made = self._model(self.inputs(windows))
        flat: NDArray[np.int8] = made.reshape(len(windows), -1)
        return flat

    def inputs(self, windows: NDArray[np.int8] | NDArray[np.float32]) -> NDArray[np.int8]:
        """Return windows as the model takes them: int8, shape (n, …its input without the batch of one)."""
        return self._quantized(windows).reshape(len(windows), *self._input.shape[1:])

    def _quantized(self, windows: NDArray[np.int8] | NDArray[np.float32]) -> NDArray[np.int8]:
        if windows.dtype == np.int8:
            return windows.astype(np.int8, copy=False)
        codes = np.empty(windows.shape, np.int8)
        for start in range(0, len(windows), BLOCK_WINDOWS):  # small enough to stay in the cache
            block = windows[start : start + BLOCK_WINDOWS]
            codes[start : start + len(block)] = self._codes[(block * np.float32(64)).astype(np.uint16)]
        return codes

    @cached_property
    def _codes(self) -> NDArray[np.int8]:
        """Return the model's input code of every q15 magnitude; windows without codes hold magnitude / 64."""
        magnitudes = np.arange(32_769, dtype=np.float32) / np.float32(64)
        scaled = (magnitudes / np.float32(self._input.scales[0])).astype(np.float64)
        codes = np.floor(scaled + 0.5) + self._input.zero_points[0]
        clipped: NDArray[np.int8] = np.clip(codes, -128, 127).astype(np.int8)
        return clipped

    def hear(self, samples: NDArray[np.int16]) -> Hearing:
        """Return every decision over a stretch of sound.

        Args:
            samples: int16 at 16 kHz, shape (n,).
        """
        return self.hear_blocks([samples])

    def hear_blocks(self, blocks: Iterable[NDArray[np.int16]]) -> Hearing:
        """Return every decision over sound that arrives in blocks of any length.

        Args:
            blocks: int16 at 16 kHz, each of shape (n,); never held all at once.
        """
        spec, detector = self.detector.spec, self.detector
        codes, beats = [np.zeros(0, np.int8)], [np.zeros(0, np.bool_)]
        for windows, beat in _ahead(_hops_by_chunk(blocks, spec)):
            codes.append(self.window_codes(windows))
            beats.append(beat)
        made = np.concatenate(codes), spec.hops_per_window, np.concatenate(beats)
        return Hearing(*made, tuple(find_events(made[0], detector.threshold, detector.rule, *made[1:])))


def _ahead(made: Iterator[Item]) -> Iterator[Item]:
    """Yield the same, the next one being made in a thread meanwhile: features and model then use a core each."""
    with ThreadPoolExecutor(1) as thread:
        coming = thread.submit(next, made, None)
        while (item := coming.result()) is not None:
            coming = thread.submit(next, made, None)
            yield item


def _hops_by_chunk(blocks: Iterable[NDArray[np.int16]], spec: FeatureSpec) -> Iterator[tuple[Windows, Beats]]:
    """Yield the windows of consecutive hops, and whether each completed a rhythm, a bounded number at a time."""
    hops = HopStream(spec)
    held, waiting = list[NDArray[np.int16]](), 0
    for block in blocks:
        for start in range(0, len(block), CHUNK_HOPS * HOP_LEN):
            held.append(block[start : start + CHUNK_HOPS * HOP_LEN])
            waiting += len(held[-1])
            if waiting >= CHUNK_HOPS * HOP_LEN:
                yield hops.push(np.concatenate(held))
                held, waiting = [], 0
    if held:
        yield hops.push(np.concatenate(held))


def host_model(tflite: bytes) -> Model:
    """Return what runs an int8 model on this machine: its generated C, else the reference kernels."""
    from lab.deploy.compiler.host import HostModel
    from lab.deploy.reference import ReferenceModel

    try:
        return HostModel(tflite).run
    except Missing:
        return ReferenceModel(tflite).run
