"""The model compiler: an int8 .tflite in, static C11 out.

Const weights, one planned arena, no heap, no interpreter, only the kernels
that the model uses. Bit for bit what TensorFlow Lite's reference kernels give.
"""

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lab.deploy.compiler.arena import Arena, plan
from lab.deploy.compiler.card import End, card_of
from lab.deploy.compiler.emit import header_text, kernels_text, source_text
from lab.deploy.compiler.lower import Ends, ends, lower, needed
from lab.deploy.compiler.step import Step, Unsupported
from lab.deploy.compiler.stream import DECLARATIONS, stream_text
from lab.deploy.tflite import Graph, read_graph
from lab.errors import BadInput

__all__ = ["STREAMING_BYTES", "CompiledC", "End", "Unsupported", "compile_model"]

STREAMING_BYTES = 26 * 1024
"""With the kernels' loops and tables it makes 32 KiB of flash."""
SRAM_BYTES = 250 * 1024
"""What code, weights and arena may take of SRAM, where smaller kernels can help it."""
MAX_ARENA_BYTES = 64 * 2**20
_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class CompiledC:
    """A model as C, with what a caller must know of it.

    Attributes:
        files: text by file name: PREFIX.c, PREFIX.h and PREFIX_kernels.h.
        inputs: what the model takes, in the file's order; likewise outputs.
        arena_bytes: static RAM for tensors and work memory.
        weight_bytes: const data and straight-line code, which holds weights too.
        macs: multiply-accumulates of one inference.
        operators: names in running order.
        sha256: of the .tflite.
        layers: {operator, name, macs, flash_bytes, ram_bytes, note} a kernel call: what it reads, writes and works
            in is its RAM; the note says why it has its kernel.
        kept_bytes: static RAM beside the arena for the rows that streaming keeps.
        read_once_bytes: of the weights, those that may stay in flash.
    """

    files: dict[str, str] = field(repr=False)
    inputs: tuple[End, ...]
    outputs: tuple[End, ...]
    arena_bytes: int
    weight_bytes: int
    macs: int
    operators: tuple[str, ...]
    sha256: str
    layers: tuple[dict[str, Any], ...] = ()
    kept_bytes: int = 0
    read_once_bytes: int = 0

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Return the first input's shape, with its batch of one."""
        return self.inputs[0].shape

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Return the first output's shape, with its batch of one."""
        return self.outputs[0].shape

    @property
    def output_len(self) -> int:
        """Return the number of codes of the first output."""
        return self.outputs[0].size


