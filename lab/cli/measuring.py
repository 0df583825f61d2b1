"""Commands that measure."""

import argparse
from pathlib import Path
from typing import Any

from lab.cli.adding import Result, command, show_progress


def evaluate(commands: Any) -> None:
    """Add `evaluate`."""

    def run(args: argparse.Namespace) -> Result:
        from lab.deploy.detector import Detector
        from lab.study import brought
        from lab.study.evaluate import evaluate, read_manifest

        path, ends = Path(args.detector), args.detector.endswith(".tflite")
        given = (args.spec, args.labels, args.positive, args.threshold)
        detector = brought.detector_of(path, *given) if ends else Detector.load(path)
        entries = read_manifest(Path(args.manifest)) if args.manifest else brought.folder_entries(Path(args.folder))
        scores = evaluate(detector, entries, show_progress)
        return {**scores, "model": brought.costs(detector, entries)} if ends else scores

    made = command(commands, "evaluate", run, "window and event scores over labelled files")
    made.add_argument("detector", metavar="DETECTOR|MODEL.tflite", help="what is to be judged")
    sounds = made.add_mutually_exclusive_group(required=True)
    sounds.add_argument("--manifest", metavar="CSV", help="file,label")
    sounds.add_argument("--folder", metavar="DIR", help="sounds in a folder a label")
    made.add_argument("--spec", choices=("default", "published"), help="of a .tflite (by its shape)")
    made.add_argument("--labels", nargs="+", default=[], metavar="LABEL", help="of a .tflite: one an output, in order")
    made.add_argument("--positive", nargs="+", default=["alarm"], metavar="LABEL", help="of a .tflite (alarm)")
    made.add_argument("--threshold", type=float, default=0.5, help="of a .tflite (0.5)")


def bench(commands: Any) -> None:
    """Add `bench`."""
    from lab.study.benches import BENCHES

    def run(args: argparse.Namespace) -> Result:
        from lab.study import benches

        return benches.run(args.name, vars(args), show_progress)

    text = "; ".join(f"{name}: {says}" for name, (_, says) in BENCHES.items())
    made = command(
        commands, "bench", run, "measure: what the detector hears, cycles, speed, people at once", f"measure: {text}"
    )
    made.add_argument("name", choices=tuple(BENCHES), help="which")
    made.add_argument(
        "--plot", metavar="FILE", help="device: also draw the PDM filter's response (.svg); alarm: the slices (.html)"
    )
    made.add_argument("--minutes", type=int, metavar="N", help="board: of sound (1); streaming: of sound (60)")
    made.add_argument("--clips", type=int, metavar="N", help="app: import so many (2000); workshop: each adds (2)")
    made.add_argument("--people", type=int, metavar="N", help="workshop: so many (40)")
    made.add_argument("--think", type=float, nargs=2, metavar="S", help="workshop: pauses between actions (5 15)")
    made.add_argument("--compile", action="store_true", help="workshop: everybody compiles firmware too")
    made.add_argument("--page-runs", type=int, metavar="N", help="app: in a day of use (1000)")
    made.add_argument("--kills", type=int, metavar="N", help="chaos: so many (100)")
    made.add_argument(
        "--seed", type=int, metavar="N", help="chaos: which parts, and when; alarm: which draws of --figures (0)"
    )
    made.add_argument("--detector", metavar="DETECTOR", help="alarm: another than the prepared one")
    made.add_argument("--folder", metavar="DIR", help="alarm: count false alarms over these sounds too")
    made.add_argument("--hours", type=float, help="alarm: of synthetic sounds without an alarm (1)")
    made.add_argument("--trials", type=int, help="alarm: in each cell of a slice (1), or of each goal (200)")
    made.add_argument("--figures", action="store_true", help="alarm: only recall, false alarms and recordings, by rule")
    made.add_argument("--parts", nargs="+", metavar="PART", help="tree: alarm, keywords, pictures (all with data)")
    made.add_argument("--keywords", metavar="DIR", help="tree: Speech Commands' layout, for DS-CNN-L")
    made.add_argument("--pictures", metavar="DIR", help="tree: CIFAR-10, for MobileNetV1")
    made.add_argument("--alpha", type=float, help="tree: width of MobileNetV1 (0.25)")
    made.add_argument("--seeds", type=int, metavar="N", help="tree: 3 for keywords, 1 for pictures")
    made.add_argument("--longer", type=float, metavar="K", help="tree: so many times the epochs (1)")
