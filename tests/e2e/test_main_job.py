"""From nothing to a firmware that hears, from the command line."""

import json
import os
import resource
import shutil
import subprocess
import sys
import wave
from pathlib import Path

import numpy as np
import pytest

from lab.deploy.detector import Detector
from lab.study.evaluate import evaluate, read_manifest
from tests.e2e.conftest import ROOT, lab

needs_board = pytest.mark.skipif(
    not (shutil.which("arm-none-eabi-gcc") and shutil.which("node")), reason="no cross compiler or no Node"
)


def test_the_demo_leaves_a_detector_and_a_model(demo_run):
    result, _ = demo_run
    detector = Detector.load(result["detector"])
    assert detector.model == Path(result["tflite"]).read_bytes()
    assert result["window_accuracy"] > 0.9
    assert result["events"]["recall"] > 0.8


@needs_board
def test_the_virtual_board_hears_the_alarm_with_the_codes_of_the_twin(demo_run):
    result, _ = demo_run
    assert result["skipped"] is None
    assert result["emulated"]["detected"]
    assert result["emulated"]["codes_differ"] == 0
    assert result["emulated"]["codes_equal_twin"] > 200
    assert result["emulated"]["hop_cycles"] < 4_000_000  # 32 ms at 125 MHz


def test_the_demo_stays_within_its_memory(demo_run):
    assert demo_run
    peak_bytes = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    assert peak_bytes < 4 * 2**30


def test_its_detector_hears_a_real_alarm_and_few_hard_negatives(demo_run, real_data):
    result, _ = demo_run
    heard = evaluate(Detector.load(result["detector"]), read_manifest(real_data / "alarms" / "manifest.csv"))
    firing = {row["file"] for row in heard["files"] if row["events"]}
    assert "smoke_splicesound_369848.flac" in firing
    assert len([name for name in firing if name.startswith("neg_")]) <= 2, sorted(firing)


@needs_board
@pytest.mark.parametrize("mic", ["inject", "pdm"])
def test_emulate_prints_one_object(demo_run, tmp_path, mic):
    result, folder = demo_run
    with wave.open(str(tmp_path / "tone.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        tone = 8_000 * np.sin(2 * np.pi * 3_100 * np.arange(24_000) / 16_000)
        file.writeframes(tone.astype("<i2").tobytes())
    done = lab("emulate", result["uf2"], "--wav", tmp_path / "tone.wav", "--mic", mic, "--json", home=folder / "home")
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert set(seen) >= {"hops", "events", "led", "serial"}
    assert seen["hops"][0]["t_s"] == pytest.approx(0.992)


def test_the_demo_without_compiler_or_node_still_ends_well(tmp_path):
    """A machine with Python alone: uf2 and emulated are null, with the reason. How much it learns is not the point."""
    code = """if True:
        import sys
        from lab.cli import main
        from lab.study import demo, recipe
        from tests.lab.study.test_recipe import SMALL
        recipe.Budget = lambda: SMALL
        sys.exit(main(sys.argv[1:]))
    """
    done = subprocess.run(
        [sys.executable, "-c", code, "demo", "--json", "--out", str(tmp_path)],
        cwd=ROOT, capture_output=True, text=True, timeout=600, check=False,
        env={**os.environ, "PATH": os.path.dirname(sys.executable), "LAB_HOME": str(tmp_path), "PICO_SDK_PATH": "",
             "XDG_CACHE_HOME": str(tmp_path / "cache")},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    result = json.loads(done.stdout)
    assert result["uf2"] is None
    assert result["emulated"] is None
    assert result["skipped"]
