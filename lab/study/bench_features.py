"""`python -m lab bench features`: the feature engine beside cmsisdsp called frame by frame, in one run.

The peer is what the article's notebook does: three library calls for every
frame. Both sides see the same hour's worth of frames in turn, several times,
and every magnitude is compared.
"""

import time
from collections.abc import Callable, Mapping
from statistics import median
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from lab.deploy.prepared import prepared_detector
from lab.progress import OnProgress, ignore
from lab.sound import synth
from lab.sound.features import cmsis, hop_windows
from lab.sound.features.hann import hann_q15
from lab.sound.features.rows import engine
from lab.sound.features.spec import DEFAULT
from lab.study.bench_alarm import hour_seconds

ROUNDS = 5
FRAMES = 7_500
"""One minute of sound."""
GOAL_RATIO, GOAL_HOUR_S = 3.0, 10.0
Frames = NDArray[np.int16]


def features(options: Mapping[str, Any], on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Measure magnitudes of frames, windows of hops, and one hour of decisions.

    Args:
        options: none are read.
        on_progress: called after each round; may raise to stop.

    Returns:
        {engine, frames, different, seconds: {ours, batched, frame_by_frame}, ratio, goal_ratio, hop_windows_per_s,
        hour_s, goal_hour_s}; seconds are medians of ROUNDS, `different` counts magnitudes that are not equal.

    Raises:
        Missing: cmsisdsp is not installed.
    """
    samples = np.concatenate([scene.samples for scene in synth.scenes(7, seed=1, split="validate")])
    view = sliding_window_view(samples, DEFAULT.frame_len)[:: DEFAULT.frame_step]
    frames = np.ascontiguousarray(view[:FRAMES])
    sides: dict[str, Callable[[Frames], Frames]] = {
        "ours": engine(), "batched": cmsis.magnitudes, "frame_by_frame": frame_by_frame,
    }  # fmt: skip
    found = {name: compute(frames[:64]) for name, compute in sides.items()}
    taken: dict[str, list[float]] = {name: [] for name in sides}
    for index in range(ROUNDS):
        for name, compute in sides.items():
            started = time.perf_counter()
            found[name] = compute(frames)
            taken[name].append(time.perf_counter() - started)
        on_progress(index + 1, ROUNDS + 1, "magnitudes of a minute of frames")
    seconds = {name: round(median(each), 4) for name, each in taken.items()}
    started = time.perf_counter()
    hops = len(hop_windows(samples, DEFAULT))
    per_s = hops / (time.perf_counter() - started)
    return {
        "engine": f"{engine().__module__}.{engine().__name__}",  # type: ignore[attr-defined]
        "frames": len(frames),
        "different": sum(int((each != found["frame_by_frame"]).sum()) for each in found.values()),
        "seconds": seconds,
        "ratio": round(seconds["frame_by_frame"] / seconds["ours"], 1),
        "goal_ratio": GOAL_RATIO,
        "hop_windows_per_s": round(per_s),
        "hour_s": hour_seconds(prepared_detector()),
        "goal_hour_s": GOAL_HOUR_S,
    }


def frame_by_frame(frames: Frames) -> Frames:
    """Return the magnitudes by three CMSIS-DSP calls for every frame."""
    import cmsisdsp as dsp

    length = frames.shape[1]
    instance = dsp.arm_rfft_instance_q15()
    dsp.arm_rfft_init_q15(instance, length, 0, 1)
    window = hann_q15(length)
    made = np.empty((len(frames), length // 2 + 1), np.int16)
    for index, frame in enumerate(frames):
        spectrum = dsp.arm_rfft_q15(instance, dsp.arm_mult_q15(frame, window))
        made[index] = dsp.arm_cmplx_mag_q15(spectrum[: length + 2])
    return made
