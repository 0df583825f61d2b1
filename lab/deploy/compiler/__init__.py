"""The model compiler: an int8 .tflite in, static C11 out.

Const weights, one planned arena, no heap, no interpreter, only the kernels
that the model uses. Bit for bit what TensorFlow Lite's reference kernels give.
"""

import hashlib
import re
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lab.deploy.compiler.arena import plan
from lab.deploy.compiler.emit import header_text, kernels_text, source_text
from lab.deploy.compiler.lower import ends, lower, needed
from lab.deploy.compiler.step import Step, Unsupported
from lab.deploy.compiler.stream import DECLARATIONS, stream_text
from lab.deploy.tflite import Tensor, read_graph
from lab.errors import BadInput

__all__ = ["CompiledC", "Unsupported", "compile_model"]

MAX_ARENA_BYTES = 64 * 2**20
_PREFIX = re.compile(r"[a-z][a-z0-9_]{0,39}")


@dataclass(frozen=True, slots=True)
class CompiledC:
    """A model as C, with what a caller must know of it.

    Attributes:
        files: text by file name: PREFIX.c, PREFIX.h and PREFIX_kernels.h.
        input_shape: with its batch of one; likewise output_shape.
        input_scale: real value = scale · (code - zero point); likewise the others.
        arena_bytes: static RAM for tensors and work memory.
        weight_bytes: const data and straight-line code, which holds weights too.
        macs: multiply-accumulates of one inference.
        operators: names in running order.
        sha256: of the .tflite.
        layers: {operator, name, macs, flash_bytes, note} a kernel call; the note says why it has its kernel.
        kept_bytes: static RAM beside the arena for the rows that streaming keeps.
    """

    files: dict[str, str] = field(repr=False)
    input_shape: tuple[int, ...]
    output_shape: tuple[int, ...]
    input_len: int
    output_len: int
    input_scale: float
    input_zero_point: int
    output_scale: float
    output_zero_point: int
    arena_bytes: int
    weight_bytes: int
    macs: int
    operators: tuple[str, ...]
    sha256: str
    layers: tuple[dict[str, Any], ...] = ()
    kept_bytes: int = 0


def compile_model(tflite: bytes, prefix: str = "model", streaming: bool = False) -> CompiledC:
    """Return the C of an int8 model.

    Args:
        tflite: the file's bytes; one int8 input and output, or float edges around them.
        prefix: begins every name in the C; a lower-case identifier.
        streaming: also make PREFIX_push_row and PREFIX_step, which take the input row by row.

    Raises:
        BadInput: not a usable .tflite, or a prefix that is no identifier.
        Unsupported: an operator, type or size that has no kernel; names operator, index and tensor.
    """
    if not _PREFIX.fullmatch(prefix):
        raise BadInput(f"Prefix {prefix[:40]!r} is not a lower-case C identifier of at most 40 letters.")
    graph = read_graph(tflite)
    first, last = ends(graph)
    with np.errstate(over="ignore"):  # absurd scales overflow to infinity, which every lowering refuses
        steps = lower(graph, first, last)
    arena = plan(graph, steps, first, last)
    if arena.size_bytes > MAX_ARENA_BYTES:
        raise BadInput(f"The model needs an arena of {arena.size_bytes} bytes; at most {MAX_ARENA_BYTES} are compiled.")
    weight_bytes = sum(layer["flash_bytes"] for layer in map(_layer, steps))
    names = tuple(operator.name for operator in needed(graph, first, last))
    made = CompiledC(
        files={}, **_ends(graph.tensors[first], graph.tensors[last]), arena_bytes=arena.size_bytes,
        weight_bytes=weight_bytes, macs=sum(step.macs for step in steps), operators=names,
        sha256=hashlib.sha256(tflite).hexdigest(), layers=tuple(_layer(step) for step in steps if step.kernel),
    )  # fmt: skip
    card, macros, declared, text = _card(made), _macros(made), "", ""
    if streaming:
        stream = stream_text(prefix, steps, arena, made.input_shape)
        made = replace(made, kept_bytes=stream.kept_bytes)
        rows = next((size for size in made.input_shape if size > 1), 1)
        card |= {"streaming": f"{stream.note}; {stream.kept_bytes} bytes"}
        macros |= {"ROWS": str(rows), "ROW_LEN": str(made.input_len // rows), "KEPT_BYTES": str(stream.kept_bytes)}
        declared = DECLARATIONS.substitute(prefix=prefix, upper=prefix.upper())
        text = stream.text
    made.files[f"{prefix}.h"] = header_text(prefix, card, macros, declared)
    made.files[f"{prefix}.c"] = source_text(prefix, steps, arena, first, last, text)
    made.files[f"{prefix}_kernels.h"] = kernels_text(prefix, steps)
    return made


def _layer(step: Step) -> dict[str, Any]:
    constants = sum(constant.size_bytes for constant in step.constants)
    return {
        "operator": step.operator.index, "name": step.operator.name, "macs": step.macs,
        "flash_bytes": step.code_bytes + constants, "note": step.note or "portable kernel",
    }  # fmt: skip


def _ends(first: Tensor, last: Tensor) -> dict[str, Any]:
    return {
        "input_shape": first.shape, "output_shape": last.shape, "input_len": first.size, "output_len": last.size,
        "input_scale": float(first.scales[0]), "input_zero_point": int(first.zero_points[0]),
        "output_scale": float(last.scales[0]), "output_zero_point": int(last.zero_points[0]),
    }  # fmt: skip


def _card(made: CompiledC) -> dict[str, str]:
    return {
        "source": f".tflite, SHA-256 {made.sha256}",
        "input": f"int8 {made.input_shape}, scale {made.input_scale!r}, zero point {made.input_zero_point}",
        "output": f"int8 {made.output_shape}, scale {made.output_scale!r}, zero point {made.output_zero_point}",
        "arena": f"{made.arena_bytes} bytes",
        "weights": f"{made.weight_bytes} bytes",
        "multiply-accumulates": str(made.macs),
        "operators": ", ".join(made.operators),
    }


def _macros(made: CompiledC) -> dict[str, str]:
    return {
        "INPUT_LEN": str(made.input_len),
        "INPUT_SCALE": _float(made.input_scale),
        "INPUT_ZERO_POINT": f"({made.input_zero_point})",
        "OUTPUT_LEN": str(made.output_len),
        "OUTPUT_SCALE": _float(made.output_scale),
        "OUTPUT_ZERO_POINT": f"({made.output_zero_point})",
        "ARENA_BYTES": str(made.arena_bytes),
        "WEIGHT_BYTES": str(made.weight_bytes),
        "MACS": str(made.macs),
    }


def _float(value: float) -> str:
    text = f"{value:.9g}"
    return (text if "." in text or "e" in text else f"{text}.0") + "f"
