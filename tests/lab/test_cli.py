"""The command line as a contract: exit codes, one object on standard output, one line on standard error."""

import argparse
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lab.cli import adding, main, parser
from lab.deploy.boards import BOARDS
from lab.deploy.prepared import PREPARED_FILE, prepared_detector
from lab.study.tree.options import Options

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = ("demo", "data", "features", "train", "audit", "compile", "infer", "emulate", "evaluate", "worker")


@pytest.fixture
def lab(lab_home, tmp_path):
    def run(*args):
        return subprocess.run(
            [sys.executable, "-m", "lab", *map(str, args)], cwd=ROOT, capture_output=True, text=True, timeout=300,
            check=False, env={**os.environ, "LAB_HOME": str(lab_home)},
        )  # fmt: skip

    return run


@pytest.fixture
def wav(tmp_path):
    tone = 0.3 * np.sin(2 * np.pi * 3_100 * np.arange(48_000) / 16_000)
    soundfile.write(tmp_path / "tone.wav", tone, 16_000, subtype="PCM_16")
    return tmp_path / "tone.wav"


@pytest.mark.parametrize(
    ("spec", "shape", "dtype"), [("published", (3, 124, 129), "float32"), ("default", (3, 31, 32), "int8")]
)
def test_features_writes_the_contracted_arrays(lab, wav, tmp_path, spec, shape, dtype):
    done = lab("features", wav, tmp_path / "out.npy", "--spec", spec, "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["shape"] == list(shape)
    made = np.load(tmp_path / "out.npy")
    assert (made.shape, str(made.dtype)) == (shape, dtype)


def test_infer_gives_the_same_bytes_with_both_engines(lab, tmp_path):
    (tmp_path / "m.tflite").write_bytes(prepared_detector().model)
    np.save(tmp_path / "in.npy", np.random.default_rng(0).integers(-128, 128, (1_000, 31, 32, 1)).astype(np.int8))
    for engine in ("compiled", "reference"):
        done = lab(
            "infer",
            tmp_path / "m.tflite",
            tmp_path / "in.npy",
            tmp_path / f"{engine}.npy",
            "--engine",
            engine,
            "--json",
        )
        assert done.returncode == 0, done.stderr
    compiled, reference = np.load(tmp_path / "compiled.npy"), np.load(tmp_path / "reference.npy")
    assert compiled.shape == (1_000, 1)
    assert (compiled != reference).sum() == 0


def test_audit_tells_what_a_model_holds(lab, tmp_path):
    (tmp_path / "m.tflite").write_bytes(prepared_detector().model)
    told = json.loads(lab("audit", tmp_path / "m.tflite", "--json").stdout)
    assert told["tflite_bytes"] == len(prepared_detector().model)
    assert "CONV_2D" in told["operators"]
    assert set(told["tensors"][0]) >= {
        "name",
        "operator",
        "shape",
        "dtype",
        "zeros",
        "codes",
        "codes_per_channel_max",
        "scales",
    }


def test_compile_gives_c_for_a_model(lab, tmp_path):
    (tmp_path / "m.tflite").write_bytes(prepared_detector().model)
    told = json.loads(lab("compile", tmp_path / "m.tflite", "--out", tmp_path / "c", "--json").stdout)
    assert set(told) >= {"files", "flash_bytes", "arena_bytes", "macs", "cycles", "unsupported"}
    assert sorted(path.name for path in (tmp_path / "c").iterdir()) == told["files"]


def test_data_goes_into_a_project_and_is_listed(lab, wav):
    assert json.loads(lab("data", "add", "Kitchen", wav, "--label", "alarm", "--json").stdout)["added"] == 1
    assert json.loads(lab("data", "add", "Kitchen", wav, "--label", "alarm", "--json").stdout)["already"] == 1
    [clip] = json.loads(lab("data", "list", "Kitchen", "--json").stdout)["clips"]
    assert (clip["label"], clip["seconds"]) == ("alarm", 3.0)


def test_evaluate_scores_a_manifest(lab, wav, tmp_path):
    (tmp_path / "m.csv").write_text("file,label\ntone.wav,not_alarm\n")
    told = json.loads(lab("evaluate", PREPARED_FILE, "--manifest", tmp_path / "m.csv", "--json").stdout)
    assert set(told) == {"files", "windows", "events"}
    assert told["events"]["hours"] == pytest.approx(3 / 3600, abs=1e-4)
    assert set(told["events"]) == {"recall", "false_alarms", "hours", "false_alarms_per_hour", "upper_bound_95"}


BAD = {
    "no such sound": ("features", "none.wav", "out.npy"),
    "not a sound": ("features", "text.wav", "out.npy"),
    "garbage model": ("audit", "text.wav"),
    "no such model": ("audit", "none.tflite"),
    "garbage to compile": ("compile", "text.wav", "--out", "c"),
    "garbage detector": ("compile", "text.detector", "--out", "c"),
    "unknown board": ("compile", "text.wav", "--out", "c", "--board", "uno"),
    "not a uf2": ("emulate", "text.wav", "--wav", "tone.wav"),
    "no manifest": ("evaluate", str(PREPARED_FILE), "--manifest", "none.csv"),
    "no project": ("data", "list", "nowhere"),
    "a label with a newline": ("data", "add", "P", "tone.wav", "--label", "a\nb"),
    "a label with quotes": ("data", "add", "P", "tone.wav", "--label", 'say "hi"'),
    "a label of emoji": ("data", "add", "P", "tone.wav", "--label", "🔥"),
    "no data to train on": ("train", "baseline", "--data", "nowhere", "--out", "b"),
    "pickled array": ("infer", "m.tflite", "pickle.npy", "out.npy", "--engine", "reference"),
}


@pytest.mark.parametrize("args", BAD.values(), ids=BAD.keys())
def test_bad_input_is_exit_two_and_one_line(args, wav, tmp_path, monkeypatch, capfd):
    monkeypatch.chdir(tmp_path)
    for name in ("text.wav", "text.detector"):
        (tmp_path / name).write_text("this is not what it says")
    (tmp_path / "m.tflite").write_bytes(prepared_detector().model)
    np.save(tmp_path / "pickle.npy", np.asarray([{}], object), allow_pickle=True)
    before = sorted(path.name for path in tmp_path.iterdir())
    assert main([*args, "--json"]) == 2
    out, err = capfd.readouterr()
    assert out == ""
    assert re.fullmatch(r"(\[\d+/\d+\] .*\n)*error: .+\n", err), err
    assert [name for name in sorted(path.name for path in tmp_path.iterdir()) if name != "lab-home"] == before


def test_a_broken_limit_is_exit_one_after_the_whole_result(tmp_path, monkeypatch, capfd):
    rows = [{"path": "PTQ", "seed": 0, "failed": None, "kept": True, "gzip_bytes": 90, "accuracy_int8": 0.9}]
    monkeypatch.setattr("lab.study.optimize.optimize", lambda *args: {"rows": rows})
    command = ["optimize", "--model", "alarm", "--out", str(tmp_path), "--json", "--limit"]
    assert main([*command, "gzip_bytes<=90", "accuracy_int8>=0.9"]) == 0
    assert json.loads(capfd.readouterr().out)["broken"] == []
    assert main([*command, "gzip_bytes<=80"]) == 1
    told = capfd.readouterr()
    assert json.loads(told.out)["rows"] == rows
    assert told.err.splitlines()[-1] == "limit: PTQ, seed 0 has gzip_bytes 90, more than 80"
    assert main([*command, "bytes<80"]) == 2


def test_an_unknown_command_is_exit_two(lab):
    assert lab("fly").returncode == 2


def test_help_names_every_command():
    done = subprocess.run([sys.executable, "-m", "lab", "--help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for command in COMMANDS:
        assert f" {command} " in done.stdout


def test_the_readme_documents_every_command():
    readme = (ROOT / "README.md").read_text()
    for command in COMMANDS:
        assert f"`{command}" in readme


def test_importing_the_lab_is_quick():
    code = "import time; t = time.perf_counter(); import lab.cli; print(time.perf_counter() - t)"
    times = [
        float(subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout)
        for _ in range(5)
    ]
    assert min(times) < 0.3


def arguments(made, name=""):
    """Yield (command, argument) of everything that a person may give."""
    for action in made._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, below in action.choices.items():
                yield from arguments(below, f"{name} {word}".strip())
        else:
            yield name, action


def test_the_help_says_what_every_argument_is():
    found = list(arguments(parser()))
    assert len(found) > 100
    assert [(name, each.dest) for name, each in found if not each.help] == []
    assert all(board in adding.BOARD for board in BOARDS)
    usual = {each.dest: each.help for name, each in found if name == "optimize"}
    for setting in ("sparsity", "ramp", "clusters", "init"):
        assert f"({getattr(Options(), setting)})" in usual[setting]
    for name in {name for name, _ in found}:
        with pytest.raises(SystemExit) as ended:
            main([*name.split(), "--help"])  # a stray per cent sign would raise
        assert ended.value.code == 0
