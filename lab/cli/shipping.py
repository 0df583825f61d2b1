"""Commands from a model to a board."""

import argparse
from pathlib import Path
from typing import Any

from lab.cli.adding import Result, command, show_progress
from lab.errors import BadInput


def audit(commands: Any) -> None:
    """Add `audit`."""

    def run(args: argparse.Namespace) -> Result:
        from lab.deploy.audit import audit

        return audit(_read(args.model))

    command(commands, "audit", run, "what a .tflite really holds").add_argument("model", metavar="MODEL.tflite")


def compiled(commands: Any) -> None:
    """Add `compile`."""

    def run(args: argparse.Namespace) -> Result:
        from lab.study.firmware import compile_app, compile_file

        model = Path(args.model) if args.model else None
        if args.app != "detector":
            return compile_app(args.app, model, Path(args.out), args.board, show_progress)
        if model is None:
            raise BadInput("Name a model or a detector to compile.")
        return compile_file(model, Path(args.out), args.board, show_progress, args.prefix, args.led)

    made = command(commands, "compile", run, "C from a model, firmware from a detector")
    made.add_argument("model", nargs="?", metavar="MODEL.tflite|DETECTOR")
    made.add_argument("--out", required=True, metavar="DIR")
    made.add_argument("--board", default="pico")
    made.add_argument("--prefix", default="model", help="begins every name in a model's C")
    made.add_argument("--app", choices=("detector", "usb_microphone", "selftest"), default="detector")
    made.add_argument("--led", choices=("probability", "event"), default="probability", help="what the light shows")


def infer(commands: Any) -> None:
    """Add `infer`."""

    def run(args: argparse.Namespace) -> Result:
        from lab.study.commands import infer

        return infer(_read(args.model), Path(args.input), Path(args.output), args.engine)

    made = command(commands, "infer", run, "raw int8 in and out")
    made.add_argument("model", metavar="MODEL.tflite")
    made.add_argument("input", metavar="IN.npy")
    made.add_argument("output", metavar="OUT.npy")
    made.add_argument("--engine", choices=("compiled", "reference"), required=True)


def emulate(commands: Any) -> None:
    """Add `emulate`."""

    def run(args: argparse.Namespace) -> Result:
        from lab.study.commands import emulate

        return emulate(Path(args.firmware), Path(args.wav), args.mic)

    made = command(commands, "emulate", run, "run firmware on the virtual board")
    made.add_argument("firmware", metavar="FIRMWARE.uf2")
    made.add_argument("--wav", required=True)
    made.add_argument("--mic", choices=("pdm", "inject"), default="inject")


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
