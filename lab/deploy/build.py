"""From a detector to firmware: generated C, a build tree kept per board, and a report.

Nothing of a detector's text reaches a shell or CMake; names go into C only
as escaped string literals (`lab.deploy.config`).
"""

import fcntl
import io
import json
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lab.atomic import write_bytes
from lab.deploy import uf2
from lab.deploy.boards import Board, board_header, board_named
from lab.deploy.compiler import CompiledC, compile_model
from lab.deploy.config import config_header, config_source
from lab.deploy.detector import Detector
from lab.deploy.toolchain import Toolchain, find_toolchain, run_tool
from lab.errors import BadInput
from lab.hostcc import cache_dir
from lab.progress import OnProgress, ignore
from lab.sound.features.core import FIRMWARE
from lab.sound.features.tables import spectrum_header

FLASH_BYTES = 2 * 2**20
RAM_BYTES = 256 * 1024
GENERATED = "lab-generated"
STACK_BYTES = 8 * 1024
APPS = ("detector", "selftest")
_EPOCH = (1980, 1, 1, 0, 0, 0)


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


def sources(detector: Detector, board: Board) -> tuple[dict[str, str], CompiledC]:
    """Return the generated files of a detector's firmware, by name.

    Raises:
        BadInput: the model uses what the compiler lacks, or does not fit the feature spec.
    """
    compiled = compile_model(detector.model)
    rows, bands = detector.spec.shape
    if compiled.input_len != rows * bands:
        raise BadInput(
            f"The model takes {compiled.input_len} values; feature spec {detector.spec.name!r} gives {rows} × {bands}."
        )
    files = {
        **compiled.files,
        "lab_config.h": config_header(detector, board.name),
        "lab_config.c": config_source(detector),
        "lab_board.h": board_header(board),
        "spectrum_tables.h": spectrum_header(detector.spec.frame_len),
    }
    return files, compiled


def prepare(board: str = "pico", on_progress: OnProgress = ignore) -> None:
    """Configure a board's build tree and compile the SDK, so that the next build takes seconds.

    Raises:
        Missing: the toolchain is not there.
    """
    from lab.deploy.prepared import prepared_detector

    with _tree(board_named(board)) as (tree, tools):
        _generate(tree, sources(prepared_detector(), board_named(board))[0])
        _compile(tree, tools, board, "detector", on_progress)


def build_firmware(
    detector: Detector, board: str, out: Path, on_progress: OnProgress = ignore, app: str = "detector"
) -> BuildReport:
    """Build firmware and leave its files in a folder.

    Args:
        detector: what the board shall run.
        board: a name in BOARDS.
        out: folder, made if absent.
        on_progress: called between steps.
        app: "detector", or "selftest", which tells what the parts compute.

    Raises:
        BadInput: the detector does not fit the board; says by how much.
        Missing: the toolchain is not there.
    """
    chosen = board_named(board)
    on_progress(0, 4, "writing C")
    files, compiled = sources(detector, chosen)
    check_fit(detector, compiled)
    with _tree(chosen) as (tree, tools):
        _generate(tree, files)
        on_progress(1, 4, "compiling")
        _compile(tree, tools, board, app, on_progress)
        on_progress(3, 4, "packing")
        elf, image = (tree / f"{app}.elf").read_bytes(), (tree / f"{app}.bin").read_bytes()
        ram_bytes = _ram_bytes(tree / f"{app}.elf", tools)
    if ram_bytes + STACK_BYTES > RAM_BYTES:
        raise BadInput(
            f"The firmware needs {ram_bytes + STACK_BYTES - RAM_BYTES} bytes of RAM more than the board has."
        )
    report = BuildReport(
        out, {}, len(image), ram_bytes, compiled.arena_bytes, detector.spec.rows * detector.spec.bands, compiled.macs
    )
    _write_out(report, app, board, detector, files, {"uf2": uf2.write(image), "elf": elf, "bin": image})
    on_progress(4, 4, "done")
    return report


def check_fit(detector: Detector, compiled: CompiledC) -> None:
    """Refuse what cannot fit, before any compiler runs.

    Raises:
        BadInput: says by how much flash or RAM is exceeded.
    """
    ram = compiled.arena_bytes + compiled.weight_bytes + detector.spec.rows * detector.spec.bands + STACK_BYTES
    if ram > RAM_BYTES:  # weights are copied to RAM too
        raise BadInput(
            f"The model does not fit: arena {compiled.arena_bytes}, weights {compiled.weight_bytes} bytes and the rest "
            f"need {ram - RAM_BYTES} bytes of RAM more than the RP2040 has."
        )


