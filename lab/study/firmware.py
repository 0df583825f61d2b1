"""Models and detectors become C and firmware, with what they cost on the board."""

from pathlib import Path
from typing import Any

import numpy as np

from lab.atomic import write_bytes
from lab.deploy import build, emulator
from lab.deploy.boards import board_named
from lab.deploy.compiler import compile_model
from lab.deploy.detector import Detector
from lab.deploy.prepared import prepared_detector
from lab.errors import BadInput, Missing
from lab.progress import OnProgress, ignore
from lab.sound.features.spec import HOP_LEN

MEASURED_HOPS = 3
DETECTOR_SUFFIX = ".detector"


def compile_file(path: Path, out: Path, board: str, on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Compile a .tflite to C, or a detector to firmware.

    Returns:
        The object that `python -m lab compile --json` prints; `unsupported` is empty on success.

    Raises:
        BadInput: an unusable file, an operator that the compiler lacks, or a model that does not fit.
        Missing: a detector, and no cross toolchain.
    """
    board_named(board)
    if path.suffix == DETECTOR_SUFFIX:
        return compile_detector(Detector.load(path), out, board, on_progress)
    try:
        compiled = compile_model(path.read_bytes())
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    for name, text in compiled.files.items():
        write_bytes(out / name, text.encode())
    return {
        "files": sorted(compiled.files), "flash_bytes": compiled.weight_bytes, "ram_bytes": compiled.arena_bytes,
        "arena_bytes": compiled.arena_bytes, "macs": compiled.macs, "cycles": None,
        "cycles_reason": "cycles are measured on whole firmware: compile a .detector", "unsupported": [],
    }  # fmt: skip


def compile_detector(detector: Detector, out: Path, board: str, on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Build a detector's firmware and measure a hop of it on the virtual board; as `compile_file`."""
    report = build.build_firmware(detector, board, out, on_progress)
    cycles, reason = hop_cycles(report.file("uf2"), detector)
    return {
        "files": sorted(report.files.values()), **report.to_json(), "cycles": cycles, "cycles_reason": reason,
        "unsupported": [],
    }  # fmt: skip


def compile_app(app: str, path: Path | None, out: Path, board: str, on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Build another app than the detector: "usb_microphone", or "selftest" of a detector; as `compile_file`."""
    if app == "usb_microphone":
        report = build.build_usb_microphone(board, out, on_progress)
    else:
        detector = Detector.load(path) if path else prepared_detector()
        report = build.build_firmware(detector, board, out, on_progress, app)
    return {
        "files": sorted(report.files.values()), **report.to_json(), "cycles": None,
        "cycles_reason": "only the detector has hops to measure", "unsupported": [],
    }  # fmt: skip


def hop_cycles(uf2: Path, detector: Detector) -> tuple[int | None, str | None]:
    """Return (the greatest cycles of one hop on the virtual board, None), or (None, why not).

    The sound is noise, whose every magnitude differs from zero.
    """
    hops = detector.spec.hops_per_window + MEASURED_HOPS
    noise = np.random.default_rng(0).integers(-8_000, 8_000, hops * HOP_LEN).astype(np.int16)
    try:
        seen = emulator.emulate(uf2, noise)
    except Missing as error:
        return None, str(error)
    return max(hop["cycles"] for hop in seen.hops), None
