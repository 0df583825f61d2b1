"""Commands from a model to a board."""

import argparse
from pathlib import Path
from typing import Any

from lab.cli.adding import BOARD, Result, command, show_progress
from lab.errors import BadInput


def audit(commands: Any) -> None:
    """Add `audit`."""

    def run(args: argparse.Namespace) -> Result:
        from lab.deploy.audit import audit

        return audit(_read(args.model))

    command(commands, "audit", run, "what a .tflite really holds").add_argument(
        "model", metavar="MODEL.tflite", help="file to read"
    )


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
    made.add_argument(
        "model", nargs="?", metavar="MODEL.tflite|DETECTOR", help="a model becomes C, a detector firmware"
    )
    made.add_argument("--out", required=True, metavar="DIR", help="folder for what it makes")
    made.add_argument("--board", default="pico", help=BOARD)
    made.add_argument("--prefix", default="model", help="begins every name in a model's C (%(default)s)")
    made.add_argument("--app", choices=("detector", "usb_microphone", "selftest"), default="detector",
                      help="what the firmware is (%(default)s)")  # fmt: skip
    made.add_argument(
        "--led", choices=("probability", "event"), default="probability", help="what the light shows (%(default)s)"
    )


def infer(commands: Any) -> None:
    """Add `infer`."""

    def run(args: argparse.Namespace) -> Result:
        from lab.study.commands import infer

        return infer(_read(args.model), Path(args.input), Path(args.output), args.engine)

    made = command(commands, "infer", run, "raw int8 in and out")
    made.add_argument("model", metavar="MODEL.tflite", help="int8 model")
    made.add_argument("input", metavar="IN.npy", help="int8 inputs, one after another along the first axis")
    made.add_argument("output", metavar="OUT.npy", help="int8 outputs to write")
    made.add_argument(
        "--engine",
        choices=("compiled", "reference"),
        required=True,
        help="the C that ships, built for this machine, or TensorFlow Lite’s reference kernels",
    )


def emulate(commands: Any) -> None:
    """Add `emulate`."""

    def run(args: argparse.Namespace) -> Result:
        from lab.study.commands import emulate

        return emulate(Path(args.firmware), Path(args.wav), args.mic)

    made = command(commands, "emulate", run, "run firmware on the virtual board")
    made.add_argument("firmware", metavar="FIRMWARE.uf2", help="what `compile` made")
    made.add_argument("--wav", required=True, help="what its microphone hears")
    made.add_argument(
        "--mic",
        choices=("pdm", "inject"),
        default="inject",
        help="the microphone’s bit stream, or samples put in its place, which is quicker (%(default)s)",
    )


def _read(path: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as error:
        raise BadInput(f"{path} cannot be read: {error.strerror}.") from error
