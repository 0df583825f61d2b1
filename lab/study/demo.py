"""The main job, end to end, on embedded data alone.

Synthetic sound → features → network → int8 detector → C → .uf2 → the virtual
board, which must hear a T3 alarm with the very codes of the host twin.
"""

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.atomic import write_bytes
from lab.deploy import build, emulator
from lab.deploy.boards import board_named
from lab.deploy.detector import Detector
from lab.deploy.pdm import capture
from lab.deploy.twin import Twin
from lab.errors import Missing
from lab.learn.models import DS, Architecture
from lab.progress import OnEpoch, OnProgress, ignore, ignore_epoch
from lab.sound import synth
from lab.sound.features import DEFAULT, FeatureSpec
from lab.study import recipe
from lab.study.heldout import score_held_out

TEST_SECONDS = 8.0
ROOM_NOISE = 12.0
"""Standard deviation, in steps of 16 bits: about -69 dB of full scale."""
DETECTOR_FILE = "alarm.detector"
MODEL_FILE = "alarm.tflite"
SCORED_HOW = "int8 model on synthetic scenes of generator families kept from training"
TRAINED, SCORED, BUILT, TOTAL = 70, 80, 90, 100


def demo(
    out: Path,
    board: str = "pico",
    seed: int = 0,
    on_progress: OnProgress = ignore,
    on_epoch: OnEpoch = ignore_epoch,
) -> dict[str, Any]:
    """Train, score, compile and try a detector; leave its files in a folder.

    Args:
        out: folder for alarm.detector, alarm.tflite and the firmware's files.
        board: a name in `lab.deploy.boards`.
        seed: equal seeds give equal detectors.
        on_progress: called between steps, out of 100.
        on_epoch: called after each training epoch.

    Returns:
        The object that `python -m lab demo --json` prints. Where the compiler
        or Node is missing, `uf2` or `emulated` is null and `skipped` says why.

    Raises:
        BadInput: no such board.
    """
    started = time.monotonic()
    board_named(board)
    with ThreadPoolExecutor(1) as aside:
        prepared = aside.submit(build.prepare, board)  # the SDK compiles while the network trains
        detector = train(
            seed, lambda done, total, message: on_progress(done * TRAINED // total, TOTAL, message), on_epoch
        )
        on_progress(TRAINED, TOTAL, "scoring on generators it never heard")
        scores = score_held_out(detector)
        detector = replace(detector, scores={**scores, "how": SCORED_HOW})
        write_bytes(out / DETECTOR_FILE, detector.to_bytes())
        write_bytes(out / MODEL_FILE, detector.model)
        on_progress(SCORED, TOTAL, "compiling the firmware")
        uf2, skipped = _firmware(detector, board, out, prepared)
    on_progress(BUILT, TOTAL, "running it on the virtual board")
    emulated, skipped = try_on_board(detector, uf2) if uf2 else (None, skipped)
    on_progress(TOTAL, TOTAL, "done")
    return {
        "detector": str(out / DETECTOR_FILE),
        "tflite": str(out / MODEL_FILE),
        "uf2": str(uf2) if uf2 else None,
        "window_accuracy": scores["windows"]["accuracy"],
        "events": {key: scores["events"][key] for key in ("recall", "false_alarms_per_hour")},
        "emulated": emulated,
        "skipped": skipped,
        "seconds": round(time.monotonic() - started, 1),
    }


def train(
    seed: int, on_progress: OnProgress = ignore, on_epoch: OnEpoch = ignore_epoch, budget: recipe.Budget | None = None,
    spec: FeatureSpec = DEFAULT, arch: Architecture = DS,
) -> Detector:  # fmt: skip
    """Train the default detector on embedded data; as `recipe.train_default`."""
    made = recipe.train_default(seed, on_progress, on_epoch, budget, spec, arch)
    return Detector(
        name="Fire alarm",
        model=made.tflite,
        spec=made.spec,
        labels=tuple(made.labels),
        positive=("alarm",),
        threshold=made.threshold,
        rule=made.rule,
        dataset=made.dataset,
        licences=("synthetic: no licence needed",),
    )


def _firmware(detector: Detector, board: str, out: Path, prepared: "Future[None]") -> tuple[Path | None, str | None]:
    try:
        prepared.result()
        return build.build_firmware(detector, board, out).file("uf2"), None
    except Missing as error:
        return None, str(error)


def alarm_sound(kind: str = "t3", seconds: float = TEST_SECONDS) -> NDArray[np.int16]:
    """Return what is played to the virtual board: a test alarm over a quiet room's noise, int16 at 16 kHz.

    Args:
        kind: a name in `lab.sound.synth.TEST_ALARMS`.
        seconds: length.
    """
    alarm = synth.test_alarm(kind, seconds)
    noise = np.random.default_rng(0).normal(0, ROOM_NOISE, len(alarm))
    return np.clip(alarm + noise, -32_768, 32_767).astype(np.int16)


def trace_of(seen: emulator.Emulation) -> dict[str, list[float]]:
    """Return time, probability and light of each decision, for a plot."""
    return {
        "t_s": [hop["t_s"] for hop in seen.hops],
        "probability": [hop["probability"] for hop in seen.hops],
        "led": list(seen.led),
    }


def try_on_board(
    detector: Detector, uf2: Path, samples: NDArray[np.int16] | None = None, mic: str = "inject"
) -> tuple[dict[str, Any] | None, str | None]:
    """Run firmware on the virtual board and hold it against the twin.

    Args:
        detector: the one inside the firmware.
        uf2: the firmware.
        samples: int16 at 16 kHz; a T3 alarm by default.
        mic: "inject" or "pdm".

    Returns:
        (what happened, None), or (None, why it was skipped). `codes_equal_twin` counts the decisions
        that agree, `codes_differ` those that do not.
    """
    sound = alarm_sound() if samples is None else samples
    try:
        seen = emulator.emulate(uf2, sound, mic)
    except Missing as error:
        return None, str(error)
    heard = Twin(detector).hear(capture(sound))
    twin = dict(zip(heard.times_s.round(3).tolist(), heard.codes.tolist(), strict=True))
    equal = [twin.get(hop["t_s"]) == hop["code"] for hop in seen.hops]
    return {
        "detected": bool(seen.events),
        "hop_cycles": max(hop["cycles"] for hop in seen.hops),
        "events": seen.events,
        "codes_equal_twin": sum(equal),
        "codes_differ": len(equal) - sum(equal),
        "overruns": seen.hops[-1]["overruns"],
        "real_time": seen.real_time,
        "trace": trace_of(seen),
    }, None
