"""What every command shares."""

import argparse
import sys
from collections.abc import Callable
from typing import Any

Result = dict[str, Any]


def command(commands: Any, name: str, run: Callable[[argparse.Namespace], Result | None], text: str) -> Any:
    """Add a command that prints one JSON object on request; return it, to be given its arguments."""
    made = commands.add_parser(name, help=text, description=text)
    made.add_argument("--json", action="store_true", help="print one JSON object")
    made.set_defaults(run=run)
    return made


def show_progress(done: int, total: int, message: str) -> None:
    """Tell a step on standard error."""
    print(f"[{done}/{total}] {message}", file=sys.stderr, flush=True)
