"""Commands for who runs an instance."""

import argparse
from pathlib import Path
from typing import Any

from lab.cli.adding import Result, command, show_progress


def worker(commands: Any) -> None:
    """Add `worker`."""

    def run(args: argparse.Namespace) -> Result | None:
        from lab.workspace.serving import main as serve

        serve()
        return None

    command(commands, "worker", run, "serve the job table until stopped")


def track(commands: Any) -> None:
    """Add `track`."""

    def run(args: argparse.Namespace) -> Result:
        from lab.workspace import logs
        from lab.workspace.store import open_store
        from lab.workspace.tracking import send

        logs.configure()
        return send(open_store())

    command(
        commands,
        "track",
        run,
        "write finished runs into MLflow that it does not have yet; the worker does so by itself",
    )


def backup(commands: Any) -> None:
    """Add `backup`."""

    def run(args: argparse.Namespace) -> Result:
        from lab.workspace.store import open_store
        from lab.workspace.store.backup import backup

        return backup(open_store(), Path(args.out), show_progress)

    made = command(commands, "backup", run, "write everything of this instance into one zip, while people work")
    made.add_argument("--out", required=True, metavar="FILE.zip", help="file to write")


def restore(commands: Any) -> None:
    """Add `restore`."""

    def run(args: argparse.Namespace) -> Result:
        from lab.workspace.settings import settings
        from lab.workspace.store.backup import restore

        return restore(settings(), Path(args.file), show_progress)

    made = command(commands, "restore", run, "bring a backup into an instance that holds nothing yet")
    made.add_argument("file", metavar="FILE.zip", help="what `backup` wrote")