def compile_model(
    tflite: bytes, prefix: str = "model", streaming: bool = False, flash_bytes: int | None = None
) -> CompiledC:
    """Return the C of an int8 model.

    Args:
        tflite: the file's bytes; int8 inputs and outputs, or float or uint8 edges around them.
        prefix: begins every name in the C; a lower-case identifier.
        streaming: also make PREFIX_push_row and PREFIX_step, which take the input row by row.
        flash_bytes: what weights and code of all layers shall take at most, where that is possible; where absent,
            STREAMING_BYTES when streaming, else as much as the fastest kernels that SRAM holds.

    Raises:
        BadInput: not a usable .tflite, or a prefix that is no identifier.
        Unsupported: an operator, type or size that has no kernel; names operator, index and tensor.
    """
    if not _PREFIX.fullmatch(prefix):
        raise BadInput(f"Prefix {prefix[:40]!r} is not a lower-case C identifier of at most 40 letters.")
    graph = read_graph(tflite)
    found = ends(graph)
    if streaming and flash_bytes is None:
        flash_bytes = STREAMING_BYTES
    steps, arena = _planned(graph, found, flash_bytes, streaming)
    if arena.size_bytes > MAX_ARENA_BYTES:
        raise BadInput(f"The model needs an arena of {arena.size_bytes} bytes; at most {MAX_ARENA_BYTES} are compiled.")
    made = CompiledC(
        files={}, inputs=tuple(End.of(graph.tensors[index]) for index in found.firsts),
        outputs=tuple(End.of(graph.tensors[index]) for index in found.lasts), arena_bytes=arena.size_bytes,
        weight_bytes=sum(_layer(step, graph)["flash_bytes"] for step in steps), macs=sum(step.macs for step in steps),
        operators=tuple(operator.name for operator in needed(graph, found)),
        read_once_bytes=sum(part.size_bytes for step in steps for part in step.constants if part.is_read_once),
        sha256=hashlib.sha256(tflite).hexdigest(), layers=tuple(_layer(step, graph) for step in steps if step.kernel),
    )  # fmt: skip
    said, macros, declared, text, streamed = _card(made), _macros(made), "", "", 1
    if streaming:
        if len(made.inputs) > 1 or len(made.outputs) > 1:
            raise BadInput(f"The model has {len(made.inputs)} inputs and {len(made.outputs)} outputs; rows need one.")
        stream = stream_text(prefix, steps, arena, made.input_shape)
        made = replace(made, kept_bytes=stream.kept_bytes)
        rows = next((size for size in made.input_shape if size > 1), 1)
        said |= {"streaming": f"{stream.note}; {stream.kept_bytes} bytes"}
        macros |= {"ROWS": str(rows), "ROW_LEN": str(made.inputs[0].size // rows), "KEPT_BYTES": str(stream.kept_bytes)}
        declared = DECLARATIONS.substitute(prefix=prefix, upper=prefix.upper())
        text, streamed = stream.text, stream.calls
    several = len(made.inputs) > 1, len(made.outputs) > 1
    made.files[f"{prefix}.h"] = header_text(prefix, said, macros, several, declared)
    made.files[f"{prefix}.c"] = source_text(prefix, steps, arena, found.firsts, found.lasts, text, streamed)
    made.files[f"{prefix}_kernels.h"] = kernels_text(prefix, steps)
    return made


def _planned(graph: Graph, found: Ends, flash_bytes: int | None, streaming: bool) -> tuple[list[Step], Arena]:
    """Return kernel calls and memory; where both leave SRAM, the calls have less code."""
    room = SRAM_BYTES
    for _ in range(2):
        with np.errstate(over="ignore"):  # absurd scales overflow to infinity, which every lowering refuses
            steps = lower(graph, found, flash_bytes, streaming, room)
        arena = plan(graph, steps, found.firsts, found.lasts)
        excess = arena.size_bytes + sum(_layer(step, graph)["flash_bytes"] for step in steps) - SRAM_BYTES
        if excess <= 0:
            break
        room = max(0, sum(step.code_bytes for step in steps) - excess)
    return steps, arena


def _layer(step: Step, graph: Graph) -> dict[str, Any]:
    tensors = sum(graph.tensors[index].size for index in {*step.reads, step.writes})
    constants = sum(constant.size_bytes for constant in step.constants)
    return {
        "operator": step.operator.index, "name": step.operator.name, "macs": step.macs,
        "flash_bytes": step.code_bytes + constants, "ram_bytes": tensors + step.scratch_bytes,
        "note": step.note or "portable kernel",
    }  # fmt: skip


def _card(made: CompiledC) -> dict[str, str]:
    return card_of(made.sha256, made.inputs, made.outputs) | {
        "arena": f"{made.arena_bytes} bytes",
        "weights": f"{made.weight_bytes} bytes",
        "multiply-accumulates": str(made.macs),
        "operators": ", ".join(made.operators),
    }


def _macros(made: CompiledC) -> dict[str, str]:
    macros: dict[str, str] = {}
    for what, found in (("INPUT", made.inputs), ("OUTPUT", made.outputs)):
        if len(found) > 1:
            macros[f"{what}S"] = str(len(found))
        for number, end in enumerate(found):
            name = f"{what}_{number}" if len(found) > 1 else what
            macros |= {
                f"{name}_LEN": str(end.size),
                f"{name}_SCALE": _float(end.scale),
                f"{name}_ZERO_POINT": f"({end.zero_point})",
            }
    return macros | {
        "ARENA_BYTES": str(made.arena_bytes),
        "WEIGHT_BYTES": str(made.weight_bytes),
        "MACS": str(made.macs),
    }


def _float(value: float) -> str:
    text = f"{value:.9g}"
    return (text if "." in text or "e" in text else f"{text}.0") + "f"
