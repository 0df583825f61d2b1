"""What every command shares."""

import argparse
import sys
from collections.abc import Callable
from typing import Any

Result = dict[str, Any]

DATA = "a project of this lab, or a folder that holds a folder of sounds for each label"
PROJECT = "name of a project of this lab"
SPEC = "features: 32 bands of the default, or the published ones of the article (%(default)s)"
SEED = "of every draw: the same one makes the same again (%(default)s)"
BOARD = "pico or sparkfun_micromod (%(default)s)"
EPOCHS = "at most so many (as usual)"


def command(
    commands: Any, name: str, run: Callable[[argparse.Namespace], Result | None], text: str, details: str = ""
) -> Any:
    """Add a command that prints one JSON object on request; return it, to be given its arguments."""
    made = commands.add_parser(name, help=text, description=details or text)
    made.add_argument("--json", action="store_true", help="print one JSON object")
    made.set_defaults(run=run)
    return made


def show_progress(done: int, total: int, message: str) -> None:
    """Tell a step on standard error."""
    print(f"[{done}/{total}] {message}", file=sys.stderr, flush=True)
