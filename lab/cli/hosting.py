"""Commands for who leads a workshop."""

import argparse
from typing import Any

from lab.cli.adding import Result, command


def workshop(commands: Any) -> None:
    """Add `workshop serve|check|reset`."""

    def run(args: argparse.Namespace) -> Result | None:
        from lab.workspace.settings import settings

        if args.what == "serve":
            from lab.workspace.workshop.serving import serve

            return None if serve(settings(), args.loopback, args.port) == 0 else _failed()
        if args.what == "reset":
            return _reset(args.yes)
        from lab.workspace.workshop.checking import check

        return {"rows": check(settings())}

    made = command(commands, "workshop", run, "serve: pages for a room; check: what works; reset: erase all places")
    made.add_argument("what", choices=("serve", "check", "reset"), help="which")
    made.add_argument("--loopback", action="store_true", help="serve: bind this machine only")
    made.add_argument("--port", type=int, help="serve: of the pages (a free one)")
    made.add_argument("--yes", action="store_true", help="reset: erase without asking again")


def _failed() -> Result:
    from lab.errors import LabError

    raise LabError("The pages ended by themselves; see what they said above.")


def _reset(sure: bool) -> Result:
    from dataclasses import asdict

    from lab.errors import BadInput
    from lab.workspace.store import open_store
    from lab.workspace.workshop.clearing import reset

    if not sure:
        raise BadInput("This erases every place with all that was made there, for good. Add --yes.")
    return asdict(reset(open_store()))
