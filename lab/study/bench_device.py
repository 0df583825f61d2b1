"""What the firmware costs on the virtual board: each figure with its goal, its peers and what limits it.

Cycles are emulated (rp2040js, code and data in SRAM), so equal on every
machine: `tests/lab/study/cycles.json` holds those that a test compares.
"""

import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from lab.atomic import write_bytes
from lab.deploy import emulator, pdm_filter
from lab.deploy.build import build_firmware
from lab.deploy.compiler import compile_model
from lab.deploy.cycles import build_bare, call_bare, invoke_cycles, streamed_bytes
from lab.deploy.detector import Detector
from lab.deploy.prepared import prepared_detector
from lab.progress import OnProgress, ignore
from lab.sound import synth
from lab.sound.clip import RATE_HZ
from lab.sound.features.core import FIRMWARE
from lab.sound.features.spec import HOP_LEN
from lab.sound.features.tables import c_array, spectrum_header
from lab.study.bench_rows import ROWS

MEASURED_HOPS = 64
TOLERANCE = 0.02
_COLUMN = """
#include "spectrum.h"
void model_column_{number}(void);
void model_column_{number}(void) {{
    static uint16_t magnitudes[SPECTRUM_BINS];
    spectrum_magnitudes(frame_{number}, magnitudes);
}}
"""


def device(options: Mapping[str, Any], on_progress: OnProgress = ignore) -> dict[str, Any]:
    """Return every figure of the table.

    Args:
        options: {"plot": where to write the PDM filter's response as SVG, if anywhere}.
        on_progress: called between measurements.

    Returns:
        {"emulated", "rows": [{key, what, goal, measured, met, article, peer, plain_c, unit, limit}], "pdm_filter"}.

    Raises:
        Missing: no cross compiler, no virtual board, or no TensorFlow.
    """
    if options.get("plot"):
        write_bytes(Path(options["plot"]), pdm_filter.picture().encode())
    on_progress(0, 4, "one column")
    measured: dict[str, float | None] = {"column_cycles": column_cycles()}
    on_progress(1, 4, "the default detector's firmware")
    measured |= default_firmware()
    on_progress(2, 4, "models by chance")
    measured |= _models()
    on_progress(4, 4, "done")
    return {
        "emulated": "rp2040js cycles; code and data in SRAM, no wait states",
        "rows": [row.to_json(measured.get(row.key)) for row in ROWS],
        "pdm_filter": pdm_filter.figures(),
    }


def column_cycles() -> int:
    """Return the cycles of one column, the greatest of loud noise, quiet noise and a tone of full scale."""
    rng = np.random.default_rng(0)
    tone = np.round(32_767 * np.sin(2 * np.pi * 3_100 / 16_000 * np.arange(256)))
    frames = [rng.integers(-32_768, 32_768, 256), rng.integers(-300, 300, 256), tone.astype(int)]
    code = "#define SPECTRUM_BINS 129\n" + "".join(
        c_array("int16_t", f"frame_{number}", frame.tolist()) + _COLUMN.format(number=number)
        for number, frame in enumerate(frames)
    )
    files = {
        "model.h": "".join(f"void model_column_{number}(void);\n" for number in range(len(frames))),
        "column.c": "#include <stdint.h>\n" + code,
        "spectrum_tables.h": spectrum_header(256),
        **{name: (FIRMWARE / "core" / name).read_text("utf-8") for name in ("spectrum.c", "spectrum.h")},
    }
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-") as folder:
        names, _ = build_bare(Path(folder), files)
        results = call_bare(Path(folder), [{"call": names[f"model_column_{n}"]} for n in range(len(frames))])
    return max(int(result["cycles"]) for result in results)


def default_firmware() -> dict[str, float | None]:
    """Return the figures of the prepared detector's firmware."""
    detector = prepared_detector()
    usual, most, sizes = hop_stages(detector)
    return {
        "hop_cycles": usual["features"] + usual["model"],
        "hop_cycles_greatest": most["features"] + most["model"],
        "pdm_cycles": most["pdm"],
        "features_cycles": most["features"],
        "inference_cycles": invoke_cycles(detector.model).total,
        "model_flash_bytes": streamed_bytes(detector.model),
        "arena_bytes": sizes["arena_bytes"],
        "firmware_flash_bytes": sizes["flash_bytes"],
        "firmware_ram_bytes": sizes["ram_bytes"],
    }


def hop_stages(detector: Detector) -> tuple[dict[str, int], dict[str, int], dict[str, int]]:
    """Return each stage's mean and greatest cycles over hops of noise, then of an alarm, and the firmware's sizes."""
    before, some = detector.spec.hops_per_window * HOP_LEN, MEASURED_HOPS * HOP_LEN // 2
    noise = np.random.default_rng(0).integers(-8_000, 8_000, before + some).astype(np.int16)
    alarm = synth.test_alarm("t3", some / RATE_HZ)[:some]
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-") as folder:
        report = build_firmware(detector, "pico", Path(folder))
        seen = emulator.emulate(report.file("uf2"), np.concatenate([noise, alarm]))
    stages = {name: [int(hop["stages"][name]) for hop in seen.hops] for name in seen.hops[0]["stages"]}
    usual = {name: round(sum(cycles) / len(cycles)) for name, cycles in stages.items()}
    return usual, {name: max(cycles) for name, cycles in stages.items()}, report.to_json()


def rebuild_seconds(detector: Detector) -> float:
    """Return how long a build takes on this machine's clock."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-") as folder:
        build_firmware(detector, "pico", Path(folder))
    return round(time.monotonic() - began, 1)


def _models() -> dict[str, float | None]:
    from lab.study.bench_models import bench_models

    made = bench_models()
    plain, sparse = invoke_cycles(made.published), invoke_cycles(made.published_pcqat)
    small = replace(prepared_detector(), model=made.small)
    rebuild_s = rebuild_seconds(small)
    usual, _, _ = hop_stages(small)
    keyword = invoke_cycles(made.ds_cnn_s) if made.ds_cnn_s else None
    return {
        "published_model_cycles": plain.total,
        "hop_cycles_small": usual["features"] + usual["model"],
        "pcqat_over_ptq": round(_convolution(sparse.layers) / _convolution(plain.layers), 3),
        "ds_cnn_s_cycles_per_mac": round(keyword.total / compile_model(made.ds_cnn_s or b"").macs, 2)
        if keyword
        else None,
        "rebuild_s": rebuild_s,
    }


def _convolution(layers: tuple[dict[str, Any], ...]) -> int:
    return sum(int(layer["cycles"]) for layer in layers if layer["name"] == "CONV_2D")


def against(measured: Mapping[str, float | None], stored: Mapping[str, float]) -> tuple[list[str], list[str]]:
    """Return sentences on what became worse, and on what became better, than stored figures by more than 2 %."""
    worse: list[str] = []
    better: list[str] = []
    for key, before in stored.items():
        now = measured.get(key)
        if now is None or abs(now - before) <= TOLERANCE * before:
            continue
        said = f"{key} is {now}, stored {before} ({100 * (now - before) / before:+.1f} %)"
        (worse if now > before else better).append(said if now > before else f"{said}: store it")
    return worse, better