@contextmanager
def _tree(board: Board) -> Iterator[tuple[Path, Toolchain]]:
    """Yield the board's configured build tree, held by one build at a time."""
    tools = find_toolchain()
    tree = cache_dir() / "firmware" / board.name
    tree.mkdir(parents=True, exist_ok=True)
    with (tree / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield tree, tools


def _generate(tree: Path, files: Mapping[str, str]) -> None:
    """Write generated files, leaving equal ones alone so that Ninja rebuilds only what changed."""
    for name, text in files.items():
        path = tree / GENERATED / name
        if not path.exists() or path.read_text("utf-8") != text:
            write_bytes(path, text.encode())


def _compile(tree: Path, tools: Toolchain, board: str, app: str, on_progress: OnProgress) -> None:
    key = json.dumps([str(FIRMWARE), str(tools.sdk), tools.compiler, (FIRMWARE / "CMakeLists.txt").read_text("utf-8")])
    stamp = tree / "configured"
    if not stamp.exists() or stamp.read_text("utf-8") != key:
        on_progress(1, 4, "configuring the SDK (once for each board)")
        options = [
            "-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={tools.ninja}", f"-DPICO_BOARD={board}", "-DPICO_NO_PICOTOOL=1",
            "-DCMAKE_BUILD_TYPE=Release", f"-DLAB_GENERATED={tree / GENERATED}",
        ]  # fmt: skip
        run_tool([tools.cmake, "-S", str(FIRMWARE), "-B", str(tree), *options], tree, tools, "Configuring the firmware")
        write_bytes(stamp, key.encode())
    on_progress(2, 4, "compiling")
    run_tool([tools.ninja, app], tree, tools, "Compiling the firmware")


def _ram_bytes(elf: Path, tools: Toolchain) -> int:
    """Return the bytes of all sections that lie in SRAM when the firmware runs."""
    size = str(Path(tools.compiler).with_name("arm-none-eabi-size"))
    total = 0
    for line in run_tool([size, "-A", "-d", str(elf)], elf.parent, tools, "Measuring the firmware").splitlines():
        parts = line.split()
        if len(parts) == 3 and parts[1].isdigit() and 0x20000000 <= int(parts[2]) < 0x20040000:
            total += int(parts[1]) if parts[0] not in (".heap", ".stack_dummy", ".stack1_dummy") else 0
    return total


def _write_out(
    report: BuildReport, app: str, board: str, detector: Detector, files: Mapping[str, str], binaries: dict[str, bytes]
) -> None:
    name = f"{app}_{board}"
    made = {
        **{kind: (f"{name}.{kind}", data) for kind, data in binaries.items()},
        "h": ("model.h", files["model.h"].encode()),
        "tflite": ("model.tflite", detector.model),
        "c_zip": (f"{name}_c.zip", c_zip(files)),
        "report": (
            f"{name}_report.json",
            json.dumps({"app": app, "board": board, **report.to_json()}, indent=2).encode(),
        ),
    }
    for kind, (file, data) in made.items():
        write_bytes(report.folder / file, data)
        report.files[kind] = file


def c_zip(files: Mapping[str, str]) -> bytes:
    """Return the whole firmware source with the generated files, as a zip that is equal for equal input."""
    listed = {f"generated/{name}": text for name, text in files.items()}
    for pattern in ("CMakeLists.txt", "core/*", "hal/*/*", "app/*/*"):
        for path in sorted(FIRMWARE.glob(pattern)):
            listed[path.relative_to(FIRMWARE).as_posix()] = path.read_text("utf-8")
    listed["README.txt"] = _C_README
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, text in sorted(listed.items()):
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), text, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


_C_README = """Firmware of one detector, as C11.

For the board, with the Pico SDK 2.1 and arm-none-eabi-gcc:
  PICO_SDK_PATH=... cmake -G Ninja -B build -DPICO_BOARD=pico -DPICO_NO_PICOTOOL=1 \\
    -DCMAKE_BUILD_TYPE=Release -DLAB_GENERATED=$PWD/generated
  ninja -C build detector

For any machine with a C compiler (the detector without a microphone):
  cc -O3 -c -Icore -Igenerated core/*.c generated/*.c

A learning tool, not a certified alarm, never your only warning.
"""
