"""What a model costs on a Cortex-M0+: its generated C, built bare and called on the virtual board's processor.

Cycles are emulated: code and data in SRAM, no wait states, no interrupts.
"""

import base64
import itertools
import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.deploy.compiler import CompiledC, compile_model
from lab.deploy.emulator import node
from lab.errors import BadInput, LabError, Missing
from lab.sound.features.core import FIRMWARE

BUNDLE = FIRMWARE / "virtual_board" / "build" / "bare.mjs"
TIMEOUT_S = 300
SRAM_BYTES = 256 * 1024
FLAGS = (
    "-mcpu=cortex-m0plus", "-mthumb", "-std=gnu11", "-O3", "-ffunction-sections", "-fdata-sections", "-nostartfiles",
    "-Wl,--gc-sections", "-Wl,-T,bare.ld", "-Wall", "-Wextra",
)  # fmt: skip
_LINKER_SCRIPT = """
ENTRY(model_invoke)
MEMORY { RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 264K }
SECTIONS {
  .text : { KEEP(*(.keep)) *(.text*) *(.rodata*) *(.data*) . = ALIGN(4); } > RAM
  .bss (NOLOAD) : { *(.bss*) *(COMMON) } > RAM
  /DISCARD/ : { *(.ARM.exidx*) *(.comment) *(.note*) *(.ARM.attributes) }
}
"""
_OVERFLOW = re.compile(r"overflowed by (\d+) bytes")


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One inference on the emulated processor.

    Attributes:
        total: cycles of PREFIX_invoke.
        layers: {operator, name, macs, cycles, cycles_per_mac, note} a step, in running order.
        outputs: int8, one row an input.
        code_bytes: instructions and constants, with what they need of the C library.
    """

    total: int
    layers: tuple[dict[str, Any], ...]
    outputs: NDArray[np.int8]
    code_bytes: int

    def to_json(self) -> dict[str, Any]:
        """Return the figures."""
        return {"total": self.total, "layers": list(self.layers), "code_bytes": self.code_bytes}


def invoke_cycles(tflite: bytes, inputs: NDArray[np.int8] | None = None, flash_bytes: int | None = None) -> Measured:
    """Return what an inference costs, the greatest over some inputs.

    Args:
        tflite: the model.
        inputs: int8, (n, …the model's input without its batch); one random input where absent.
        flash_bytes: as compile_model takes it.

    Raises:
        BadInput: the compiler does not take the model, or it does not fit the RP2040's SRAM.
        Missing: no cross compiler, or no virtual board.
        LabError: the program failed.
    """
    compiled = compile_model(tflite, flash_bytes=flash_bytes)
    if len(compiled.inputs) > 1 or len(compiled.outputs) > 1:
        raise BadInput("Cycles are measured for models of one input and one output.")
    if inputs is None:
        shape = (1, *compiled.input_shape[1:])
        inputs = np.random.default_rng(0).integers(-128, 128, shape).astype(np.int8)
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-") as folder:
        names, code_bytes = build_bare(Path(folder), compiled.files)
        calls: list[dict[str, Any]] = []
        for item in inputs:
            calls += [
                {"call": names["model_input"]},
                {"write": ["@", base64.b64encode(item.tobytes()).decode()]},
                {"call": names["model_invoke"]},
                {"call": names["model_output"], "read": ["@", compiled.output_len]},
            ]
        results = call_bare(Path(folder), calls)
    runs = [result for result in results if result.get("marks")]
    worst = max(runs, key=lambda run: int(run["cycles"]))
    codes = [np.frombuffer(base64.b64decode(result["read"]), np.int8) for result in results if "read" in result]
    return Measured(worst["cycles"], tuple(_layers(compiled, worst)), np.array(codes), code_bytes)


def _layers(compiled: CompiledC, run: dict[str, Any]) -> list[dict[str, Any]]:
    times = [cycles for _, cycles in run["marks"]] + [run["cycles"]]
    spans = [int(end - start) for start, end in itertools.pairwise(times)]
    return [
        {**layer, "cycles": span, "cycles_per_mac": round(span / layer["macs"], 2) if layer["macs"] else None}
        for layer, span in zip(compiled.layers, spans, strict=True)
    ]


def streamed_bytes(tflite: bytes) -> int:
    """Return a model's code and constants where it takes rows, as firmware holds them, with what they need of libc.

    Raises:
        BadInput, Missing, LabError: as `invoke_cycles`.
    """
    compiled = compile_model(tflite, streaming=True)
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-") as folder:
        return build_bare(Path(folder), compiled.files, ("model_step", "model_push_row", "model_output"))[1]


def build_bare(folder: Path, files: dict[str, str], keep: tuple[str, ...] = ()) -> tuple[dict[str, int], int]:
    """Build C into `folder`/image.bin, to run at the start of SRAM with nothing beneath it.

    Args:
        folder: for everything.
        files: text by name, model.h among them.
        keep: the functions that are called; all that model.h declares where none are named.

    Returns:
        addresses by name, and the bytes of code and constants.
    """
    compiler = shutil.which("arm-none-eabi-gcc")
    if compiler is None:
        raise Missing("The Arm compiler is missing: run `make setup` (it installs gcc-arm-none-eabi).")
    for name, text in {**files, "bare.ld": _LINKER_SCRIPT}.items():
        (folder / name).write_text(text, "utf-8")
    sources = sorted(name for name in files if name.endswith(".c"))
    called = keep or tuple(re.findall(r"\b(model_\w+)\(", files["model.h"]))
    kept = [f"-Wl,-u,{name}" for name in called] + [f"-Wl,-e,{called[0]}"]
    mark = '-DMODEL_MARK(n)=__asm__ volatile("bkpt #" #n)'
    _tool([compiler, *FLAGS, mark, *kept, "-o", "image.elf", *sources], folder)
    _tool([f"{compiler[:-3]}objcopy", "-O", "binary", "image.elf", "image.bin"], folder)
    table = _tool([f"{compiler[:-3]}nm", "image.elf"], folder)
    names = {row.split()[2]: int(row.split()[0], 16) for row in table.splitlines() if len(row.split()) == 3}
    return names, (folder / "image.bin").stat().st_size


def call_bare(folder: Path, calls: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Run what `build_bare` made; `calls` as bare.mjs takes them."""
    if not BUNDLE.exists():
        raise Missing("The virtual board is not built yet: run `make setup`.")
    (folder / "calls.json").write_text(json.dumps(calls))
    told = _tool([node(), str(BUNDLE), "image.bin", "calls.json"], folder)
    return json.loads(told)["results"]  # type: ignore[no-any-return]


def _tool(command: list[str], folder: Path) -> str:
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LabError(f"{Path(command[0]).name} could not run: {error}.") from error
    excess = _OVERFLOW.search(done.stderr)
    if excess:
        raise BadInput(f"The model does not fit the RP2040: it needs {excess[1]} bytes more than its 264 KiB of SRAM.")
    if done.returncode:
        raise LabError(f"{Path(command[0]).name} failed: {done.stderr.strip()[-1500:]}")
    return done.stdout
