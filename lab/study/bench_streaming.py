"""Streaming against whole windows: the firmware's C on this machine hears an hour row by row.

Every code it sends must be the one that the whole inference of the same
window gives (`lab.deploy.twin`), whose features come from another program.
"""

import ctypes
import itertools
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.deploy.boards import BOARDS
from lab.deploy.build import sources
from lab.deploy.detector import Detector
from lab.deploy.prepared import prepared_detector
from lab.deploy.twin import Twin
from lab.errors import BadInput
from lab.hostcc import shared_library
from lab.progress import OnProgress, ignore
from lab.sound import synth
from lab.sound.features.core import FIRMWARE
from lab.sound.features.spec import HOP_LEN

CORE = ("detector", "events", "feature_rows", "rhythm", "spectrum")
MINUTE_HOPS = 60 * 16_000 // HOP_LEN
SCENES = ("t3", "speech", "sweep", "t3_low")
_HARNESS = """
#include <stddef.h>
#include "detector.h"
#include "lab_config.h"
void bench_hear(const int16_t *samples, int64_t hops, int8_t *codes);
void bench_hear(const int16_t *samples, int64_t hops, int8_t *codes) {
    for (; hops > 0; hops--, samples += LAB_HOP_LEN) *codes++ = detector_push(samples, NULL).code;
}
"""


def streaming(options: Mapping[str, Any], on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Return how many of an hour's codes differ.

    Args:
        options: {"minutes": how many instead of 60}.
        on_progress: called after each minute.

    Returns:
        {"minutes", "hops", "different": codes that are not the whole window's, "codes": how many values there were,
        "kept": what streaming keeps, "seconds"}.

    Raises:
        BadInput: no minute is asked for.
        Missing: no C compiler.
    """
    minutes, began = int(options.get("minutes") or 60), time.monotonic()
    if minutes < 1:
        raise BadInput(f"It takes at least one minute; {minutes} were asked for.")
    detector = prepared_detector()
    files, compiled = sources(detector, BOARDS["pico"])
    streamed = np.concatenate([*_streamed(detector, files, minutes, on_progress)])
    whole = Twin(detector).hear_blocks(minute_of_sound(minute) for minute in range(minutes))
    got = streamed[whole.first_hop - 1 :]
    return {
        "minutes": minutes, "hops": len(got), "different": int((got != whole.codes).sum()),
        "codes": len(np.unique(got)), "kept": f"{compiled.kept_bytes} bytes",
        "seconds": round(time.monotonic() - began, 1),
    }  # fmt: skip


def _streamed(
    detector: Detector, files: Mapping[str, str], minutes: int, on_progress: OnProgress
) -> Iterator[NDArray[np.int8]]:
    core = {path.name: path.read_text("utf-8") for path in (FIRMWARE / "core").iterdir() if path.stem in CORE}
    library = ctypes.CDLL(str(shared_library({**files, **core, "bench.c": _HARNESS})))
    library.detector_reset()
    for minute in range(minutes):
        samples, codes = minute_of_sound(minute), np.zeros(MINUTE_HOPS, np.int8)
        library.bench_hear(
            samples.ctypes.data_as(ctypes.c_void_p), ctypes.c_int64(MINUTE_HOPS), codes.ctypes.data_as(ctypes.c_void_p)
        )
        on_progress(minute + 1, minutes, f"minute {minute + 1} of {minutes}")
        yield codes


def minute_of_sound(minute: int) -> NDArray[np.int16]:
    """Return a minute of sound: alarms, speech, noise of falling level and silence, drawn by number."""
    rng, seconds = np.random.default_rng(minute), 10.0
    parts = [synth.render(name, minute, seconds).samples for name in SCENES]
    noise = rng.integers(-32_768, 32_768, int(seconds * 16_000)) >> np.arange(int(seconds * 16_000)) // 16_000
    parts += [noise.astype(np.int16), np.zeros(int(seconds * 16_000), np.int16)]
    order = rng.permutation(len(parts))
    return np.concatenate([*itertools.chain(parts[place] for place in order)])[: MINUTE_HOPS * HOP_LEN]
