"""From a detector to firmware: generated C, a build tree kept per board, and a report.

Nothing of a detector's text reaches a shell or CMake; names go into C only
as escaped string literals (`lab.deploy.config`).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.atomic import write_bytes
from lab.deploy import uf2
from lab.deploy.boards import Board, board_header, board_named
from lab.deploy.compiler import CompiledC, compile_model
from lab.deploy.config import config_header, config_source
from lab.deploy.detector import Detector
from lab.deploy.package import c_zip
from lab.deploy.selftest import vectors_header
from lab.deploy.toolchain import ToolFailed
from lab.deploy.tree import Tree, held_tree
from lab.errors import BadInput
from lab.progress import OnProgress, ignore
from lab.sound.features.tables import spectrum_header

RAM_BYTES = 256 * 1024
"""Everything runs from SRAM, so it runs out before the 2 MiB of flash do. Stacks have 8 KiB of their own."""
_OVERFLOW = re.compile(r"overflowed by (\d+) bytes")


@dataclass(frozen=True, slots=True)
class BuildReport:
    """What a build left.

    Attributes:
        folder: where the files are.
        files: kind ("uf2", "elf", "bin", "h", "tflite", "c_zip", "report") → file name.
        flash_bytes: the image in flash.
        ram_bytes: code and data in SRAM, without the stack.
        arena_bytes, ring_bytes: parts of it: the model's tensors, the features' ring.
        macs: multiply-accumulates of one inference.
    """

    folder: Path
    files: dict[str, str]
    flash_bytes: int
    ram_bytes: int
    arena_bytes: int
    ring_bytes: int
    macs: int

    def file(self, kind: str) -> Path:
        """Return the path of one file."""
        return self.folder / self.files[kind]

    def to_json(self) -> dict[str, Any]:
        """Return the sizes."""
        return {
            "flash_bytes": self.flash_bytes, "ram_bytes": self.ram_bytes, "arena_bytes": self.arena_bytes,
            "ring_bytes": self.ring_bytes, "macs": self.macs,
        }  # fmt: skip


def sources(detector: Detector, board: Board, led: str = "probability") -> tuple[dict[str, str], CompiledC]:
    """Return the generated files of a detector's firmware, by name.

    Raises:
        BadInput: the model uses what the compiler lacks, or does not fit the feature spec.
    """
    compiled = compile_model(detector.model, streaming=True)
    _check_ends(detector, compiled)
    files = {
        **compiled.files,
        "lab_config.h": config_header(detector, board.name, led),
        "lab_config.c": config_source(detector),
        "lab_board.h": board_header(board),
        "spectrum_tables.h": spectrum_header(detector.spec.frame_len),
    }
    return files, compiled


def _check_ends(detector: Detector, compiled: CompiledC) -> None:
    rows, bands = detector.spec.shape
    if [size for size in compiled.input_shape if size != 1] != [size for size in (rows, bands) if size != 1]:
        shape, name = compiled.input_shape, detector.spec.name
        raise BadInput(f"The model takes input {shape}; feature spec {name!r} gives {rows} × {bands}.")
    if max(detector.positive_outputs) >= compiled.output_len:
        raise BadInput(
            f"The model has {compiled.output_len} outputs; positive label {detector.positive[-1]!r} would be "
            f"number {max(detector.positive_outputs) + 1}. A model of one output gives the first label's probability."
        )


def prepare(board: str = "pico", on_progress: OnProgress = ignore) -> None:
    """Configure a board's build tree and compile the SDK, so that the next build takes seconds.

    Raises:
        Missing: the toolchain is not there.
    """
    from lab.deploy.prepared import prepared_detector

    chosen = board_named(board)
    with held_tree(chosen) as tree:
        tree.build("detector", sources(prepared_detector(), chosen)[0], on_progress)


def build_firmware(
    detector: Detector, board: str, out: Path, on_progress: OnProgress = ignore, app: str = "detector",
    led: str = "probability",
) -> BuildReport:  # fmt: skip
    """Build firmware and leave its files in a folder.

    Args:
        detector: what the board shall run.
        board: a name in BOARDS.
        out: folder, made if absent.
        on_progress: called between steps.
        app: "detector", or "selftest", which tells what the parts compute.
        led: what the light shows: "probability", or only whether an "event" is on.

    Raises:
        BadInput: the detector does not fit the board; says by how much.
        Missing: the toolchain is not there.
    """
    chosen = board_named(board)
    on_progress(0, 4, "writing C")
    files, compiled = sources(detector, chosen, led)
    check_fit(detector, compiled)
    if app == "selftest":
        files["lab_vectors.h"] = vectors_header(detector)
    with held_tree(chosen) as tree:
        on_progress(1, 4, "compiling")
        _build(tree, app, files, on_progress)
        on_progress(3, 4, "packing")
        elf, image = tree.made(f"{app}.elf").read_bytes(), tree.made(f"{app}.bin").read_bytes()
        ram_bytes = tree.ram_bytes(tree.made(f"{app}.elf"))
    report = BuildReport(
        out, {}, len(image), ram_bytes, compiled.arena_bytes, detector.spec.rows * detector.spec.bands, compiled.macs
    )
    _write_out(report, app, board, detector, files, {"uf2": uf2.write(image), "elf": elf, "bin": image})
    on_progress(4, 4, "done")
    return report


def build_usb_microphone(board: str, out: Path, on_progress: OnProgress = ignore) -> BuildReport:
    """Build the firmware that makes a board a USB microphone, and leave its files in a folder; as `build_firmware`."""
    from lab.deploy.prepared import prepared_detector

    app, chosen = "usb_microphone", board_named(board)
    on_progress(0, 4, "writing C")
    with held_tree(chosen) as tree:
        tree.build(app, sources(prepared_detector(), chosen)[0], on_progress)  # the tree holds all apps
        on_progress(3, 4, "packing")
        elf, image = tree.made(f"{app}.elf").read_bytes(), tree.made(f"{app}.bin").read_bytes()
        ram_bytes = tree.ram_bytes(tree.made(f"{app}.elf"))
    report = BuildReport(out, {}, len(image), ram_bytes, 0, 0, 0)
    _write_files(report, app, board, {"uf2": uf2.write(image), "elf": elf, "bin": image})
    on_progress(4, 4, "done")
    return report


def check_fit(detector: Detector, compiled: CompiledC) -> None:
    """Refuse what cannot fit, before any compiler runs.

    Raises:
        BadInput: says by how much flash or RAM is exceeded.
    """
    ring = detector.spec.rows * detector.spec.bands
    weights = compiled.weight_bytes - compiled.read_once_bytes  # copied to RAM too
    ram = compiled.arena_bytes + compiled.kept_bytes + weights + ring
    if ram > RAM_BYTES:
        largest = max(compiled.layers, key=lambda layer: int(layer["flash_bytes"]))
        raise BadInput(
            f"The model does not fit the board: weights {weights}, arena {compiled.arena_bytes}, kept "
            f"rows {compiled.kept_bytes} and features {ring} bytes need {ram - RAM_BYTES} bytes of RAM more than the "
            f"RP2040 has. The largest layer is operator {largest['operator']} ({largest['name']}) with "
            f"{largest['flash_bytes']} bytes."
        )


def _build(tree: Tree, app: str, files: Mapping[str, str], on_progress: OnProgress) -> None:
    try:
        tree.build(app, files, on_progress)
    except ToolFailed as error:
        excess = [int(found) for found in _OVERFLOW.findall(error.output)]
        if not excess:
            raise
        raise BadInput(
            f"The firmware does not fit the board: it needs {max(excess)} bytes of RAM more than the RP2040 has. "
            "Use a smaller model."
        ) from error


def _write_out(
    report: BuildReport, app: str, board: str, detector: Detector, files: Mapping[str, str], binaries: dict[str, bytes]
) -> None:
    texts = {"h": files["model.h"].encode(), "tflite": detector.model, "c_zip": c_zip(files)}
    _write_files(report, app, board, {**binaries, **texts})


def _write_files(report: BuildReport, app: str, board: str, contents: Mapping[str, bytes]) -> None:
    name = f"{app}_{board}"
    names = {"h": "model.h", "tflite": "model.tflite", "c_zip": f"{name}_c.zip", "report": f"{name}_report.json"}
    said = json.dumps({"app": app, "board": board, **report.to_json()}, indent=2).encode()
    for kind, data in {**contents, "report": said}.items():
        file = names.get(kind, f"{name}.{kind}")
        write_bytes(report.folder / file, data)
        report.files[kind] = file
