"""What a leaf costs on an Arm Ethos-U: Vela, Arm's compiler for it, run on the .tflite in a process of its own.

Vela estimates; nothing is emulated. The memory system is the one Vela assumes where none is described.
"""

import csv
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lab.errors import LabError, Missing

ACCELERATORS = (
    "ethos-u55-32", "ethos-u55-64", "ethos-u55-128", "ethos-u55-256", "ethos-u65-256", "ethos-u65-512",
)  # fmt: skip
TIMEOUT_S = 300
_RUN = "import sys; from ethosu.vela.vela import main; sys.exit(main())"


def on_the_npu(tflite: bytes, accelerator: str) -> dict[str, Any]:
    """Return what Vela says of a file.

    Args:
        tflite: int8.
        accelerator: one of ACCELERATORS.

    Returns:
        npu_weights_bytes, its weights as encoded for the accelerator; npu_ms, the estimated time of an inference; both
        None where Vela cannot say, and `npu_why` says why.
    """
    try:
        found = _summary(tflite, accelerator)
        return {
            "npu_weights_bytes": int(float(found["total_npu_encoded_weights"])),
            "npu_ms": round(1_000 * float(found["inference_time"]), 4), "npu_why": None,
        }  # fmt: skip
    except LabError as error:
        return {"npu_weights_bytes": None, "npu_ms": None, "npu_why": str(error)}


def _summary(tflite: bytes, accelerator: str) -> dict[str, str]:
    if find_spec("ethosu") is None:
        raise Missing("Vela is missing: install the package ethos-u-vela.")
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-vela-") as folder:
        (Path(folder) / "model.tflite").write_bytes(tflite)
        command = [sys.executable, "-c", _RUN, "model.tflite", "--accelerator-config", accelerator, "--output-dir", "."]
        try:
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        except subprocess.TimeoutExpired as error:
            raise LabError(f"Vela did not end within {TIMEOUT_S} s.") from error
        tables = sorted(Path(folder).glob("*_summary_*.csv"))
        if done.returncode or not tables:
            said = (done.stderr.strip() or done.stdout.strip() or "no reason").splitlines()[-1]
            raise LabError(f"Vela cannot compile it: {said[:200]}")
        with tables[0].open(newline="") as file:
            return next(csv.DictReader(file))
