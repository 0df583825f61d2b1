"""Commands on projects and their sounds."""

import argparse
from pathlib import Path
from typing import Any

from lab.cli.adding import DATA, EPOCHS, PROJECT, SEED, SPEC, Result, command, show_progress


def data(commands: Any) -> None:
    """Add `data add`, `list`, `leaks` and `download`."""

    def add(args: argparse.Namespace) -> Result:
        from lab.study import projects

        return projects.add(args.project, [Path(path) for path in args.paths], args.label, show_progress)

    def listing(args: argparse.Namespace) -> Result:
        from lab.study import projects

        return projects.listing(args.project)

    def download(args: argparse.Namespace) -> Result:
        from lab.sound.published import Choice
        from lab.study import downloads

        return downloads.add(args.project, args.data, Choice(tuple(args.labels), args.most), show_progress)

    def leaks(args: argparse.Namespace) -> Result:
        from lab.study.leakage import leaks

        return leaks(args.project, args.epochs, args.seed, show_progress)

    data = commands.add_parser("data", help="projects and their clips").add_subparsers(required=True, metavar="ACTION")
    made = command(data, "add", add, "add files, folders, zips, ESC-50 or an Edge Impulse export to a project")
    made.add_argument("project", help=PROJECT)
    made.add_argument("paths", nargs="+", metavar="PATH", help="files, folders or zips")
    made.add_argument("--label", help="of all of them (by folder, or as the data set says)")
    command(data, "list", listing, "list a project's clips").add_argument("project", help=PROJECT)
    made = command(data, "leaks", leaks, "train twice, split by windows and by recordings: what the first hides")
    made.add_argument("project", metavar="PROJECT|DIR", help=DATA)
    made.add_argument("--epochs", type=int, default=None, help=EPOCHS)
    made.add_argument("--seed", type=int, default=0, help=SEED)
    made = command(data, "download", download, "fetch a published data set, resumably, and add it to a project")
    made.add_argument("project", help=PROJECT)
    made.add_argument("data", metavar="esc50|speech_commands", help="which")
    made.add_argument("--labels", nargs="+", default=(), metavar="LABEL", help="only these (all)")
    made.add_argument("--most", type=int, default=0, metavar="N", help="clips of each label at most (all)")


def project(commands: Any) -> None:
    """Add `project export` and `import`."""

    def export(args: argparse.Namespace) -> Result:
        from lab.study import projects

        return projects.export(args.project, Path(args.out), show_progress)

    def bring_in(args: argparse.Namespace) -> Result:
        from lab.study import projects

        return projects.bring_in(Path(args.file), args.name, show_progress)

    project = commands.add_parser("project", help="a project as one file").add_subparsers(
        required=True, metavar="ACTION"
    )
    made = command(project, "export", export, "write a project's sounds, labels and split as one zip")
    made.add_argument("project", help=PROJECT)
    made.add_argument("--out", required=True, metavar="FILE.zip", help="file to write")
    made = command(project, "import", bring_in, "make a new project of an exported zip")
    made.add_argument("file", metavar="FILE.zip", help="what `export` wrote")
    made.add_argument("--name", help="of the new project (its old one)")


def features(commands: Any) -> None:
    """Add `features`."""

    def run(args: argparse.Namespace) -> Result:
        from lab.study.commands import features

        return features(Path(args.wav), Path(args.out), args.spec)

    made = command(commands, "features", run, "the windows that a model sees")
    made.add_argument("wav", metavar="WAV", help="sound to read")
    made.add_argument("out", metavar="OUT.npy", help="array to write: windows × rows × bands")
    made.add_argument("--spec", choices=("published", "default"), default="default", help=SPEC)
