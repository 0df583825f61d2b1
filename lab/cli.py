"""`python -m lab COMMAND … --json`: every job of the pages, headless.

Prints one JSON object on standard output (logs go to standard error). Exits
0 on success, 2 on bad input with one clear line, 1 on anything else. Each
handler imports what it needs, so that `--help` is instant.
"""

import argparse
import contextlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lab.errors import BadInput, LabError

Result = dict[str, Any]
DEFAULT_OWNER = "local"


def main(argv: list[str] | None = None) -> int:
    """Run one command and return its exit status."""
    args = _parser().parse_args(argv)
    try:
        with _stdout_to_stderr() as write:
            result: Result | None = args.run(args)
            if result is not None:
                write(json.dumps(result, ensure_ascii=False) if args.json else _readable(result))
    except LabError as error:
        print(f"error: {_one_line(error)}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        print("error: Stopped on request.", file=sys.stderr)
        return 1
    except OSError as error:
        print(f"error: {_one_line(error)}", file=sys.stderr)
        return 1
    return 0


@contextlib.contextmanager
def _stdout_to_stderr() -> Iterator[Callable[[str], None]]:
    """Keep standard output for the result: libraries print there, even from C."""
    sys.stdout.flush()
    kept = os.dup(1)
    os.dup2(2, 1)
    try:
        with os.fdopen(kept, "w", encoding="utf-8", closefd=False) as out:
            yield lambda text: print(text, file=out)
    finally:
        sys.stdout.flush()
        os.dup2(kept, 1)
        os.close(kept)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _readable(result: Result, indent: str = "") -> str:
    lines = []
    for key, value in result.items():
        if isinstance(value, dict):
            lines += [f"{indent}{key}:", _readable(value, indent + "  ")]
        elif isinstance(value, list) and value and isinstance(value[0], dict):
            lines += [f"{indent}{key}:", *(f"{indent}  {json.dumps(row, ensure_ascii=False)}" for row in value)]
        else:
            lines.append(f"{indent}{key}: {value}")
    return "\n".join(lines)


def _show_progress(done: int, total: int, message: str) -> None:
    print(f"[{done}/{total}] {message}", file=sys.stderr, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m lab", description="From a sound to firmware, headless.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    jobs = (
        _demo,
        _data,
        _project,
        _features,
        _train,
        _optimize,
        _audit,
        _compile,
        _infer,
        _emulate,
        _evaluate,
        _bench,
        _worker,
    )
    for add in jobs:
        add(commands)
    return parser


def _command(commands: Any, name: str, run: Callable[[argparse.Namespace], Result | None], text: str) -> Any:
    command = commands.add_parser(name, help=text, description=text)
    command.add_argument("--json", action="store_true", help="print one JSON object")
    command.set_defaults(run=run)
    return command


def _demo(commands: Any) -> None:
    def run(args: argparse.Namespace) -> Result:
        from lab.study.demo import demo

        return demo(Path(args.out), args.board, seed=args.seed, on_progress=_show_progress)

    command = _command(commands, "demo", run, "the main job on embedded data, end to end")
    command.add_argument("--out", default="demo", metavar="DIR")
    command.add_argument("--board", default="pico")
    command.add_argument("--seed", type=int, default=0)


def _data(commands: Any) -> None:
    def add(args: argparse.Namespace) -> Result:
        from lab.study import projects

        return projects.add(args.project, [Path(path) for path in args.paths], args.label, _show_progress)

    def listing(args: argparse.Namespace) -> Result:
        from lab.study import projects

        return projects.listing(args.project)

    data = commands.add_parser("data", help="projects and their clips").add_subparsers(required=True, metavar="ACTION")
    command = _command(data, "add", add, "add files, folders, zips or an ESC-50 layout to a project")
    command.add_argument("project")
    command.add_argument("paths", nargs="+", metavar="PATH")
    command.add_argument("--label")
    _command(data, "list", listing, "list a project's clips").add_argument("project")


def _project(commands: Any) -> None:
    def export(args: argparse.Namespace) -> Result:
        from lab.study import projects

        return projects.export(args.project, Path(args.out), _show_progress)

    def bring_in(args: argparse.Namespace) -> Result:
        from lab.study import projects

        return projects.bring_in(Path(args.file), args.name, _show_progress)

    project = commands.add_parser("project", help="a project as one file").add_subparsers(
        required=True, metavar="ACTION"
    )
    command = _command(project, "export", export, "write a project's sounds, labels and split as one zip")
    command.add_argument("project")
    command.add_argument("--out", required=True, metavar="FILE.zip")
    command = _command(project, "import", bring_in, "make a new project of an exported zip")
    command.add_argument("file", metavar="FILE.zip")
    command.add_argument("--name", help="of the new project (its old one)")


def _features(commands: Any) -> None:
    def run(args: argparse.Namespace) -> Result:
        from lab.study.commands import features

        return features(Path(args.wav), Path(args.out), args.spec)

    command = _command(commands, "features", run, "the windows that a model sees")
    command.add_argument("wav", metavar="WAV")
    command.add_argument("out", metavar="OUT.npy")
    command.add_argument("--spec", choices=("published", "default"), default="default")


def _train(commands: Any) -> None:
    def baseline(args: argparse.Namespace) -> Result:
        from lab.study.train import baseline

        return baseline(
            args.data, Path(args.out), args.spec, args.epochs, args.seed, _show_progress, _augmentation(args.augment)
        )

    def finetune(args: argparse.Namespace) -> Result:
        from lab.study.train import finetune

        return finetune(
            Path(args.start), args.data, Path(args.out), args.positive, args.epochs, args.seed, _show_progress,
            args.own, _augmentation(args.augment),
        )  # fmt: skip

    def default(args: argparse.Namespace) -> Result:
        from lab.study.train import default

        return default(Path(args.out), args.spec, args.thorough, args.seed, _show_progress)

    train = commands.add_parser("train", help="baseline and fine-tuning").add_subparsers(
        required=True, metavar="ACTION"
    )
    command = _command(train, "baseline", baseline, "train the article's network on many sounds")
    command.add_argument("--data", required=True, metavar="PROJECT|DIR")
    command.add_argument("--out", required=True, metavar="FILE")
    command.add_argument("--spec", choices=("published", "default"), default="default")
    command.add_argument("--epochs", type=int, default=None)
    command.add_argument("--seed", type=int, default=0)
    command.add_argument("--augment", metavar="FILE.json", help="how copies of what trains are made (none)")
    command = _command(train, "default", default, "make the built-in fire alarm detector from synthetic sound")
    command.add_argument("--out", required=True, metavar="DETECTOR")
    command.add_argument("--spec", choices=("published", "default"), default="default")
    command.add_argument("--thorough", action="store_true", help="ten times the sounds; about 40 minutes on two cores")
    command.add_argument("--seed", type=int, default=0)
    command = _command(train, "finetune", finetune, "turn a baseline into a detector")
    command.add_argument("--from", dest="start", required=True, metavar="FILE")
    command.add_argument("--data", required=True, metavar="PROJECT|DIR")
    command.add_argument("--own", metavar="PROJECT|DIR", help="recordings of your own, learned from last")
    command.add_argument("--out", required=True, metavar="DETECTOR")
    command.add_argument("--augment", metavar="FILE.json", help="how copies are made (the article's three)")
    command.add_argument("--positive", action="append", metavar="LABEL", help="labels that raise an event (alarm)")
    command.add_argument("--epochs", type=int, default=None)
    command.add_argument("--seed", type=int, default=0)


def _optimize(commands: Any) -> None:
    def run(args: argparse.Namespace) -> Result:
        from lab.study.optimize import optimize
        from lab.study.tree.options import Options

        given = {name: getattr(args, name) for name in Options.__slots__}
        options = Options.from_json({name: value for name, value in given.items() if value is not None})
        return optimize(args.model, args.data, args.paths, args.seeds, Path(args.out), options, args.spec, args.alpha,
                        _show_progress)  # fmt: skip

    command = _command(commands, "optimize", run, "walk the deployment tree: prune, cluster, quantize, measure")
    command.add_argument("--model", required=True, metavar="alarm|ds_cnn_s|ds_cnn_m|ds_cnn_l|mobilenet_v1|FILE")
    command.add_argument("--data", metavar="PROJECT|DIR|FILE")
    command.add_argument("--paths", nargs="+", default=["all"], metavar="NAME")
    command.add_argument("--seeds", type=int, default=1, metavar="N")
    command.add_argument("--out", required=True, metavar="DIR")
    command.add_argument("--spec", choices=("default", "published"), default="default")
    command.add_argument("--alpha", type=float, default=0.25, help="width of mobilenet_v1")
    command.add_argument("--sparsity", type=float)
    command.add_argument("--ramp", choices=("polynomial", "constant"))
    command.add_argument("--clusters", type=int)
    command.add_argument("--init", choices=("kmeans++", "linear", "density", "random"))
    command.add_argument("--excluded", nargs="*", metavar="LAYER")
    for step in ("base", "prune", "cluster", "qat"):
        command.add_argument(f"--{step}-epochs", type=int, metavar="N")


def _audit(commands: Any) -> None:
    def run(args: argparse.Namespace) -> Result:
        from lab.deploy.audit import audit

        return audit(_read(args.model))

    _command(commands, "audit", run, "what a .tflite really holds").add_argument("model", metavar="MODEL.tflite")


def _compile(commands: Any) -> None:
    def run(args: argparse.Namespace) -> Result:
        from lab.study.firmware import compile_app, compile_file

        model = Path(args.model) if args.model else None
        if args.app != "detector":
            return compile_app(args.app, model, Path(args.out), args.board, _show_progress)
        if model is None:
            raise BadInput("Name a model or a detector to compile.")
        return compile_file(model, Path(args.out), args.board, _show_progress, args.prefix)

    command = _command(commands, "compile", run, "C from a model, firmware from a detector")
    command.add_argument("model", nargs="?", metavar="MODEL.tflite|DETECTOR")
    command.add_argument("--out", required=True, metavar="DIR")
    command.add_argument("--board", default="pico")
    command.add_argument("--prefix", default="model", help="begins every name in a model's C")
    command.add_argument("--app", choices=("detector", "usb_microphone", "selftest"), default="detector")


def _infer(commands: Any) -> None:
    def run(args: argparse.Namespace) -> Result:
        from lab.study.commands import infer

        return infer(_read(args.model), Path(args.input), Path(args.output), args.engine)

    command = _command(commands, "infer", run, "raw int8 in and out")
    command.add_argument("model", metavar="MODEL.tflite")
    command.add_argument("input", metavar="IN.npy")
    command.add_argument("output", metavar="OUT.npy")
    command.add_argument("--engine", choices=("compiled", "reference"), required=True)


def _emulate(commands: Any) -> None:
    def run(args: argparse.Namespace) -> Result:
        from lab.study.commands import emulate

        return emulate(Path(args.firmware), Path(args.wav), args.mic)

    command = _command(commands, "emulate", run, "run firmware on the virtual board")
    command.add_argument("firmware", metavar="FIRMWARE.uf2")
    command.add_argument("--wav", required=True)
    command.add_argument("--mic", choices=("pdm", "inject"), default="inject")


def _evaluate(commands: Any) -> None:
    def run(args: argparse.Namespace) -> Result:
        from lab.deploy.detector import Detector
        from lab.study.evaluate import evaluate, read_manifest

        return evaluate(Detector.load(args.detector), read_manifest(Path(args.manifest)), _show_progress)

    command = _command(commands, "evaluate", run, "window and event scores over labelled files")
    command.add_argument("detector", metavar="DETECTOR")
    command.add_argument("--manifest", required=True, metavar="CSV")


def _bench(commands: Any) -> None:
    from lab.study.benches import BENCHES

    def run(args: argparse.Namespace) -> Result:
        from lab.study import benches

        return benches.run(args.name, vars(args), _show_progress)

    text = "; ".join(f"{name}: {says}" for name, (_, says) in BENCHES.items())
    command = _command(commands, "bench", run, f"measure: {text}")
    command.add_argument("name", choices=tuple(BENCHES))
    command.add_argument(
        "--plot", metavar="FILE", help="device: also draw the PDM filter's response (.svg); alarm: the slices (.html)"
    )
    command.add_argument("--detector", metavar="DETECTOR", help="alarm: another than the prepared one")
    command.add_argument("--folder", metavar="DIR", help="alarm: count false alarms over these sounds too")
    command.add_argument("--hours", type=float, help="alarm: of synthetic sounds without an alarm (1)")
    command.add_argument("--trials", type=int, help="alarm: in each cell of a slice (1)")


def _worker(commands: Any) -> None:
    def run(args: argparse.Namespace) -> Result | None:
        from lab.workspace.worker import main as serve

        serve()
        return None

    _command(commands, "worker", run, "serve the job table until stopped")


def _augmentation(path: str | None) -> Any:
    from lab.sound import augment

    return None if path is None else augment.read(Path(path))


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
