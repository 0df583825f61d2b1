"""The virtual board beside its host twin: the very .uf2 hears a minute, and every code must be the twin's."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lab.deploy.build import build_firmware
from lab.deploy.emulator import Emulation, emulate
from lab.deploy.events import HOP_SECONDS
from lab.deploy.pdm import capture
from lab.deploy.prepared import prepared_detector
from lab.deploy.twin import Twin
from lab.errors import BadInput
from lab.progress import OnProgress, ignore
from lab.sound.clip import RATE_HZ
from lab.study.bench_streaming import minute_of_sound

MOST_MINUTES = 9
MICS = {"inject": "words put into the PIO's FIFO", "pdm": "the data pin driven, the PIO program run"}


def board(options: Mapping[str, Any], on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Return how many of the board's decisions are not the twin's, by way of the microphone.

    Args:
        options: {"minutes": of sound, by default 1}.
        on_progress: as `emulate` calls it, for one way after the other.

    Returns:
        {"seconds": of sound, "hops", "codes": how many values there were, "mics"}; "mics" has for "inject" and "pdm"
        {"how", "different": hops whose code differs, "missing": hops that the board did not tell of, "overruns",
        "real_time": emulated seconds a second of this machine}.

    Raises:
        BadInput: less than one minute is asked for, or more than the virtual board takes.
        Missing: no cross compiler, no C compiler or no Node.
    """
    minutes = int(options.get("minutes") or 1)
    if not 1 <= minutes <= MOST_MINUTES:
        raise BadInput(f"It takes 1 to {MOST_MINUTES} minutes; {minutes} were asked for.")
    detector = prepared_detector()
    sound = np.concatenate([minute_of_sound(minute) for minute in range(minutes)])
    twin = Twin(detector).hear(capture(sound))
    expected = {hop: int(code) for hop, code in enumerate(twin.codes.tolist(), twin.first_hop)}
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-") as folder:
        firmware = build_firmware(detector, str(options.get("board") or "pico"), Path(folder)).file("uf2")
        mics = {mic: _beside(emulate(firmware, sound, mic, on_progress), expected, how) for mic, how in MICS.items()}
    return {
        "seconds": len(sound) / RATE_HZ, "hops": len(expected), "codes": len(set(expected.values())), "mics": mics,
    }  # fmt: skip


def _beside(seen: Emulation, expected: Mapping[int, int], how: str) -> dict[str, Any]:
    told = {round(hop["t_s"] / HOP_SECONDS): hop["code"] for hop in seen.hops}
    return {
        "how": how, "different": sum(told[hop] != code for hop, code in expected.items() if hop in told),
        "missing": len(expected.keys() - told.keys()), "overruns": seen.hops[-1]["overruns"] if seen.hops else 0,
        "real_time": seen.real_time,
    }  # fmt: skip
