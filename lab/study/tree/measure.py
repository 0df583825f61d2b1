"""What a leaf's .tflite really is: its accuracy, bytes, zeros, codes and cycles, and whether it keeps its promises."""

from collections.abc import Collection
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lab.deploy.audit import audit
from lab.deploy.tflite import read_graph
from lab.errors import LabError
from lab.learn.examples import Examples
from lab.optimize.paths import CLUSTER, PRUNE, Path
from lab.study.tree.options import Options

KERNELS = ("CONV_2D", "FULLY_CONNECTED")
SIDE = 0.5


def decided(outputs: NDArray[Any]) -> NDArray[np.int64]:
    """Return the class of each row of outputs; a single sigmoid over one half is class 0.

    Args:
        outputs: float, shape (n, classes).
    """
    if outputs.shape[1] == 1:
        return np.where(outputs[:, 0] >= SIDE, 0, 1).astype(np.int64)
    made: NDArray[np.int64] = outputs.argmax(axis=1).astype(np.int64)
    return made


def int8_outputs(tflite: bytes, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return what an int8 file gives, as floats, by TensorFlow Lite's own kernels without a delegate.

    Args:
        tflite: int8 in and out.
        inputs: float32, shape (n, …the model's input).
    """
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    model = Interpreter(
        model_content=tflite, num_threads=1,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )  # fmt: skip
    model.allocate_tensors()
    source, target = model.get_input_details()[0], model.get_output_details()[0]
    scale, zero = source["quantization"]
    codes = np.clip(np.rint(inputs / np.float32(scale)) + zero, -128, 127).astype(np.int8)
    made = np.empty((len(codes), int(np.prod(target["shape"]))), np.float32)
    for index, item in enumerate(codes):
        model.set_tensor(source["index"], item[None])
        model.invoke()
        made[index] = model.get_tensor(target["index"]).reshape(-1)
    out_scale, out_zero = target["quantization"]
    values: NDArray[np.float32] = ((made - out_zero) * np.float32(out_scale)).astype(np.float32)
    return values


def int8_guesses(tflite: bytes, examples: Examples) -> NDArray[np.int64]:
    """Return the class that an int8 file decides on for each example."""
    return decided(int8_outputs(tflite, examples.inputs()))


def sizes(tflite: bytes) -> dict[str, Any]:
    """Return bytes, sparsity and clusters of a file: the table's columns that need no other tool."""
    found = audit(tflite)
    kernels = kernel_rows(found)
    weights = sum(int(np.prod(row["shape"])) for row in kernels)
    zeros = sum(row["zeros"] * int(np.prod(row["shape"])) for row in kernels)
    return {
        "tflite_bytes": found["tflite_bytes"], "gzip_bytes": found["gzip_bytes"],
        "sparsity": round(zeros / weights, 4) if weights else None,
        "clusters": max((counted(row) for row in kernels), default=None),
    }  # fmt: skip


def kernel_rows(found: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the audit's rows of kernels that pruning and clustering work on."""
    return [row for row in found["tensors"] if row["operator"] in KERNELS and len(row["shape"]) > 1]


def counted(row: dict[str, Any]) -> int:
    """Return the codes that a promise of clusters is held to: a tensor's, or a channel's where each has its scale."""
    return int(row["codes"] if row["scales"] <= 1 else row["codes_per_channel_max"])


def promises(tflite: bytes, path: Path, options: Options, excluded: Collection[str] = ()) -> list[dict[str, Any]]:
    """Return what a leaf promises of each kernel, and whether the file keeps it.

    Args:
        tflite: the leaf's file.
        path: how it was made.
        options: with which sparsity and clusters.
        excluded: names of layers that were left as they were.

    Returns:
        One row a promise: tensor, promise, wanted, found, kept; one of codes also tells both counts (codes of the whole
        tensor, codes_per_channel_max) and the number of scales, which decides the one that counts. The last row says
        whether every operator is int8.
    """
    rows: list[dict[str, Any]] = []
    for row in kernel_rows(audit(tflite)):
        if any(f"/{name}/" in row["name"].replace("quant_", "") for name in excluded):
            continue
        if PRUNE in path.steps:
            rows.append(
                _promise(row["name"], "zeros", options.sparsity, row["zeros"], row["zeros"] >= options.sparsity)
            )
        if CLUSTER in path.steps:
            found = counted(row)
            both = {
                "codes": row["codes"],
                "codes_per_channel_max": row["codes_per_channel_max"],
                "scales": row["scales"],
            }
            rows.append(_promise(row["name"], "codes", options.clusters, found, found <= options.clusters) | both)
    floats = [tensor.name for tensor in read_graph(tflite).tensors if tensor.dtype.startswith("float")]
    rows.append(_promise("all operators", "int8", 0, len(floats), not floats))
    return rows


def _promise(tensor: str, promise: str, wanted: float, found: float, kept: bool) -> dict[str, Any]:
    return {"tensor": tensor, "promise": promise, "wanted": wanted, "found": found, "kept": bool(kept)}


def on_the_board(tflite: bytes) -> dict[str, Any]:
    """Return flash, RAM and cycles of the compiled model on a Cortex-M0+, emulated.

    Returns:
        flash_bytes, ram_bytes and cycles; each is None where it cannot be had, and `cycles_why` says why.
    """
    from lab.deploy.compiler import compile_model

    made: dict[str, Any] = {"flash_bytes": None, "ram_bytes": None, "cycles": None, "cycles_why": None}
    try:
        made["ram_bytes"] = compile_model(tflite).arena_bytes
        from lab.deploy.cycles import invoke_cycles

        measured = invoke_cycles(tflite)
        made |= {"flash_bytes": measured.code_bytes, "cycles": measured.total}
    except LabError as error:
        made["cycles_why"] = str(error)
    return made
