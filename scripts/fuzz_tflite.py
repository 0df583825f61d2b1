"""Throw damaged .tflite files at the reader, the audit and the model compiler for some minutes.

    python scripts/fuzz_tflite.py --minutes 10 [--seed N] [--case N] [--keep DIR]

Real models are mutated: fields of their structure (shapes, scales, indices,
options, names, buffers) and plain bytes. Each case runs in a process of its
own with a limit of memory and of time; only a clear refusal or C counts as
well. C that a mutated model gave is now and then built with the sanitizers
and run. Anything else ends the run with exit code 1, and its file is kept.
`--seed` and `--case` of a failure's line repeat it.
"""

import argparse
import contextlib
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "lab" / "deploy" / "compiler")]

from tflite_mutants import mutant, seeds  # noqa: E402

from lab.deploy.audit import audit  # noqa: E402
from lab.deploy.compiler import CompiledC, compile_model  # noqa: E402
from lab.errors import BadInput  # noqa: E402

MEMORY_BYTES = 2 * 2**30
CPU_S = 30
WALL_S = 300
MAX_TEXT_BYTES = 200 * 2**20
RUN_MACS = 20_000_000
WELL, REFUSED, FAILED = 0, 3, 4
SANITIZED = (
    "cc", "-std=c11", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fno-sanitize-recover=all",
    "-fsanitize=address,undefined",
)  # fmt: skip
MAIN = """
#include "model.h"
#include <string.h>
int main(void) {
    static const int codes[] = {-128, 127, 0, 3};
    for (int run = 0; run < 4; run++) {
%s        model_invoke();
    }
    return 0;
}
"""


def main() -> int:
    """Fuzz until the minutes are over or a case fails; return the exit code."""
    args = _arguments()
    models = seeds()
    seed = args.seed if args.seed is not None else int(time.time())
    print(f"fuzz seed={seed} minutes={args.minutes:g} models={len(models)}", flush=True)
    counts = {WELL: 0, REFUSED: 0}
    end = time.monotonic() + 60 * args.minutes
    case = args.case or 0
    while args.case is not None or time.monotonic() < end:
        data = mutant(models, seed, case)
        outcome, said = _run_bounded(data, build=case % args.build_each == 0)
        if outcome not in counts:
            return _tell(data, seed, case, said, Path(args.keep))
        counts[outcome] += 1
        case += 1
        if args.case is not None:
            break
        if case % 2000 == 0:
            print(f"cases={case} compiled={counts[WELL]} refused={counts[REFUSED]}", flush=True)
    print(f"done cases={sum(counts.values())} compiled={counts[WELL]} refused={counts[REFUSED]}", flush=True)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int)
    parser.add_argument("--case", type=int, help="run only this case of the seed")
    parser.add_argument("--keep", default=str(ROOT / "build" / "fuzz"), help="folder for files that failed")
    parser.add_argument(
        "--build-each", type=int, default=20, help="build and run the C of each N-th case, if it has any"
    )
    return parser.parse_args()


def _tell(data: bytes, seed: int, case: int, said: str, folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"seed_{seed}_case_{case}.tflite"
    path.write_bytes(data)
    print(f"FAILED seed={seed} case={case} file={path}\n{said}", flush=True)
    return 1


def _run_bounded(data: bytes, build: bool) -> tuple[int, str]:
    """Run one case in a child process; return its outcome and what it said."""
    with tempfile.TemporaryFile() as said:
        child = os.fork()
        if child == 0:
            _child(data, build, said.fileno())
        outcome = _wait(child)
        said.seek(0)
        return outcome, f"outcome={outcome}\n{said.read().decode(errors='replace')[-8000:]}"


def _wait(child: int) -> int:
    """Return the child's exit code, or minus the signal that ended it; one that outlives WALL_S is killed."""
    pause, end = 0.001, time.monotonic() + WALL_S
    while True:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > end:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return -signal.SIGKILL
        time.sleep(pause)
        pause = min(2 * pause, 0.05)


def _child(data: bytes, build: bool, said: int) -> NoReturn:
    outcome = FAILED
    try:
        os.dup2(said, 1)
        os.dup2(said, 2)
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_S, CPU_S))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        outcome = _case(data, build)
    except BaseException:
        os.write(said, traceback.format_exc().encode(errors="replace"))
    finally:
        os._exit(outcome)


def _case(data: bytes, build: bool) -> int:
    with contextlib.suppress(BadInput):
        audit(data)
    try:
        made = compile_model(data)
    except BadInput as refusal:
        text = str(refusal)
        assert text
        assert len(text) < 1000, f"a refusal of {len(text)} characters"
        assert text.isprintable(), f"a refusal that is not one printable line: {text!r}"
        return REFUSED
    assert sum(map(len, made.files.values())) < MAX_TEXT_BYTES, "too much C"
    if build and made.macs <= RUN_MACS and shutil.which("cc"):
        _build_and_run(made)
    return WELL


def _build_and_run(made: CompiledC) -> None:
    lengths = [end.size for end in made.inputs]
    hard = resource.getrlimit(resource.RLIMIT_AS)[1]
    resource.setrlimit(resource.RLIMIT_AS, (hard, hard))  # the sanitizers reserve terabytes of addresses
    argument = "{}" if len(lengths) > 1 else ""
    writes = "".join(
        f"        memset(model_input({argument.format(number)}), codes[run], {length});\n"
        for number, length in enumerate(lengths)
    )
    with tempfile.TemporaryDirectory(prefix="tinyml-lab-fuzz-") as folder:
        for name, text in {**made.files, "main.c": MAIN % writes}.items():
            (Path(folder) / name).write_text(text)
        for command in ([*SANITIZED, "model.c", "main.c", "-o", "run"], ["./run"]):
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=WALL_S, check=False)
            assert done.returncode == 0, f"{command[0]}: {done.stderr[-4000:]}"


if __name__ == "__main__":
    sys.exit(main())
