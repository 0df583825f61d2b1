"""Commands that train and optimize."""

import argparse
from pathlib import Path
from typing import Any

from lab.cli.adding import BOARD, DATA, EPOCHS, SEED, SPEC, Result, command, show_progress
from lab.errors import BadInput


def demo(commands: Any) -> None:
    """Add `demo`."""

    def run(args: argparse.Namespace) -> Result:
        from lab.study.demo import demo

        return demo(Path(args.out), args.board, seed=args.seed, on_progress=show_progress)

    made = command(commands, "demo", run, "the main job on embedded data, end to end")
    made.add_argument("--out", default="demo", metavar="DIR", help="folder for all that it makes (%(default)s)")
    made.add_argument("--board", default="pico", help=BOARD)
    made.add_argument("--seed", type=int, default=0, help=SEED)


def train(commands: Any) -> None:
    """Add `train baseline`, `default` and `finetune`."""

    def baseline(args: argparse.Namespace) -> Result:
        from lab.study.train import baseline

        return baseline(
            args.data, Path(args.out), args.spec, args.epochs, args.seed, show_progress, _augmentation(args.augment)
        )

    def finetune(args: argparse.Namespace) -> Result:
        from lab.study.train import finetune

        return finetune(
            Path(args.start), args.data, Path(args.out), args.positive, args.epochs, args.seed, show_progress,
            args.own, _augmentation(args.augment),
        )  # fmt: skip

    def default(args: argparse.Namespace) -> Result:
        from lab.study.train import default

        return default(Path(args.out), args.spec, args.thorough, args.seed, show_progress)

    train = commands.add_parser("train", help="baseline and fine-tuning").add_subparsers(
        required=True, metavar="ACTION"
    )
    made = command(train, "baseline", baseline, "train the article's network on many sounds")
    made.add_argument("--data", required=True, metavar="PROJECT|DIR", help=DATA)
    made.add_argument("--out", required=True, metavar="FILE", help="baseline to write, for `finetune --from`")
    made.add_argument("--spec", choices=("published", "default"), default="default", help=SPEC)
    made.add_argument("--epochs", type=int, default=None, help=EPOCHS)
    made.add_argument("--seed", type=int, default=0, help=SEED)
    made.add_argument("--augment", metavar="FILE.json", help="how copies of what trains are made (none)")
    made = command(train, "default", default, "make the built-in fire alarm detector from synthetic sound")
    made.add_argument("--out", required=True, metavar="DETECTOR", help="file to write")
    made.add_argument("--spec", choices=("published", "default"), default="default", help=SPEC)
    made.add_argument("--thorough", action="store_true", help="ten times the sounds; about 40 minutes on two cores")
    made.add_argument("--seed", type=int, default=0, help=SEED)
    made = command(train, "finetune", finetune, "turn a baseline into a detector")
    made.add_argument("--from", dest="start", required=True, metavar="FILE", help="what `baseline` wrote")
    made.add_argument("--data", required=True, metavar="PROJECT|DIR", help=DATA)
    made.add_argument("--own", metavar="PROJECT|DIR", help="recordings of your own, learned from last")
    made.add_argument("--out", required=True, metavar="DETECTOR", help="file to write")
    made.add_argument("--augment", metavar="FILE.json", help="how copies are made (the article's three)")
    made.add_argument("--positive", action="append", metavar="LABEL", help="labels that raise an event (alarm)")
    made.add_argument("--epochs", type=int, default=None, help=EPOCHS)
    made.add_argument("--seed", type=int, default=0, help=SEED)


def _augmentation(path: str | None) -> Any:
    from lab.sound import augment

    return None if path is None else augment.read(Path(path))


def optimize(commands: Any) -> None:
    """Add `optimize`."""

    def run(args: argparse.Namespace) -> Result:
        from lab.study.optimize import optimize, search
        from lab.study.tree.goal import Goal
        from lab.study.tree.limits import broken, limits_of
        from lab.study.tree.options import Options

        given = {name: getattr(args, name) for name in Options.__slots__}
        options = Options.from_json({name: value for name, value in given.items() if value is not None})
        limits = limits_of(args.limit)
        if args.find:
            if args.floor is None:
                raise BadInput("Say how accurate it must stay: --find needs --floor, a share such as 0.9.")
            goal = Goal(args.floor, args.measure, args.ceiling, args.trials)
            result = search(args.model, args.data, goal, args.seeds, Path(args.out), options, args.spec, args.alpha,
                            show_progress)  # fmt: skip
        else:
            result = optimize(args.model, args.data, args.paths, args.seeds, Path(args.out), options, args.spec,
                              args.alpha, show_progress)  # fmt: skip
        return {**result, "broken": broken(result["rows"], limits)} if limits else result

    made = command(commands, "optimize", run, "walk the deployment tree: prune, cluster, quantize, measure")
    made.add_argument(
        "--model",
        required=True,
        metavar="alarm|ds_cnn_s|ds_cnn_m|ds_cnn_l|mobilenet_v1|FILE",
        help="one of these, or a Keras file of your own (Keras 2 or 3)",
    )
    made.add_argument(
        "--data",
        metavar="PROJECT|DIR|FILE",
        help=f"{DATA}; CIFAR-10 for mobilenet_v1; an .npz for your own model; alarm has its own",
    )
    made.add_argument("--paths", nargs="+", default=["all"], metavar="NAME",
                      help="leaves such as PTQ, QAT, prune+PTQ, PQAT, CQAT, PCQAT (all)")  # fmt: skip
    made.add_argument(
        "--seeds", type=int, default=1, metavar="N", help="train everything so often: mean and deviation (%(default)s)"
    )
    made.add_argument("--out", required=True, metavar="DIR", help="folder for files, tables and scripts")
    made.add_argument("--spec", choices=("default", "published"), default="default", help=SPEC)
    made.add_argument("--alpha", type=float, default=0.25, help="width of mobilenet_v1 (%(default)s)")
    made.add_argument("--sparsity", type=float, metavar="SHARE", help="zeros that pruning makes (0.5)")
    made.add_argument("--ramp", choices=("polynomial", "constant"), help="how pruning gets there (polynomial)")
    made.add_argument("--clusters", type=int, metavar="N", help="distinct values in a kernel (16)")
    made.add_argument(
        "--init", choices=("kmeans++", "linear", "density", "random"), help="where clustering begins (kmeans++)"
    )
    made.add_argument("--excluded", nargs="*", metavar="LAYER", help="layers to leave alone, besides depthwise ones")
    for step in ("base", "prune", "cluster", "qat"):
        made.add_argument(f"--{step}-epochs", type=int, metavar="N", help="of that step (as usual)")
    made.add_argument(
        "--limit",
        nargs="+",
        default=[],
        metavar="COLUMN<=N",
        help="exit 1 where a row breaks one: 'gzip_bytes<=20000' 'accuracy_int8>=0.95'",
    )
    made.add_argument("--npu", metavar="NAME", help="also ask Vela, for an Ethos-U such as ethos-u55-128")
    made.add_argument("--find", action="store_true", help="the smallest that still has --floor, level by level")
    made.add_argument("--floor", type=float, metavar="SHARE", help="find: least INT8 accuracy, such as 0.9")
    made.add_argument("--measure", choices=("gzip_bytes", "flash_bytes", "cycles"), default="gzip_bytes",
                         help="find: what is held small (%(default)s)")  # fmt: skip
    made.add_argument("--ceiling", type=float, metavar="N", help="find: at most so many; stops when met")
    made.add_argument(
        "--trials", type=int, default=5, metavar="N", help="find: settings tried at each level (%(default)s)"
    )
