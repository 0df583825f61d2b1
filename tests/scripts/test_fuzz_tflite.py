"""The fuzzer itself: it repeats a case, bounds it, and keeps what fails."""

import shutil
import time
from itertools import pairwise

import fuzz_tflite
import pytest
from fuzz_tflite import mutant, seeds

from lab.errors import BadInput

pytestmark = pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")


@pytest.fixture(scope="module")
def models():
    return seeds()


def fuzz(monkeypatch, capsys, tmp_path, *options):
    monkeypatch.setattr("sys.argv", ["fuzz_tflite.py", "--seed", "5", "--keep", str(tmp_path), *options])
    code = fuzz_tflite.main()
    return code, capsys.readouterr().out


def test_a_case_is_the_same_each_time_and_unlike_the_next(models):
    made = [mutant(models, 5, case) for case in range(12)]
    assert made == [mutant(models, 5, case) for case in range(12)]
    assert all(first != second for first, second in pairwise(made))


def test_a_few_cases_end_well_and_the_seed_is_told(monkeypatch, capsys, tmp_path):
    code, said = fuzz(monkeypatch, capsys, tmp_path, "--minutes", "0.05", "--build-each", "1000000")
    assert (code, said.splitlines()[0]) == (0, "fuzz seed=5 minutes=0.05 models=7")
    assert "done cases=" in said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(shutil.which("cc") is None, reason="no C compiler")
def test_an_unharmed_model_s_c_runs_clean_under_the_sanitizers(models):
    assert fuzz_tflite._run_bounded(models[2], build=True)[0] == fuzz_tflite.WELL


def crash(data):
    raise KeyError(21)


def bomb(data):
    return [bytes(2**28) for _ in range(40)]


def wordy(data):
    raise BadInput("two\nlines")


def hang(data):
    while time.process_time() >= 0:
        pass


@pytest.mark.parametrize(
    ("trouble", "told"),
    [(crash, "KeyError: 21"), (bomb, "MemoryError"), (wordy, "not one printable line"), (hang, "outcome=-")],
)
def test_a_crash_a_bomb_a_hang_and_an_unclear_refusal_fail_and_keep_the_file(
    trouble, told, monkeypatch, capsys, tmp_path, models
):
    monkeypatch.setattr(fuzz_tflite, "compile_model", trouble)
    monkeypatch.setattr(fuzz_tflite, "CPU_S", 1)
    code, said = fuzz(monkeypatch, capsys, tmp_path, "--case", "3")
    assert code == 1
    assert "FAILED seed=5 case=3" in said
    assert told in said
    assert (tmp_path / "seed_5_case_3.tflite").read_bytes() == mutant(models, 5, 3)
