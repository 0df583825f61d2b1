"""Commands on everything that is one person's."""

import argparse
from pathlib import Path
from typing import Any

from lab.cli.adding import Result, command, show_progress
from lab.errors import BadInput

LOCAL = "local"
PERSON = "their id (%(default)s: who uses this computer)"


def person(commands: Any) -> None:
    """Add `person show`, `export` and `delete`."""

    def show(args: argparse.Namespace) -> Result:
        from lab.study.person import people
        from lab.workspace.store import open_store
        from lab.workspace.store.forgetting import kept

        store = open_store()
        wanted = [args.person] if args.person else list(people(store))
        return {"people": [kept(store, each).to_json() for each in wanted]}

    def export(args: argparse.Namespace) -> Result:
        from lab.study.person import known, write
        from lab.workspace.store import open_store

        store = open_store()
        return write(store, known(store, args.person), Path(args.out), show_progress)

    def delete(args: argparse.Namespace) -> Result:
        from lab.study.person import known
        from lab.workspace.store import open_store
        from lab.workspace.store.forgetting import erase_person

        store = open_store()
        who = known(store, args.person)
        if args.confirm != who:
            raise BadInput(f"Nothing was deleted. To delete everything of {who!r} for good, add: --confirm {who}")
        return erase_person(store, who, on_progress=show_progress)

    made = commands.add_parser("person", help="everything that is one person's").add_subparsers(
        required=True, metavar="ACTION"
    )
    command(made, "show", show, "what is kept of a person, or of everybody").add_argument(
        "person", nargs="?", help="their id (everybody)"
    )
    out = command(made, "export", export, "write a person's projects and all that was made as one zip")
    out.add_argument("person", nargs="?", default=LOCAL, help=PERSON)
    out.add_argument("--out", required=True, metavar="FILE.zip", help="file to write")
    gone = command(made, "delete", delete, "delete everything that is a person's, for good")
    gone.add_argument("person", nargs="?", default=LOCAL, help=PERSON)
    gone.add_argument("--confirm", default="", metavar="PERSON", help="their id again")
