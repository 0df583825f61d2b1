"""From "compile" to a board that runs: this machine's compiler, then a model of the boot ROM with real flash times."""

import json
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lab.deploy.build import build_firmware
from lab.deploy.emulator import node
from lab.deploy.prepared import prepared_detector
from lab.errors import LabError
from lab.progress import OnProgress, ignore
from lab.sound.features.core import FIRMWARE

GOAL_S = 20.0
LIMIT_S = 60.0
SCRIPT = FIRMWARE / "virtual_board" / "flash_time.mjs"


def flash(options: Mapping[str, Any], on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Compile the prepared detector and flash it.

    Args:
        options: {"board": by default pico}.
        on_progress: called between the steps.

    Returns:
        {"compile_s": wall seconds of this machine, its SDK compiled ahead or not; "flash_s": emulated seconds from
        the first command until the board runs; "bytes", "seconds", "goal_s", "met"}.

    Raises:
        Missing: no cross compiler, or no Node.
        LabError: the model of the board refused the firmware.
    """
    program = node()
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-") as folder:
        on_progress(0, 2, "compiling")
        began = time.monotonic()
        report = build_firmware(prepared_detector(), str(options.get("board") or "pico"), Path(folder))
        compile_s = time.monotonic() - began
        on_progress(1, 2, "flashing")
        flashed = flash_time(report.file("uf2"), program)
    on_progress(2, 2, "done")
    seconds = compile_s + float(flashed["seconds"])
    return {
        "compile_s": round(compile_s, 2), "flash_s": round(float(flashed["seconds"]), 2), "bytes": flashed["bytes"],
        "running": flashed["running"], "seconds": round(seconds, 2), "goal_s": GOAL_S,
        "met": bool(flashed["running"]) and seconds <= GOAL_S,
    }  # fmt: skip


def flash_time(firmware: Path, program: str) -> dict[str, Any]:
    """Return {"bytes", "seconds", "running"} of flashing a .uf2 onto the model of the boot ROM.

    Args:
        firmware: a .uf2.
        program: Node.

    Raises:
        LabError: it was refused, or did not end.
    """
    try:
        done = subprocess.run(
            [program, str(SCRIPT), str(firmware)], capture_output=True, text=True, timeout=LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise LabError(f"The model of the board did not end within {LIMIT_S:.0f} s.") from error
    if done.returncode:
        raise LabError(f"The model of the board refused the firmware: {done.stderr.strip()[:300]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found
