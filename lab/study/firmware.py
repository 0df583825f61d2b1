"""Models and detectors become C and firmware, with what they cost on the board."""

from pathlib import Path
from typing import Any

import numpy as np

from lab.atomic import write_bytes
from lab.deploy import build, emulator
from lab.deploy.boards import Board, board_named
from lab.deploy.build import RAM_BYTES
from lab.deploy.compiler import CompiledC, compile_model
from lab.deploy.compiler.card import with_cycles
from lab.deploy.compiler.cmake import FILE as CMAKE_FILE
from lab.deploy.compiler.cmake import cmake_text
from lab.deploy.cycles import invoke_cycles
from lab.deploy.detector import Detector
from lab.deploy.prepared import prepared_detector
from lab.deploy.tflite import MAX_FILE_BYTES
from lab.errors import BadInput, LabError, Missing
from lab.progress import OnProgress, ignore
from lab.sound.features.spec import HOP_LEN

MEASURED_HOPS = 3
MEASURED_MACS = 20_000_000
DETECTOR_SUFFIX = ".detector"
OTHER_APPS = ("usb_microphone", "selftest")


def compile_file(
    path: Path, out: Path, board: str, on_progress: OnProgress = ignore, prefix: str = "model",
    led: str = "probability",
) -> dict[str, Any]:  # fmt: skip
    """Compile a .tflite to C with a CMake target, or a detector to firmware whose light shows `led`.

    Returns:
        The object that `python -m lab compile --json` prints; `unsupported` is empty on success.

    Raises:
        BadInput: an unusable file, an operator that the compiler lacks, or a model that does not fit.
        Missing: a detector, and no cross toolchain.
    """
    chosen = board_named(board)
    if path.suffix == DETECTOR_SUFFIX:
        return compile_detector(Detector.load(path), out, board, on_progress, led)
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise BadInput(f"{path} has {path.stat().st_size} bytes; at most {MAX_FILE_BYTES} are read.")
        tflite = path.read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
    on_progress(0, 2, "writing C")
    compiled, target = compile_model(tflite, prefix), cmake_text(prefix)
    check_fits(compiled, chosen)
    on_progress(1, 2, "counting cycles")
    cycles, reason = model_cycles(tflite, compiled)
    header = compiled.files[f"{prefix}.h"]
    told = {} if cycles is None else {f"{prefix}.h": with_cycles(header, cycles)}
    files = {**compiled.files, **told, CMAKE_FILE: target}
    for name, text in files.items():
        write_bytes(out / name, text.encode())
    on_progress(2, 2, "done")
    return {
        "files": sorted(files), "flash_bytes": compiled.weight_bytes, "ram_bytes": compiled.arena_bytes,
        "arena_bytes": compiled.arena_bytes, "macs": compiled.macs, "cycles": cycles, "cycles_reason": reason,
        "layers": list(compiled.layers), "unsupported": [],
    }  # fmt: skip


def check_fits(compiled: CompiledC, board: Board) -> None:
    """Refuse a model whose weights no flash of the board holds, or whose arena no RAM.

    Raises:
        BadInput: says by how much, and names the largest layer.
    """
    for what, used, limit in (
        ("flash", compiled.weight_bytes, board.flash_bytes),
        ("ram", compiled.arena_bytes, RAM_BYTES),
    ):
        if used > limit:
            largest = max(compiled.layers, key=lambda layer: int(layer[f"{what}_bytes"]))
            raise BadInput(
                f"The model does not fit the {board.title}: it takes {used} bytes of {what}, {used - limit} more than "
                f"there are. The largest layer is operator {largest['operator']} ({largest['name']}) with "
                f"{largest[f'{what}_bytes']} bytes."
            )


def model_cycles(tflite: bytes, compiled: CompiledC) -> tuple[int | None, str | None]:
    """Return (cycles of one inference on the virtual board's processor, None), or (None, why not)."""
    if compiled.macs > MEASURED_MACS:
        return None, f"{compiled.macs} multiply-accumulates would take the virtual board too long"
    try:
        return invoke_cycles(tflite).total, None
    except LabError as error:
        return None, str(error)


def compile_detector(
    detector: Detector, out: Path, board: str, on_progress: OnProgress = ignore, led: str = "probability"
) -> dict[str, Any]:
    """Build a detector's firmware and measure a hop of it on the virtual board; as `compile_file`."""
    report = build.build_firmware(detector, board, out, on_progress, led=led)
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
